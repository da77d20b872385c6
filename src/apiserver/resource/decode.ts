/**
 * decode: a parsed body becomes an object of its kind, or a 400 that says where it is none. Unknown fields are dropped; whether that is
 * refused, told or silent is the client's choice (`fieldValidation`). Parts of the server that share its process skip this.
 */
import { isRecord } from '../../kube/equal.ts'
import type { KindInfo } from '../../kube/kinds.ts'
import type { KubeObject, UnknownObject } from '../../kube/object.ts'
import type { SchemaViolation, StructuralSchema } from '../../kube/schema.ts'
import { TEXT_RULES } from '../../kube/schema-format.ts'
import { formatFieldPath } from '../../kube/schema-path.ts'
import { pruneUnknown } from '../../kube/schema-prune.ts'
import { validateSchema } from '../../kube/schema-validate.ts'
import { apiError } from '../../kube/status.ts'
import { typeOfKind } from '../../kube/type-table.ts'
import { asTyped } from '../../kube/typed.ts'
import { WrongType } from '../../kube/wrong-type.ts'
import { invalid, invalidObject } from './field-error.ts'
import { badRequest } from './refusals.ts'
import type { Resource } from './resource.ts'

export type FieldValidation = 'Ignore' | 'Warn' | 'Strict'

/** Where the object comes from: a body as it is, what a patch made of an object, or what somebody applies. */
export type BodyOf = 'write' | 'patch' | 'apply'

export interface DecodeOptions {
  readonly from?: BodyOf
  readonly fieldValidation: FieldValidation
  /** Tells the client something that is no error. */
  readonly warn: (text: string) => void
}

/** What decoding needs of a kind; Scale, Binding and their like are no resources of their own. */
export type Shape = Pick<Resource, 'schema' | 'isCustom' | 'apiVersion'> & { readonly info: Pick<KindInfo, 'kind'> }

const MAX_DEPTH = 200

export function decodeObject(shape: Shape, given: unknown, options: DecodeOptions): UnknownObject {
  if (!isRecord(given)) throw badRequest('the body of the request must be an object')
  checkTree(given)
  if (options.from === 'apply') checkApplied(shape, given)
  const body = shape.isCustom ? given : ofKind(shape, given)
  const { kind, apiVersion } = body
  if (typeof kind !== 'string' || kind === '') throw badRequest("Object 'Kind' is missing")
  if (typeof apiVersion !== 'string' || apiVersion === '') throw badRequest("Object 'apiVersion' is missing")
  const refuse = options.from === 'patch' ? unpatchable(body) : refusal(apiVersion, kind, shape.info.kind)
  const type = shape.isCustom ? undefined : typeOfKind(apiVersion, kind)
  if (!shape.isCustom && (kind !== shape.info.kind || apiVersion !== shape.apiVersion))
    throw refuse(otherKind(shape, apiVersion, kind))
  if (shape.isCustom) return decodeCustom(shape, body as UnknownObject, options, refuse)
  if (type !== undefined) return decodeTyped(type, body as UnknownObject, options, refuse)
  const object = withoutNulls({ ...body, metadata: body.metadata ?? {} }) as UnknownObject
  const schema = shape.schema()
  if (!schema) return object
  const { value, unknown } = pruneUnknown(schema, object)
  tellUnknown(unknown.map(formatFieldPath), options, refuse)
  checkTypes(schema, value, refuse)
  return value as UnknownObject
}

/** A definition's kind: metadata as every object has it; its own fields by its schema, with a cause each after defaulting. */
function decodeCustom(shape: Shape, body: UnknownObject, options: DecodeOptions, refuse: Refuse): UnknownObject {
  const { apiVersion, kind } = body
  if (apiVersion !== shape.apiVersion)
    throw badRequest(
      `the API version in the data (${apiVersion}) does not match the expected API version (${shape.apiVersion})`,
    )
  if (kind !== shape.info.kind) {
    const group = apiVersion.slice(0, apiVersion.indexOf('/'))
    throw invalidObject({ group, kind }, body.metadata?.name ?? '', [
      invalid('kind', kind, `must be ${shape.info.kind}`),
    ])
  }
  const metadata = decodeMetadata(body.metadata ?? {}, refuse)
  const object = { ...body, metadata: metadata.value } as UnknownObject
  const schema = shape.schema()
  const { value, unknown } = schema ? pruneUnknown(schema, object) : { value: object, unknown: [] }
  const undeclared = [...metadata.unknown, ...unknown].map(formatFieldPath).sort()
  if (options.from === 'apply') refuseUndeclared(object, undeclared)
  tellUnknown(undeclared, options, refuse)
  return value as UnknownObject
}

function decodeMetadata(given: unknown, refuse: Refuse) {
  try {
    const { value, unknown } = asTyped('meta/v1.ObjectMeta', given)
    return { value, unknown: unknown.map(path => ['metadata', ...path]) }
  } catch (error) {
    if (error instanceof WrongType) throw refuse(error.message)
    throw error
  }
}

/** A body of a built-in kind need not say what it is: the endpoint does (Python's client leaves it out). */
const ofKind = ({ apiVersion, info }: Shape, body: Record<string, unknown>): Record<string, unknown> =>
  body.kind && body.apiVersion
    ? body
    : { ...body, kind: body.kind || info.kind, apiVersion: body.apiVersion || apiVersion }

type Refuse = (why: string) => Error

