/** The body of a request: no larger than etcd's clients allow, JSON or YAML, and a 4xx for everything else. */
import type { IncomingMessage } from 'node:http'
import type { PatchType } from '../../client/kube-api.ts'
import { isRecord } from '../../kube/equal.ts'
import { apiError } from '../../kube/status.ts'
import { jsonKind } from '../../kube/wrong-type.ts'
import { badRequest, unsupportedMediaType } from '../resource/refusals.ts'

/** kube-apiserver's MaxRequestBodyBytes. */
const MAX_BODY_BYTES = 3 * 1024 * 1024

export const mediaTypeOf = (request: IncomingMessage): string =>
  (request.headers['content-type'] ?? '').split(';')[0]!.trim().toLowerCase()

export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const encoding = request.headers['content-encoding']
  if (encoding && encoding !== 'identity') throw unsupportedMediaType(['identity'])
  const announced = Number(request.headers['content-length'] ?? 0)
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let bytes = 0
    const refuse = (): void => {
      // The rest flows by unread: whoever breaks the connection off takes the answer away with it.
      request.removeAllListeners('data').resume()
      reject(tooLarge())
    }
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      chunks.push(chunk)
      if (bytes > MAX_BODY_BYTES) refuse()
    })
    request.on('end', () => resolve(Buffer.concat(chunks)))
    request.on('error', reject)
    if (announced > MAX_BODY_BYTES) refuse()
  })
}

const tooLarge = () => apiError('RequestEntityTooLarge', `Request entity too large: limit is ${MAX_BODY_BYTES}`)

/** Reading YAML takes some fifty times as long as reading JSON, and others wait. */
const MAX_YAML_LENGTH = 512 * 1024
const yamlTooLarge = () =>
  apiError('RequestEntityTooLarge', `Request entity too large: limit of YAML is ${MAX_YAML_LENGTH}, send JSON`)

export const PROTOBUF = 'application/vnd.kubernetes.protobuf'
const JSON_TYPES = new Set(['', 'application/json', 'application/merge-patch+json'])
const YAML_TYPES = new Set(['application/yaml', 'application/x-yaml', 'text/yaml', 'application/apply-patch+yaml'])

/** A body in the media type that came with it. */
export async function parseBody(body: Buffer, mediaType: string, kind?: string): Promise<unknown> {
  if (mediaType === PROTOBUF) return parseProtobuf(body)
  if (JSON_TYPES.has(mediaType)) return parseObject(body, kind)
  if (YAML_TYPES.has(mediaType)) return parseYaml(body.toString())
  throw unsupportedMediaType(['application/json', 'application/yaml', PROTOBUF])
}

/** Typed clients of client-go 0.32 and later send it for built-in kinds. Its tables are loaded when the first one comes. */
async function parseProtobuf(body: Buffer): Promise<unknown> {
  const { decodeProtobuf } = await import('../../kube/protobuf/decode-protobuf.ts')
  try {
    return decodeProtobuf(body)
  } catch (error) {
    throw badRequest(`the body of the request is no protobuf: ${(error as Error).message}`)
  }
}

/** What Go's decoder says of a text that is no JSON. */
function whyNoJson(text: string, error: Error): string {
  const at = Number(/at position (\d+)/.exec(error.message)?.[1] ?? text.length)
  if (at >= text.length || /end of JSON/.test(error.message)) return 'unexpected end of JSON input'
  const letter = `invalid character '${text[at]}'`
  return /after JSON/.test(error.message)
    ? `${letter} after top-level value`
    : `${letter} looking for beginning of ${/property name/.test(error.message) ? 'object key string' : 'value'}`
}

/** A body as messages show it: its beginning, or its bytes where it does not look like an object. */
function summary(body: Buffer): string {
  if (body.length === 0) return '<empty>'
  const isLong = body.length > SHOWN
  const shown = body.subarray(0, SHOWN)
  return `${body[0] === 0x7b ? shown.toString() : shown.toString('hex')}${isLong ? ' ...' : ''}`
}
const SHOWN = 30

const unrecognized = (body: Buffer, kind: string | undefined, why: string): Error =>
  badRequest(kind ? `the object provided is unrecognized (must be of type ${kind}): ${why} (${summary(body)})` : why)

const HEADER = 'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }'

/** An object, or `null` for none; `kind` is what messages call it. */
function parseObject(body: Buffer, kind: string | undefined): unknown {
  const text = body.toString()
  const refuse = (why: string) => unrecognized(body, kind, `couldn't get version/kind; json parse error: ${why}`)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw refuse(whyNoJson(text, error as Error))
  }
  if (value === null || isRecord(value)) {
    for (const name of ['apiVersion', 'kind']) {
      const field = value?.[name]
      if (field !== undefined && field !== null && typeof field !== 'string')
        throw refuse(`json: cannot unmarshal ${jsonKind(field)} into Go struct field .${name} of type string`)
    }
    return value
  }
  throw refuse(`json: cannot unmarshal ${jsonKind(value)} into Go value of type ${HEADER}`)
}

/** The body of a JSON, merge or strategic merge patch. */
export function parsePatch(body: Buffer, type: PatchType): unknown {
  let value: unknown
  try {
    value = JSON.parse(body.toString())
  } catch {
    throw badRequest('invalid JSON patch')
  }
  const wrong = (go: string, prefix = 'error decoding patch: ') =>
    badRequest(`${prefix}json: cannot unmarshal ${jsonKind(value)} into Go value of type ${go}`)
  if (type === 'json') {
    if (!Array.isArray(value)) throw wrong('[]handlers.jsonPatchOp')
  } else if (!isRecord(value)) {
    if (value === null) throw badRequest('Invalid JSON Patch')
    throw wrong('map[string]interface {}', type === 'merge' ? undefined : '')
  }
  return value
}

/** JSON is YAML too, and much cheaper to read as what it is. The YAML library is loaded when the first YAML comes. */
async function parseYaml(text: string): Promise<unknown> {
  if (/^\s*\{/.test(text)) {
    try {
      return JSON.parse(text)
    } catch {
      // YAML's flow style looks alike.
    }
  }
  if (text.length > MAX_YAML_LENGTH) throw yamlTooLarge()
  const { isScalar, parseDocument, visit } = await import('yaml')
  try {
    // The library compares every key with every other: a large map would stop the server for half a minute.
    const document = parseDocument(text, { merge: true, strict: true, uniqueKeys: false })
    if (document.errors[0]) throw document.errors[0]
    visit(document, {
      Map(_, { items }) {
        const keys = new Set<unknown>()
        for (const { key } of items) {
          const name = isScalar(key) ? key.value : key
          if (keys.has(name) && name !== '<<') throw new Error(`key ${JSON.stringify(name)} already set in map`)
          keys.add(name)
        }
      },
    })
    return document.toJS({ maxAliasCount: 100 })
  } catch (error) {
    throw badRequest(`the body of the request is no YAML: ${(error as Error).message}`)
  }
}
