/**
 * The newest changes, for watches and for lists of a past state. Bounded by age, count and bytes (as they are in the journal); what
 * falls out is the oldest, and each resource remembers how far: a watch on quiet nodes does not expire because pods come and go.
 */
import { expired } from './answers.ts'
import type { Encoded } from './encoded.ts'
import { Fifo } from './fifo.ts'
import { positionOf } from './position.ts'
import type { StoreRange } from './store.ts'
import type { StoredChange } from './stored-change.ts'

export interface HistoryBounds {
  readonly events: number
  readonly bytes: number
  readonly ageMs: number
}

/** The kept changes of one resource, oldest first. */
interface Strand {
  readonly events: Fifo<StoredChange>
  /** Revision of the newest change that is no longer kept. */
  lost: number
}

export class History {
  private readonly bounds: HistoryBounds
  private readonly strands = new Map<string, Strand>()
  /** Every kept change in order: whose strand's oldest it is, its size and when it came. */
  private readonly ages = new Fifo<{ readonly strand: Strand; readonly bytes: number; readonly atMs: number }>()
  private bytes = 0
  /** The revision that the store began with: nothing is known of changes up to it. */
  private base = 0

  private readonly nowMs: () => number

  constructor(bounds: HistoryBounds, nowMs: () => number) {
    this.bounds = bounds
    this.nowMs = nowMs
  }

  beginAt(revision: number): void {
    this.base = revision
  }

  add(event: StoredChange, bytes: number): void {
    let strand = this.strands.get(event.key.resource)
    if (strand === undefined) {
      strand = { events: new Fifo(), lost: this.base }
      this.strands.set(event.key.resource, strand)
    }
    strand.events.push(event)
    const atMs = this.nowMs()
    this.ages.push({ strand, bytes, atMs })
    this.bytes += bytes
    const { events, bytes: mostBytes, ageMs } = this.bounds
    while (this.ages.length > events || this.bytes > mostBytes || atMs - (this.ages.first?.atMs ?? atMs) > ageMs) {
      this.dropOldest()
    }
  }

  /** Changes in the range after `revision`, oldest first. Throws ApiError Expired where some of them are lost. */
  since({ resource, namespace }: StoreRange, revision: number): readonly StoredChange[] {
    const strand = this.strands.get(resource)
    const lost = strand?.lost ?? this.base
    if (revision < lost) throw expired(revision, lost)
    if (strand === undefined) return []
    // From the end: a watch that keeps up finds its few new changes there.
    const events = strand.events.takeWhileFromEnd(event => event.revision > revision)
    return namespace === undefined ? events : events.filter(event => event.key.namespace === namespace)
  }

  /** What stood, at `revision`, at the positions that have changed since; `undefined` where nothing did. */
  before(range: StoreRange, revision: number): ReadonlyMap<string, Encoded | undefined> {
    const past = new Map<string, Encoded | undefined>()
    for (const { key, before } of this.since(range, revision)) {
      const position = positionOf(key)
      if (!past.has(position)) past.set(position, before)
    }
    return past
  }

  private dropOldest(): void {
    const { strand, bytes } = this.ages.shift()!
    strand.lost = strand.events.shift()!.revision
    this.bytes -= bytes
  }
}
