/**
 * Keeps a local copy of a collection up to date (client-go's reflector and shared informer in one). It asks for the present objects and
 * the changes in one stream (WatchList, KEP-3157); a server that knows no WatchList is listed and then watched. A stream that ended
 * goes on where it was; one that expired (410) starts anew, and what changed meanwhile arrives as ordinary changes.
 */
import type { Clock } from '../base/clock.ts'
import { INITIAL_EVENTS_END } from '../kube/names.ts'
import type { KubeObject, WatchEvent } from '../kube/object.ts'
import { keyOf } from '../kube/object.ts'
import { isApiError } from '../kube/status.ts'
import type { Collection, KubeApi, WatchOptions } from './kube-api.ts'
import { createObjectCache, type ObjectCache } from './object-cache.ts'

export interface Informer<T extends KubeObject>
  extends Pick<ObjectCache<T>, 'get' | 'list' | 'on' | 'index' | 'assume' | 'assumeDeleting'> {
  start(): void
  /** Tries again at once instead of after its back-off: whoever calls knows that what failed can work now. */
  retry(): void
  /** The first full view is in, and the handlers have heard of it. */
  readonly synced: Promise<void>
  stop(): void
}

export interface InformerOptions {
  readonly labelSelector?: string
  readonly fieldSelector?: string
  readonly clock: Clock
  /** Told of every failed attempt; the informer goes on by itself. */
  readonly onError?: (error: unknown) => void
  /** In [0, 1), for the jitter of the back-off. */
  readonly random?: () => number
}

const FIRST_DELAY_MS = 50
const MAX_DELAY_MS = 30_000
/** Servers send a bookmark about once a minute: a stream that is silent for longer may be a dead connection. */
const SILENT_MS = 150_000
/** A server that ignores `sendInitialEvents` never says that they ended. */
const INITIAL_SILENT_MS = 10_000
const PAGE_SIZE = 500

export function createInformer<T extends KubeObject>(
  api: KubeApi,
  collection: Collection,
  { labelSelector, fieldSelector, clock, onError = () => {}, random = Math.random }: InformerOptions,
): Informer<T> {
  const cache = createObjectCache<T>()
  const stopped = new AbortController()
  const selectors = { labelSelector, fieldSelector }
  let knowsWatchList = true
  /** Where the next watch goes on; undefined: start anew. */
  let version: string | undefined
  let failures = 0
  let endBackOff = (): void => {}
  let markSynced: () => void
  const synced = new Promise<void>(resolve => {
    markSynced = resolve
  })

  async function run(): Promise<void> {
    while (!stopped.signal.aborted) {
      try {
        if (version !== undefined) await follow({ resourceVersion: version, allowBookmarks: true })
        else if (knowsWatchList) await follow({ sendInitialEvents: true, allowBookmarks: true })
        else await listAll()
      } catch (error) {
        if (stopped.signal.aborted) return
        await recover(error)
      }
    }
  }

  async function recover(error: unknown): Promise<void> {
    const wasStarting = version === undefined
    if (isApiError(error, 'Expired', 'Gone')) version = undefined
    else if (wasStarting && knowsWatchList && isApiError(error, 'Invalid', 'BadRequest')) {
      knowsWatchList = false
      return
    } else onError(error)
    // Expired once is an ordinary day; a server that says so again and again must not be stormed.
    await backOff()
  }

  async function backOff(): Promise<void> {
    const delay = Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** failures++)
    await new Promise<void>(resolve => {
      endBackOff = resolve
      clock.after(delay * (1 + random()), resolve)
    })
  }

  /** One stream until it ends. With `sendInitialEvents` the view is replaced as a whole when the server says that it is complete. */
  async function follow(options: WatchOptions): Promise<void> {
    let collected = options.sendInitialEvents ? new Map<string, T>() : undefined
    let heard = false
    const stream = watchWhileHeard({ ...selectors, ...options }, () => (collected ? INITIAL_SILENT_MS : SILENT_MS))
    for await (const event of stream.events) {
      heard = true
      if (collected === undefined) {
        cache.apply(event)
        version = event.object.metadata.resourceVersion ?? version
        failures = 0
      } else if (event.type !== 'BOOKMARK') {
        collect(collected, event)
      } else if (event.object.metadata.annotations?.[INITIAL_EVENTS_END] === 'true') {
        become(collected.values(), event.object.metadata.resourceVersion)
        collected = undefined
      }
    }
    if (stopped.signal.aborted) return
    if (collected && stream.wasSilent()) knowsWatchList = false
    else if (!heard) await backOff()
  }

  /** A watch that is given up when nothing was heard for as long as `silenceMs` allows. */
  function watchWhileHeard(options: WatchOptions, silenceMs: () => number) {
    const attempt = new AbortController()
    const abort = (): void => attempt.abort()
    let heardAt = clock.monotonicMs()
    let silent = false
    let cancel = (): void => {}
    const check = (): void => {
      const left = heardAt + silenceMs() - clock.monotonicMs()
      silent = left <= 0
      if (silent) attempt.abort()
      else cancel = clock.after(left, check)
    }
    async function* events(): AsyncGenerator<WatchEvent<T>, void, void> {
      stopped.signal.addEventListener('abort', abort, { once: true })
      cancel = clock.after(silenceMs(), check)
      try {
        for await (const event of api.watch<T>(collection, { ...options, signal: attempt.signal })) {
          heardAt = clock.monotonicMs()
          yield event
        }
      } finally {
        cancel()
        stopped.signal.removeEventListener('abort', abort)
      }
    }
    return { events: events(), wasSilent: () => silent }
  }

  async function listAll(): Promise<void> {
    const objects: T[] = []
    let page: string | undefined
    do {
      const { items, metadata } = await api.list<T>(collection, { ...selectors, limit: PAGE_SIZE, continue: page })
      objects.push(...items)
      page = metadata.continue || undefined
      if (page === undefined) become(objects, metadata.resourceVersion)
    } while (page !== undefined && !stopped.signal.aborted)
  }

  function become(objects: Iterable<T>, at: string | undefined): void {
    if (stopped.signal.aborted) return
    cache.replace(objects, at)
    version = at
    failures = 0
    markSynced()
  }

  return {
    get: cache.get,
    list: cache.list,
    on: cache.on,
    index: cache.index,
    assume: cache.assume,
    assumeDeleting: cache.assumeDeleting,
    synced,
    start: () => void run(),
    retry: () => endBackOff(),
    stop() {
      stopped.abort()
      endBackOff()
    },
  }
}

function collect<T extends KubeObject>(into: Map<string, T>, { type, object }: WatchEvent<T>): void {
  if (type === 'DELETED') into.delete(keyOf(object))
  else into.set(keyOf(object), object)
}
