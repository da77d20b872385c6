/**
 * The store itself: the state that readers see, the history that watches read, and the way of a write: decided at once on the newest state
 * (staged), appended to the journal together with all writes that arrive while the disk is busy (group commit), then published in order.
 * Staged states are seen by later writes to the same object and by nobody else. A refused group takes down all that is staged, since later
 * writes were decided on it; revisions then go on from the last published one.
 */
import type { UnknownObject } from '../../kube/object.ts'
import { closed, diskRefused, tooLarge } from './answers.ts'
import { encodeChange } from './change-record.ts'
import { Collection, type Page } from './collection.ts'
import type { Compaction } from './compaction.ts'
import { Encoded } from './encoded.ts'
import type { History } from './history.ts'
import type { Journal } from './journal.ts'
import { positionOf } from './position.ts'
import type { RecoveredChange } from './recovery.ts'
import type { Snapshot } from './snapshot.ts'
import type {
  Change,
  Store,
  StoreEvent,
  StoreKey,
  StoreList,
  StoreListOptions,
  StoreRange,
  StoreWatch,
} from './store.ts'
import { StoredChange, stamped } from './stored-change.ts'
import { CursorWatch } from './watch.ts'

/** Writes that go to the disk together. */
interface Group {
  readonly changes: StoredChange[]
  readonly records: Uint8Array[]
  /** Settles when the group is published (`undefined`) or refused (the answer to its writers). */
  readonly outcome: Promise<Error | undefined>
  settle(refusal: Error | undefined): void
}

interface Staged {
  readonly object: Encoded | undefined
  readonly group: Group
}

export interface Durability {
  readonly journal: Journal
  readonly compaction: Compaction
}

export class RevisionedStore implements Store {
  revision = 0
  private readonly collections = new Map<string, Collection>()
  private readonly history: History
  /** Absent in a store that lives in memory only. */
  private readonly durability: Durability | undefined
  /** The newest state of what is on its way to the disk, by resource and position. */
  private readonly staged = new Map<string, Staged>()
  private stagedRevision = 0
  private next: Group = newGroup()
  private flushing: Promise<void> | undefined
  private isClosed = false
  /** Watches that wait for a change, by resource. */
  private readonly waiting = new Map<string, Set<() => void>>()

  constructor(history: History, durability?: Durability) {
    this.history = history
    this.durability = durability
  }

  /** Fills an empty store with what was recovered. */
  restore(snapshot: Snapshot, changes: readonly RecoveredChange[]): void {
    this.revision = snapshot.revision
    this.history.beginAt(snapshot.revision)
    for (const [key, object] of snapshot.entries) this.collection(key.resource).put(positionOf(key), object)
    for (const { key, revision, object, bytes } of changes) {
      this.show(new StoredChange(key, revision, this.read(key), object), bytes)
    }
    this.stagedRevision = this.revision
  }

  get(key: StoreKey): UnknownObject | undefined {
    return this.read(key)?.object
  }

  read(key: StoreKey): Encoded | undefined {
    return this.collections.get(key.resource)?.get(positionOf(key))
  }

  list(range: StoreRange, { limit = Number.POSITIVE_INFINITY, after, at }: StoreListOptions = {}): StoreList {
    if (at !== undefined && at > this.revision) throw tooLarge(at, this.revision)
    const collection = this.collection(range.resource)
    if (at === undefined || at === this.revision) {
      return listed(this.revision, collection.page(range.namespace, after, limit))
    }
    const past = this.history.before(range, at)
    return listed(at, collection.pastPage(past, range.namespace, after, limit))
  }

  watch(range: StoreRange, from: number, signal?: AbortSignal): StoreWatch {
    if (from > this.revision) throw tooLarge(from, this.revision)
    // Now rather than at the first step, so that the answer can still be a status.
    this.history.since(range, from)
    const store = this
    const source = {
      get revision() {
        return store.revision
      },
      get isClosed() {
        return store.isClosed
      },
      since: (revision: number) => this.history.since(range, revision),
      onNext: (wake: () => void) => this.onNext(range.resource, wake),
    }
    return new CursorWatch(source, from, signal)
  }

  changes(range: StoreRange, from: number): readonly StoreEvent[] {
    return this.history.since(range, from)
  }

