/**
 * watch: the store's changes of one resource as a client sees them. Selectors turn a change into ADDED or DELETED where an object begins
 * or ceases to match; bookmarks come about once a minute; the first events may be the present objects (KEP-3157).
 */
import type { Clock } from '../../base/clock.ts'
import { INITIAL_EVENTS_END } from '../../kube/names.ts'
import type { UnknownObject, WatchEvent } from '../../kube/object.ts'
import { when } from '../kinds/small-rules.ts'
import type { Encoded } from '../store/encoded.ts'
import type { Store, StoreEvent, StoreWatch } from '../store/store.ts'
import { denied, invalidObject, notSupported } from './field-error.ts'
import { parseResourceVersion, type VersionMatch } from './read.ts'
import { type Resource, served } from './resource.ts'
import { parseSelection, type Selection } from './selection.ts'

export interface WatchQuery {
  readonly labelSelector?: string
  readonly fieldSelector?: string
  readonly resourceVersion?: string
  readonly resourceVersionMatch?: VersionMatch
  readonly sendInitialEvents?: boolean
  readonly allowWatchBookmarks?: boolean
  readonly timeoutSeconds?: number
  readonly signal?: AbortSignal
}

/** What a watcher is told; its value is made when it is asked for. */
export interface SeenEvent {
  readonly type: WatchEvent['type']
  readonly object: UnknownObject
  /** The object as it is stored; bookmarks have none. */
  readonly encoded?: Encoded
}

export type Batch = readonly SeenEvent[]

class SeenObject implements SeenEvent {
  readonly type: SeenEvent['type']
  readonly encoded: Encoded
  readonly #resource: Resource

  constructor(resource: Resource, type: SeenEvent['type'], encoded: Encoded) {
    this.#resource = resource
    this.type = type
    this.encoded = encoded
  }

