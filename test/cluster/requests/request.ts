/**
 * The form of the tables in this folder: scenarios of a few requests each, sent to kube-apiserver and to ours. `NS` in a path or body is the
 * scenario's own namespace, `{word}` what an earlier answer was asked to keep. Everything else is sent as it stands.
 */
export interface Request {
  /** Method and path with its query. */
  readonly send: string
  /** JSON, or text that is sent as it is. */
  readonly body?: unknown
  /** `application/json` where there is a body and nothing is said. */
  readonly type?: string
  readonly accept?: string
  readonly agent?: string
  /** Kept from the answer under a name: a path into it, or several. */
  readonly keep?: Readonly<Record<string, string>>
  /** Reads a watch until this many events have come, then leaves. */
  readonly events?: number
  /** Repeats the request until the answer has this code, for what controllers do in their own time. */
  readonly until?: number
  /** Compares `managedFields` too, which nearly every answer holds and few are about. */
  readonly owners?: boolean
  /** Sent, but not compared: it only prepares what follows. */
  readonly unseen?: boolean
}

export interface Scenario {
  readonly name: string
  /** Needs the controllers of both sides: garbage collection, namespaces. */
  readonly controllers?: boolean
  readonly requests: readonly Request[]
}

type Options = Omit<Request, 'send' | 'body'>
const request =
  (method: string, extra: Options = {}) =>
  (path: string, body?: unknown, options: Options = {}): Request => ({
    send: `${method} ${path}`,
    ...(body !== undefined && { body }),
    ...extra,
    ...options,
  })

export const get = (path: string, options: Options = {}): Request => request('GET')(path, undefined, options)
export const post = request('POST')
export const put = request('PUT')
export const remove = request('DELETE')
export const jsonPatch = request('PATCH', { type: 'application/json-patch+json' })
export const mergePatch = request('PATCH', { type: 'application/merge-patch+json' })
export const strategicPatch = request('PATCH', { type: 'application/strategic-merge-patch+json' })
export const applyPatch = request('PATCH', { type: 'application/apply-patch+yaml', owners: true })

/** Where objects of the namespaced kinds lie. */
export const core = (plural: string, name = ''): string => `/api/v1/namespaces/NS/${plural}${name && `/${name}`}`
export const apis = (groupVersion: string, plural: string, name = ''): string =>
  `/apis/${groupVersion}/namespaces/NS/${plural}${name && `/${name}`}`

export const scenario = (name: string, ...requests: readonly Request[]): Scenario => ({ name, requests })
export const withControllers = (name: string, ...requests: readonly Request[]): Scenario => ({
  name,
  controllers: true,
  requests,
})
