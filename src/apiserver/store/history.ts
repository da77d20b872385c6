/**
 * The newest changes, for watches and for lists of a past state. Bounded by count and by bytes (as they are in the journal); what falls out
 * is the oldest, and each resource remembers how far: a watch on quiet nodes does not expire because pods come and go.
 */
import type { UnknownObject } from '../../kube/object.ts'
import { expired } from './answers.ts'
import { Fifo } from './fifo.ts'
import { positionOf } from './position.ts'
import type { StoreEvent, StoreRange } from './store.ts'

export interface HistoryBounds {
  readonly events: number
  readonly bytes: number
}

/** The kept changes of one resource, oldest first. */
interface Strand {
  readonly events: Fifo<StoreEvent>
  /** Revision of the newest change that is no longer kept. */
  lost: number
}

export class History {
  private readonly bounds: HistoryBounds
  private readonly strands = new Map<string, Strand>()
  /** Every kept change in order: whose strand's oldest it is, and its size. */
  private readonly ages = new Fifo<{ readonly strand: Strand; readonly bytes: number }>()
  private bytes = 0
  /** The revision that the store began with: nothing is known of changes up to it. */
  private base = 0

  constructor(bounds: HistoryBounds) {
    this.bounds = bounds
  }

  beginAt(revision: number): void {
    this.base = revision
  }

  add(event: StoreEvent, bytes: number): void {
    let strand = this.strands.get(event.key.resource)
    if (strand === undefined) {
      strand = { events: new Fifo(), lost: this.base }
      this.strands.set(event.key.resource, strand)
    }
    strand.events.push(event)
    this.ages.push({ strand, bytes })
    this.bytes += bytes
    while (this.ages.length > this.bounds.events || this.bytes > this.bounds.bytes) this.dropOldest()
  }

  /** Changes in the range after `revision`, oldest first. Throws ApiError Expired where some of them are lost. */
  since({ resource, namespace }: StoreRange, revision: number): readonly StoreEvent[] {
    const strand = this.strands.get(resource)
    const lost = strand?.lost ?? this.base
    if (revision < lost) throw expired(revision, lost)
    if (strand === undefined) return []
    // From the end: a watch that keeps up finds its few new changes there.
    const events = strand.events.takeWhileFromEnd(event => event.revision > revision)
    return namespace === undefined ? events : events.filter(event => event.key.namespace === namespace)
  }

  /** What stood, at `revision`, at the positions that have changed since; `undefined` where nothing did. */
  before(range: StoreRange, revision: number): ReadonlyMap<string, UnknownObject | undefined> {
    const past = new Map<string, UnknownObject | undefined>()
    for (const { key, previous } of this.since(range, revision)) {
      const position = positionOf(key)
      if (!past.has(position)) past.set(position, previous)
    }
    return past
  }

  private dropOldest(): void {
    const { strand, bytes } = this.ages.shift()!
    strand.lost = strand.events.shift()!.revision
    this.bytes -= bytes
  }
}