  get object(): UnknownObject {
    return served(this.#resource, this.encoded.object)
  }
}

/** kube-apiserver's --min-request-timeout: a watch without a time-out of its own ends after 30 to 60 minutes. */
const DEFAULT_TIMEOUT_SECONDS = 1800
const BOOKMARK_MS = 60_000

/** Refuses a bad query at once, before the first event is asked for. */
export function watchObjects(
  { store, clock }: { readonly store: Store; readonly clock: Clock },
  resource: Resource,
  namespace: string | undefined,
  query: WatchQuery = {},
): AsyncIterable<Batch> {
  checkInitialEvents(query)
  const selection = parseSelection(resource, query.labelSelector, query.fieldSelector)
  const range = { resource: resource.storedAs, ...(namespace !== undefined && { namespace }) }
  const asked = parseResourceVersion(store, query.resourceVersion)
  const isFromNow = query.sendInitialEvents === true || (asked === undefined && query.sendInitialEvents === undefined)
  const present = isFromNow ? store.list(range) : undefined
  const from = present?.revision ?? asked ?? store.revision
  const ending = endOf(query, clock)
  // Throws Expired here, where it is still an HTTP status and not an event.
  const changes = store.watch(range, from, ending.signal)
  return {
    [Symbol.asyncIterator]: () => {
      const initial = present ? initialEvents(resource, selection, present.entries, from, query) : []
      return events(resource, selection, initial, changes, query.allowWatchBookmarks ? clock : undefined, ending)
    },
  }
}

function checkInitialEvents({ sendInitialEvents, resourceVersionMatch, allowWatchBookmarks }: WatchQuery): void {
  const field = 'resourceVersionMatch'
  const isOther = resourceVersionMatch !== 'NotOlderThan'
  const errors = [
    ...when(
      sendInitialEvents !== undefined && isOther,
      denied(field, 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan'),
    ),
    ...when(
      sendInitialEvents === undefined && resourceVersionMatch,
      denied(field, 'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided'),
    ),
    ...when(resourceVersionMatch && isOther, notSupported(field, resourceVersionMatch, ['NotOlderThan'])),
    ...when(
      sendInitialEvents && !allowWatchBookmarks,
      denied('allowWatchBookmarks', 'sendInitialEvents requires allowWatchBookmarks'),
    ),
  ]
  if (errors.length > 0) throw invalidObject({ group: 'meta.k8s.io', kind: 'ListOptions' }, '', errors)
}

interface Ending {
  readonly signal: AbortSignal
  readonly stop: () => void
}

/** Ends by the client, by the time-out, or because the reader leaves. */
function endOf({ timeoutSeconds, signal }: WatchQuery, clock: Clock): Ending {
  const controller = new AbortController()
  const seconds = timeoutSeconds ? timeoutSeconds : DEFAULT_TIMEOUT_SECONDS * (1 + Math.random())
  const cancelTimer = clock.after(seconds * 1000, () => controller.abort())
  const onAbort = () => controller.abort()
  if (signal?.aborted) controller.abort()
  signal?.addEventListener('abort', onAbort, { once: true })
  return {
    signal: controller.signal,
    stop: () => {
      cancelTimer()
      signal?.removeEventListener('abort', onAbort)
      controller.abort()
    },
  }
}

function initialEvents(
  resource: Resource,
  selection: Selection,
  entries: readonly Encoded[],
  revision: number,
  { sendInitialEvents }: WatchQuery,
): Batch {
  const added = entries.filter(selection.selects).map(entry => new SeenObject(resource, 'ADDED', entry))
  return sendInitialEvents ? [...added, bookmark(resource, revision, { [INITIAL_EVENTS_END]: 'true' })] : added
}

const bookmark = (resource: Resource, revision: number, annotations?: Record<string, string>): SeenEvent => ({
  type: 'BOOKMARK',
  object: {
    apiVersion: resource.apiVersion,
    kind: resource.info.kind,
    metadata: { resourceVersion: String(revision), ...(annotations && { annotations }) },
  },
})

async function* events(
  resource: Resource,
  selection: Selection,
  initial: Batch,
  changes: StoreWatch,
  bookmarkClock: Clock | undefined,
  ending: Ending,
): AsyncGenerator<Batch> {
  try {
    if (initial.length > 0) yield initial
    for await (const batch of bookmarkClock ? withTicks(changes, bookmarkClock, ending) : changes) {
      if (batch === TICK) yield [bookmark(resource, changes.revision)]
      else {
        const seen = batch.flatMap(event => asSeen(resource, selection, event))
        if (seen.length > 0) yield seen
      }
    }
  } finally {
    ending.stop()
  }
}

const TICK = Symbol('time for a bookmark')

/** The changes, and a tick whenever a minute has passed without the reader asking for one. */
async function* withTicks(
  changes: StoreWatch,
  clock: Clock,
  ending: Ending,
): AsyncGenerator<readonly StoreEvent[] | typeof TICK> {
  const iterator = changes[Symbol.asyncIterator]()
  let next = iterator.next()
  let tick = ticker(clock)
  try {
    for (;;) {
      const first = await Promise.race([next, tick.passed])
      if (first === TICK) {
        tick = ticker(clock)
        yield TICK
      } else if (first.done) return
      else {
        yield first.value
        next = iterator.next()
      }
    }
  } finally {
    tick.cancel()
    // A `return` waits for the `next` that is under way, which only ends when the watch does.
    ending.stop()
    await iterator.return?.()
  }
}

function ticker(clock: Clock): { readonly passed: Promise<typeof TICK>; readonly cancel: () => void } {
  let cancel = (): void => {}
  const passed = new Promise<typeof TICK>(resolve => {
    // Not all watches at the same moment.
    cancel = clock.after(BOOKMARK_MS * (0.9 + 0.2 * Math.random()), () => resolve(TICK))
  })
  return { passed, cancel }
}

/** No event, or one: what the change means to somebody who sees only selected objects. */
function asSeen(resource: Resource, selection: Selection, event: StoreEvent): Batch {
  const type = selection.isEverything ? event.type : seenAs(selection, event)
  const seen = type === 'DELETED' ? event.last : event.encoded
  return type === undefined || seen === undefined ? [] : [new SeenObject(resource, type, seen)]
}

function seenAs(selection: Selection, event: StoreEvent): StoreEvent['type'] | undefined {
  const { after, before } = event
  const isSelected = (state: Encoded | undefined): boolean =>
    state !== undefined && selection.mayMatch(state.text) && selection.matches(state.object)
  const [isNow, was] = [isSelected(after), isSelected(before)]
  return isNow ? (was ? 'MODIFIED' : 'ADDED') : was ? 'DELETED' : undefined
}
