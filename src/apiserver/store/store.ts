/**
 * What the API server asks of its store (etcd's part): objects under keys, one revision that grows by one with every change, and a watch
 * that tells all changes in order. Reads are from memory and at once; a write is acknowledged when it is safe on the disk, and nobody
 * (reader or watcher) sees it before. Types only; `open-store.ts` makes one.
 */
import type { UnknownObject } from '../../kube/object.ts'
import type { Encoded } from './encoded.ts'

/** Names one object. `resource` is `group/plural` (`apps/deployments`; `pods` in the core group): the store only compares it. */
export interface StoreKey {
  readonly resource: string
  /** `''` for cluster-scoped objects. */
  readonly namespace: string
  readonly name: string
}

/** All objects of a resource, in one namespace or (without `namespace`) in all. */
export interface StoreRange {
  readonly resource: string
  readonly namespace?: string
}

export interface StoreListOptions {
  /** No more than so many objects; the rest by `after`. */
  readonly limit?: number
  /** Goes on behind this position, the `next` of an earlier page. */
  readonly after?: string
  /** The state as it was at this revision, so that pages fit together. Throws ApiError Expired when it is no longer known. */
  readonly at?: number
}

export interface StoreList {
  /** Of the state that was read: the store's, never the newest object's. Watching from here misses nothing. */
  readonly revision: number
  /** Ordered by namespace, then name: as text, and as a value for who asks one for it. */
  readonly entries: readonly Encoded[]
  /** The values of all `entries`: each is made when this is read. */
  readonly items: readonly UnknownObject[]
  /** Where the next page begins; absent on the last one. */
  readonly next?: string
  /** How many objects lie behind this page. */
  readonly remaining: number
}

export interface StoreEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'
  readonly revision: number
  readonly key: StoreKey
  /** The new state. With DELETED: the last state, under the deletion's own resourceVersion. */
  readonly object: UnknownObject
  /** The same as text. */
  readonly encoded: Encoded
  /** What lies under the key before and after: absent before ADDED, and after DELETED. */
  readonly before: Encoded | undefined
  readonly after: Encoded | undefined
  /** What lay there before, under the revision of this change: what is told to whom the object is gone. Absent with ADDED. */
  readonly last: Encoded | undefined
  /** The state before; absent with ADDED. Says whether a selector matched until now. */
  readonly previous?: UnknownObject
}

/**
 * Iterates over the changes as they become safe, in order and in batches. Nothing is buffered for it: it reads the shared history, so one
 * that is read too slowly throws ApiError Expired. Ends when `signal` aborts or the store closes.
 */
export interface StoreWatch extends AsyncIterable<readonly StoreEvent[]> {
  /** Every change up to here has been handed out (or was not in the range): what a bookmark may say. */
  readonly revision: number
}

/**
 * Decides on a write from the newest state (which may still be on its way to the disk, so that writes to one object follow each other
 * without conflict). What it returns becomes the state, `undefined` removes the object, the same value changes nothing (and takes no
 * revision); what it throws is the caller's answer. What it returns is frozen in place. Runs at once and synchronously, perhaps more than
 * once. Compare `metadata.resourceVersion` of `current` here for optimistic concurrency.
 */
export type Change = (current: UnknownObject | undefined) => UnknownObject | undefined

export interface Store {
  /** The newest revision that readers see. 0 is the empty store before its first change. */
  readonly revision: number
  get(key: StoreKey): UnknownObject | undefined
  /** The same as text, without making a value of it. */
  read(key: StoreKey): Encoded | undefined
  list(range: StoreRange, options?: StoreListOptions): StoreList
  /**
   * Changes after revision `from`. Throws ApiError Expired when some of them are no longer known, and Timeout with cause
   * ResourceVersionTooLarge when `from` has not been reached.
   */
  watch(range: StoreRange, from: number, signal?: AbortSignal): StoreWatch
  /** The same, at once: what changed in the range after revision `from`, for who keeps something derived up to date when asked for it. */
  changes(range: StoreRange, from: number): readonly StoreEvent[]
  /**
   * Returns when the change is safe on the disk and visible: the frozen object with its new `metadata.resourceVersion`; after a removal
   * the last state, under the removal's resourceVersion; `undefined` where nothing was and nothing is. Throws ApiError
   * InsufficientStorage when the disk is full and InternalError when it fails: then nothing has changed, and a later write may succeed.
   */
  write(key: StoreKey, change: Change): Promise<UnknownObject | undefined>
  /** Waits for the writes under way, ends watches and lets go of the disk. */
  close(): Promise<void>
}