const refusal =
  (apiVersion: string, kind: string, wanted: string): Refuse =>
  why =>
    badRequest(`${kind} in version "${version(apiVersion)}" cannot be handled as a ${wanted}: ${why}`)

/** What a patch has made is no object of the kind: the patch is wrong. */
const unpatchable =
  (body: object): Refuse =>
  why => {
    const error = invalid('patch', JSON.stringify(body), why)
    return apiError('Invalid', ` "" is invalid: patch: ${error.body}`, {
      causes: [{ reason: error.reason, message: error.body, field: 'patch' }],
    })
  }

const packageOf = (apiVersion: string): string =>
  apiVersion.includes('/') ? (apiVersion.split('/')[0]?.split('.')[0] ?? '') : 'core'

/** Another kind than the one that is served here. */
function otherKind({ apiVersion: own, info }: Shape, apiVersion: string, kind: string): string {
  if (typeOfKind(apiVersion, kind) === undefined)
    return `no kind "${kind}" is registered for version "${apiVersion}" in scheme "pkg/runtime/scheme.go:111"`
  return `converting (${version(apiVersion)}.${kind}) to (${packageOf(own)}.${info.kind}): unknown conversion`
}

function checkApplied({ apiVersion: own, info }: Shape, { apiVersion = '', kind = '' }: Record<string, unknown>): void {
  if (apiVersion === own && kind === info.kind) return
  const [group, version] = String(apiVersion).includes('/') ? String(apiVersion).split('/') : ['', apiVersion]
  throw badRequest(`invalid object type: ${group}/${version}, Kind=${kind}`)
}

/** A built-in kind, as Go's decoder would take it. */
function decodeTyped(type: string, body: UnknownObject, options: DecodeOptions, refuse: Refuse): UnknownObject {
  try {
    const { value, unknown } = asTyped(type, body)
    if (options.from === 'apply') {
      refuseUndeclared(body, unknown.map(formatFieldPath))
      refuseNullElements(body, body, '')
      // Only what was said is claimed: not what Go would write of its own accord.
      return withoutNulls({ ...body, metadata: body.metadata ?? {} }) as UnknownObject
    }
    tellUnknown(unknown.map(formatFieldPath), options, refuse)
    return value as UnknownObject
  } catch (error) {
    if (error instanceof WrongType) throw refuse(error.message)
    throw error
  }
}

const version = (apiVersion: string): string => apiVersion.slice(apiVersion.indexOf('/') + 1)

/** Who applies a field that the kind does not have would own nothing by it. */
function refuseUndeclared({ apiVersion, kind, metadata }: UnknownObject, [field]: readonly string[]): void {
  if (field === undefined) return
  throw untyped({ apiVersion, kind, metadata }, `.${field}: field not declared in schema`)
}

function untyped({ apiVersion, kind, metadata }: KubeObject, why: string): Error {
  const what = `${metadata?.namespace ?? ''}/${metadata?.name ?? ''}; ${apiVersion.includes('/') ? apiVersion : `/${apiVersion}`}, Kind=${kind}`
  return badRequest(`failed to create typed patch object (${what}): ${why}`)
}

/** Upstream says the same of lists with keys, under a 500. */
function refuseNullElements(body: KubeObject, value: unknown, path: string): void {
  if (typeof value !== 'object' || value === null) return
  for (const [key, child] of Object.entries(value)) {
    if (Array.isArray(value) && child === null)
      throw untyped(body, `${path}: element ${key}: associative list with keys may not have a null element`)
    refuseNullElements(body, child, Array.isArray(value) ? `${path}[${key}]` : `${path}.${key}`)
  }
}

function tellUnknown(fields: readonly string[], { fieldValidation, warn }: DecodeOptions, refuse: Refuse): void {
  const texts = fields.map(field => `unknown field ${JSON.stringify(field)}`)
  if (texts.length === 0 || fieldValidation === 'Ignore') return
  if (fieldValidation === 'Strict') throw refuse(`strict decoding error: ${texts.join(', ')}`)
  for (const text of texts) warn(text)
}

/** Only types: what a field may hold beyond its type is validation's to say. */
function checkTypes(schema: StructuralSchema, value: unknown, refuse: Refuse): void {
  const wrong = validateSchema(schema, value, TEXT_RULES).find(({ reason }) => reason === 'FieldValueTypeInvalid')
  if (wrong) throw refuse(`json: cannot unmarshal ${typeText(wrong)}`)
}

const typeText = ({ path, value, detail }: SchemaViolation): string => {
  const wanted = /of type ([\w,]+)/.exec(detail)?.[1] ?? 'object'
  return `${value} into field ${formatFieldPath(path)} of type ${wanted}`
}

/** In a typed object a null is an absent field. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls)
  if (!isRecord(value)) return value
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, field]) => (field === null ? [] : [[key, withoutNulls(field)]])),
  )
}

/** Nothing that would overflow a stack or change a prototype gets past here. */
export function checkTree(value: unknown, depth = 0): void {
  if (typeof value !== 'object' || value === null) return
  if (depth > MAX_DEPTH) throw badRequest(`the body of the request is nested more than ${MAX_DEPTH} levels deep`)
  if (Object.hasOwn(value, '__proto__')) throw badRequest('a field must not be called __proto__')
  for (const child of Array.isArray(value) ? value : Object.values(value)) checkTree(child, depth + 1)
}