  async write(key: StoreKey, change: Change): Promise<UnknownObject | undefined> {
    for (;;) {
      if (this.isClosed) throw closed()
      const staged = this.staged.get(stageOf(key))
      const present = staged ? staged.object : this.read(key)
      const current = present?.object
      const decided = attempt(() => change(current))
      if ('value' in decided && decided.value !== current) {
        const { change: made, group } = this.stage(key, present, decided.value)
        const answer = made.object
        const refusal = await group.outcome
        if (refusal) throw refusal
        return answer
      }
      // Nothing to write, but the answer rests on a state that is not safe yet: where that state fails, decide again.
      if (staged && (await staged.group.outcome) !== undefined) continue
      if ('error' in decided) throw decided.error
      return current
    }
  }

  async close(): Promise<void> {
    this.isClosed = true
    await this.flushing
    for (const resource of this.waiting.keys()) this.wake(resource)
    await this.durability?.compaction.settled()
    await this.durability?.journal.close()
  }

  private stage(key: StoreKey, before: Encoded | undefined, next: UnknownObject | undefined) {
    const revision = this.stagedRevision + 1
    const object = next && Encoded.encode(stamped(next, revision))
    const record = encodeChange({ revision, key, object })
    const change = new StoredChange(key, revision, before, object)
    const group = this.next
    this.stagedRevision = revision
    this.staged.set(stageOf(key), { object, group })
    group.changes.push(change)
    group.records.push(record)
    this.flushing ??= this.flush()
    return { change, group }
  }

  /** Writes group after group until nothing is left: a group is what arrived while the one before was on its way. */
  private async flush(): Promise<void> {
    // What is decided in the same turn of the event loop's queue goes together.
    await Promise.resolve()
    while (this.next.changes.length > 0) {
      const group = this.next
      this.next = newGroup()
      try {
        await this.durability?.journal.append(group.records, group.changes[0]!.revision)
      } catch (error) {
        this.refuse(group, diskRefused(error))
        continue
      }
      this.publish(group)
      if (this.durability?.compaction.isDue) this.durability.compaction.begin(this.snapshot())
    }
    // In the same turn in which nothing was found: a write that comes later must start the next round.
    this.flushing = undefined
  }

  private publish(group: Group): void {
    const resources = new Set<string>()
    for (const [index, change] of group.changes.entries()) {
      this.show(change, group.records[index]!.length)
      resources.add(change.key.resource)
      const stage = stageOf(change.key)
      if (this.staged.get(stage)?.group === group) this.staged.delete(stage)
    }
    group.settle(undefined)
    for (const resource of resources) this.wake(resource)
  }

  private refuse(group: Group, answer: Error): void {
    const dependent = this.next
    this.next = newGroup()
    this.staged.clear()
    this.stagedRevision = this.revision
    group.settle(answer)
    dependent.settle(answer)
  }

  /** Makes one change visible to readers and in the history. */
  private show(change: StoredChange, bytes: number): void {
    const collection = this.collection(change.key.resource)
    const position = positionOf(change.key)
    if (change.after) collection.put(position, change.after)
    else collection.delete(position)
    this.history.add(change, bytes)
    this.revision = change.revision
  }

  private snapshot(): Snapshot {
    const entries = [...this.collections].flatMap(([resource, collection]) =>
      collection.entries().map(([position, object]) => {
        const slash = position.indexOf('/')
        return [{ resource, namespace: position.slice(0, slash), name: position.slice(slash + 1) }, object] as const
      }),
    )
    return { revision: this.revision, entries }
  }

  private collection(resource: string): Collection {
    let collection = this.collections.get(resource)
    if (collection === undefined) {
      collection = new Collection()
      this.collections.set(resource, collection)
    }
    return collection
  }

  private onNext(resource: string, wake: () => void): () => void {
    let waiting = this.waiting.get(resource)
    if (waiting === undefined) {
      waiting = new Set()
      this.waiting.set(resource, waiting)
    }
    waiting.add(wake)
    return () => waiting.delete(wake)
  }

  private wake(resource: string): void {
    for (const wake of this.waiting.get(resource) ?? []) wake()
  }
}

function newGroup(): Group {
  let settle!: (refusal: Error | undefined) => void
  const outcome = new Promise<Error | undefined>(resolve => {
    settle = resolve
  })
  return { changes: [], records: [], outcome, settle }
}

const stageOf = (key: StoreKey): string => `${key.resource} ${positionOf(key)}`

const listed = (revision: number, page: Page): StoreList => ({
  revision,
  ...page,
  get items() {
    return page.entries.map(entry => entry.object)
  },
})

const attempt = <T>(action: () => T): { readonly value: T } | { readonly error: unknown } => {
  try {
    return { value: action() }
  } catch (error) {
    return { error }
  }
}
