/**
 * The Kubernetes API as one small interface. Every part that acts (controllers, scheduler, node agent, network, runtimes, command line)
 * talks to this and does not know whose cluster it is: `http-api.ts` speaks to any API server over TLS, and our API server implements
 * it in process. Objects that come back are shared and frozen. Whatever the server refuses arrives as `ApiError`.
 */
import type { KubeList, KubeObject, ObjectRef, UnknownObject, WatchEvent } from '../kube/object.ts'

/** All objects of a kind, in one namespace or (without `namespace`) in all. */
export interface Collection {
  readonly apiVersion: string
  readonly kind: string
  readonly namespace?: string
}

export interface ListOptions {
  readonly labelSelector?: string
  readonly fieldSelector?: string
  readonly limit?: number
  readonly continue?: string
  readonly resourceVersion?: string
}

export interface WatchOptions {
  readonly labelSelector?: string
  readonly fieldSelector?: string
  /** Events after this version. Without it: the present objects as ADDED first. An expired one throws `ApiError` Expired (410). */
  readonly resourceVersion?: string
  /** Ask for the present objects and then a BOOKMARK annotated `k8s.io/initial-events-end` (WatchList, KEP-3157). */
  readonly sendInitialEvents?: boolean
  readonly allowBookmarks?: boolean
  readonly timeoutSeconds?: number
  readonly signal?: AbortSignal
}

export interface WriteOptions {
  readonly subresource?:
    | 'status'
    | 'scale'
    | 'binding'
    | 'token'
    | 'finalize'
    | 'eviction'
    | 'approval'
    | 'ephemeralcontainers'
    | 'resize'
  readonly fieldManager?: string
  readonly dryRun?: boolean
}

export interface ApplyOptions extends WriteOptions {
  readonly fieldManager: string
  readonly force?: boolean
}

export type PatchType = 'json' | 'merge' | 'strategic'

export interface DeleteOptions {
  readonly gracePeriodSeconds?: number
  readonly propagationPolicy?: 'Background' | 'Foreground' | 'Orphan'
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string }
  readonly dryRun?: boolean
}

export interface LogOptions {
  readonly container?: string
  readonly follow?: boolean
  readonly previous?: boolean
  readonly tailLines?: number
  /** At most one of these two. `sinceTime` is RFC 3339. */
  readonly sinceSeconds?: number
  readonly sinceTime?: string
  readonly timestamps?: boolean
  /** Of the answer, timestamps included. */
  readonly limitBytes?: number
  readonly signal?: AbortSignal
}

export interface KubeApi {
  get<T extends KubeObject = UnknownObject>(ref: ObjectRef): Promise<T>
  list<T extends KubeObject = UnknownObject>(collection: Collection, options?: ListOptions): Promise<KubeList<T>>
  /** Ends (without error) when the server ends the stream or `signal` aborts. */
  watch<T extends KubeObject = UnknownObject>(
    collection: Collection,
    options?: WatchOptions,
  ): AsyncIterable<WatchEvent<T>>
  /** With `subresource`, `object.metadata.name` names the parent (`binding`, `token`). */
  create<T extends KubeObject = UnknownObject>(object: KubeObject, options?: WriteOptions): Promise<T>
  /** Refused with Conflict when `metadata.resourceVersion` is given and stale. */
  update<T extends KubeObject = UnknownObject>(object: KubeObject, options?: WriteOptions): Promise<T>
  patch<T extends KubeObject = UnknownObject>(
    ref: ObjectRef,
    type: PatchType,
    patch: unknown,
    options?: WriteOptions,
  ): Promise<T>
  /** Server-side apply: creates when absent. */
  apply<T extends KubeObject = UnknownObject>(object: KubeObject, options: ApplyOptions): Promise<T>
  delete(ref: ObjectRef, options?: DeleteOptions): Promise<void>
  /** Bytes of a container's log, as they come. */
  logs(pod: { readonly namespace: string; readonly name: string }, options?: LogOptions): AsyncIterable<Uint8Array>
}
