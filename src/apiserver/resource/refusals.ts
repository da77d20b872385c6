/** What the API server answers when it says no, in upstream's words (apimachinery's api/errors), each refusal one function. */
import type { KindInfo } from '../../kube/kinds.ts'
import { type ApiError, apiError, type StatusCause } from '../../kube/status.ts'

type Kind = Pick<KindInfo, 'group' | 'plural' | 'kind'>

/** `pods`, `jobs.batch`. */
export const qualifiedResource = ({ group, plural }: Pick<KindInfo, 'group' | 'plural'>): string =>
  group === '' ? plural : `${plural}.${group}`

const detailsOf = ({ group, plural }: Kind, name: string) => ({
  ...(name && { name }),
  ...(group && { group }),
  kind: plural,
})

export const notFound = (kind: Kind, name: string): ApiError =>
  apiError('NotFound', `${qualifiedResource(kind)} "${name}" not found`, detailsOf(kind, name))

export const alreadyExists = (kind: Kind, name: string, isLeaving = false): ApiError =>
  apiError(
    'AlreadyExists',
    `${isLeaving ? 'object is being deleted: ' : ''}${qualifiedResource(kind)} "${name}" already exists`,
    detailsOf(kind, name),
  )

/** KEP-4420: the server tried several suffixes and all were taken. */
export const generateNameExhausted = (kind: Kind, name: string): ApiError =>
  apiError(
    'AlreadyExists',
    `${qualifiedResource(kind)} "${name}" already exists, the server was not able to generate a unique name for the object`,
    detailsOf(kind, name),
  )

export const conflict = (kind: Kind, name: string, why: string, causes?: readonly StatusCause[]): ApiError =>
  apiError('Conflict', `Operation cannot be fulfilled on ${qualifiedResource(kind)} "${name}": ${why}`, {
    ...detailsOf(kind, name),
    ...(causes && { causes }),
  })

export const MODIFIED = 'the object has been modified; please apply your changes to the latest version and try again'

export const forbidden = (kind: Kind, name: string, why: string): ApiError =>
  apiError('Forbidden', `${qualifiedResource(kind)}${name && ` "${name}"`} is forbidden: ${why}`, detailsOf(kind, name))

export const badRequest = (message: string): ApiError => apiError('BadRequest', message)

export const methodNotAllowed = (): ApiError =>
  apiError('MethodNotAllowed', 'the server does not allow this method on the requested resource', {})

/** No such path, group, version or resource. */
export const noSuchResource = (): ApiError =>
  apiError('NotFound', 'the server could not find the requested resource', {})

export const expired = (message: string, freshContinue?: string): ApiError =>
  apiError('Expired', message, undefined, freshContinue === undefined ? {} : { continue: freshContinue })

export const tooLargeResourceVersion = (asked: number, current: number): ApiError =>
  apiError('Timeout', `Timeout: Too large resource version: ${asked}, current: ${current}`, {
    retryAfterSeconds: 1,
    causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
  })

export const unsupportedMediaType = (accepted: readonly string[]): ApiError =>
  apiError(
    'UnsupportedMediaType',
    `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}`,
  )

/** A media type that is offered, and a form that is not. */
export const noSuchForm = (offered: readonly string[]): ApiError =>
  apiError('NotAcceptable', `only the following media types are accepted: ${offered.join(', ')}`)

export const notAcceptable = (offered: readonly string[]): ApiError =>
  apiError('NotAcceptable', `406: Not Acceptable\n\nAvailable representations: ${offered.join(', ')}`, {})

/** Metadata alone of the other of object and list. */
export const notThatForm = (asked: string, is: string): ApiError =>
  apiError('NotAcceptable', `you requested ${asked}, but the requested object is ${is}`)

/** A patch that no handler takes. */
export const unsupportedPatch = (): ApiError => apiError('UnsupportedMediaType', '415: Unsupported Media Type', {})
