/** The body of a request: no larger than etcd's clients allow, JSON or YAML, and a 4xx for everything else. */
import type { IncomingMessage } from 'node:http'
import { apiError } from '../../kube/status.ts'
import { badRequest, unsupportedMediaType } from '../resource/refusals.ts'

/** kube-apiserver's MaxRequestBodyBytes. */
export const MAX_BODY_BYTES = 3 * 1024 * 1024

export const mediaTypeOf = (request: IncomingMessage): string =>
  (request.headers['content-type'] ?? '').split(';')[0]!.trim().toLowerCase()

export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const encoding = request.headers['content-encoding']
  if (encoding && encoding !== 'identity') throw unsupportedMediaType(`content-encoding ${encoding}`, ['identity'])
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

export const PROTOBUF = 'application/vnd.kubernetes.protobuf'
const JSON_TYPES = new Set(['', 'application/json', 'application/merge-patch+json'])
const YAML_TYPES = new Set(['application/yaml', 'application/x-yaml', 'text/yaml', 'application/apply-patch+yaml'])

/** A body in the media type that came with it. */
export async function parseBody(body: Buffer, mediaType: string): Promise<unknown> {
  if (mediaType === PROTOBUF) return parseProtobuf(body)
  if (JSON_TYPES.has(mediaType)) return parseJson(body)
  if (YAML_TYPES.has(mediaType)) return parseYaml(body.toString())
  throw unsupportedMediaType(mediaType, ['application/json', 'application/yaml', PROTOBUF])
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

export function parseJson(body: Buffer): unknown {
  if (body.length === 0) throw badRequest('the body of the request is empty')
  try {
    return JSON.parse(body.toString())
  } catch (error) {
    throw badRequest(`the body of the request is no JSON: ${(error as Error).message}`)
  }
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
  const { parseDocument } = await import('yaml')
  try {
    const document = parseDocument(text, { merge: true, strict: true, uniqueKeys: true })
    if (document.errors[0]) throw document.errors[0]
    return document.toJS({ maxAliasCount: 100 })
  } catch (error) {
    throw badRequest(`the body of the request is no YAML: ${(error as Error).message}`)
  }
}
