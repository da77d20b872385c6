/**
 * Cuts in the order of their least time a sequence and device, made as far as they are asked for. A heap holds the dense part of each cut with
 * a cursor into the ways to cut experts beside it, fastest first: those depend on a rank's tokens alone, so that many dense cuts share a list.
 * Kept from one question to the next.
 */
import { formatBytes } from '../../base/units.ts'
import type { AxisValues } from './axis-values.ts'
import { denseCuts, expertCuts, isAsked } from './cuts.ts'
import { type ExpertWay, ExpertWays } from './expert-ways.ts'
import { Heap } from './heap.ts'
import { mostDevices, type Question, type SearchProblem } from './problem.ts'
import type { Rejections } from './rejections.ts'
import type { Cut, DenseCut, Least, LeastBytes } from './stage-costs.ts'

export interface RankedCut {
  readonly cut: Cut
  /** Device-seconds of a sequence, from below. */
  readonly perSequence: number
  readonly least: Least
  readonly leastBytes: LeastBytes
}

interface RankedDense {
  readonly dense: DenseCut
  /** Device-seconds of a sequence without what only this cut decides. */
  readonly floor: number
  readonly leastBytes: LeastBytes
  /** Of a micro-batch without experts, once it is asked for. */
  seconds: number | undefined
}

/** Where a dense cut has got to: before its ways are listed, or at one of them. */
interface Cursor {
  readonly own: RankedDense
  readonly ways: ExpertWays | undefined
  readonly at: number
  /** Already bounded as a whole, since that was more than its parts. */
  readonly ranked?: RankedCut
}

const perSequence = ({ tensor, context, microBatch }: DenseCut, seconds: number): number =>
  (tensor * context * seconds) / microBatch

/** Sums in another order differ by so much. */
const ROUNDING = 1e-12

export class RankedCuts {
  readonly #problem: SearchProblem
  readonly #values: AxisValues
  readonly #dense: readonly RankedDense[]
  readonly #ways = new Map<string, ExpertWays>()

  constructor(problem: SearchProblem, values: AxisValues) {
    this.#problem = problem
    this.#values = values
    const { costs } = problem
    const most = mostDevices(problem)
    this.#dense = denseCuts(problem, values)
      .filter(({ tensor, context }) => tensor * context <= most)
      .map(dense => ({ dense, leastBytes: costs.leastBytes({ ...dense, expertTensor: 1 }) }))
      .filter(({ leastBytes }) => leastBytes.anyRank <= costs.capacityBytes)
      .map(({ dense, leastBytes }) => ({
        dense,
        leastBytes,
        floor: perSequence(dense, costs.leastRow(dense)),
        seconds: undefined,
      }))
      .sort((a, b) => a.floor - b.floor)
  }

  leastPerSequence(question: Question): number {
    return this.#dense.find(({ dense }) => isAsked(dense, question))?.floor ?? 0
  }

  /** In order, until the least time a sequence cannot win. */
  *inOrder(question: Question, capacity: number, rejections: Rejections): Generator<RankedCut> {
    const heap = new Heap<Cursor>()
    const dense = this.#dense.filter(each => isAsked(each.dense, question))
    for (let next = 0; next < dense.length || heap.leastKey < Number.POSITIVE_INFINITY; ) {
      while (next < dense.length && dense[next]!.floor <= heap.leastKey) {
        const own = dense[next++]!
        if (own.leastBytes.anyRank > capacity) reject(rejections, own.dense, own.leastBytes.anyRank, capacity)
        else heap.put(this.#withExperts(own), { own, ways: undefined, at: 0 })
      }
      const cursor = heap.take()
      if (!cursor) continue
      if (!cursor.ways) {
        put(heap, { ...cursor, ways: this.#waysOf(cursor.own.dense, question) })
        continue
      }
      const way = cursor.ways.at(cursor.at)
      if (!way) continue
      const ranked = cursor.ranked ?? this.#bounded(cursor.own.dense, way)
      if (!cursor.ranked && ranked.perSequence > heap.leastKey * (1 + ROUNDING))
        heap.put(ranked.perSequence, { ...cursor, ranked })
      else {
        put(heap, { own: cursor.own, ways: cursor.ways, at: cursor.at + 1 })
        if (ranked.leastBytes.anyRank > capacity) reject(rejections, ranked.cut, ranked.leastBytes.anyRank, capacity)
        else {
          if (way.slower > 0) rejectSlower(rejections, ranked.cut, way.slower)
          yield ranked
        }
      }
    }
  }

  #withExperts(own: RankedDense): number {
    const { seconds, withExperts } = this.#problem.costs.leastDense(own.dense)
    own.seconds = seconds
    return perSequence(own.dense, withExperts)
  }

  #bounded(dense: DenseCut, { expert, expertTensor, dispatcher }: ExpertWay): RankedCut {
    const { costs } = this.#problem
    const cut = { ...dense, expert, expertTensor, dispatcher }
    const least = costs.least(cut)
    return { cut, least, perSequence: perSequence(cut, least.seconds), leastBytes: costs.leastBytes(cut) }
  }

  /** Those that are asked about. */
  #waysOf(dense: DenseCut, question: Question): ExpertWays {
    const { expert, expertTensor, dispatcher } = question.without ?? {}
    const key = `${dense.tensor}/${dense.sequenceParallel}/${dense.microBatch / dense.context}/${expert}/${expertTensor}/${dispatcher}`
    let known = this.#ways.get(key)
    if (!known) {
      const cuts = expertCuts(this.#problem, this.#values, dense).filter(cut => isAsked(cut, question))
      known = new ExpertWays(this.#problem.costs, cuts)
      this.#ways.set(key, known)
    }
    return known
  }
}

function put(heap: Heap<Cursor>, cursor: Cursor): void {
  const least = cursor.ways?.least(cursor.at) ?? Number.POSITIVE_INFINITY
  if (least < Number.POSITIVE_INFINITY)
    heap.put(perSequence(cursor.own.dense, (cursor.own.seconds ?? 0) + least), cursor)
}

function rejectSlower(rejections: Rejections, cut: Cut, count: number): void {
  const because = (): string => `${cut.dispatcher} needs the same memory, and is the fastest of them`
  rejections.add('a faster dispatcher', cut, because, count)
}

function reject(rejections: Rejections, cut: DenseCut, bytes: number, capacity: number): void {
  rejections.add(
    'one layer does not fit',
    cut,
    () => `one layer of ${cut.microBatch} sequences needs ${formatBytes(bytes)} of ${formatBytes(capacity)}`,
  )
}
