/**
 * Cuts in the order of their least time a sequence and device, made as far as they are asked for: first the dense part of each is bounded, and
 * only where that may still win are the experts' ways to be cut written out beneath it. Kept from one question to the next.
 */
import { formatBytes } from '../../base/units.ts'
import type { AxisValues } from './axis-values.ts'
import { denseCuts, expertCuts, isAsked } from './cuts.ts'
import { Heap } from './heap.ts'
import type { Question, SearchProblem } from './problem.ts'
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
  readonly perSequence: number
  readonly leastBytes: LeastBytes
  cuts: readonly RankedCut[] | undefined
}

const perSequence = ({ tensor, context, microBatch }: DenseCut, seconds: number): number =>
  (tensor * context * seconds) / microBatch

export class RankedCuts {
  readonly #problem: SearchProblem
  readonly #values: AxisValues
  readonly #dense: readonly RankedDense[]

  constructor(problem: SearchProblem, values: AxisValues) {
    this.#problem = problem
    this.#values = values
    const { costs } = problem
    this.#dense = denseCuts(problem, values)
      .map(dense => ({ dense, leastBytes: costs.leastBytes({ ...dense, expertTensor: 1 }) }))
      .filter(({ leastBytes }) => leastBytes.anyRank <= costs.capacityBytes)
      .map(({ dense, leastBytes }) => ({
        dense,
        leastBytes,
        perSequence: perSequence(dense, costs.leastDense(dense)),
        cuts: undefined,
      }))
      .sort((a, b) => a.perSequence - b.perSequence)
  }

  leastPerSequence(question: Question): number {
    return this.#dense.find(({ dense }) => isAsked(dense, question))?.perSequence ?? 0
  }

  /** In order, until the least time a sequence cannot win. */
  *inOrder(question: Question, capacity: number, rejections: Rejections): Generator<RankedCut> {
    const heap = new Heap<RankedCut>()
    const dense = this.#dense.filter(each => isAsked(each.dense, question))
    for (let next = 0; next < dense.length || heap.leastKey < Number.POSITIVE_INFINITY; ) {
      while (next < dense.length && dense[next]!.perSequence <= heap.leastKey) {
        const own = dense[next++]!
        if (own.leastBytes.anyRank > capacity) reject(rejections, own.dense, own.leastBytes.anyRank, capacity)
        else for (const cut of this.#asked(own, question, rejections)) heap.put(cut.perSequence, cut)
      }
      const cut = heap.take()
      if (!cut) continue
      if (cut.leastBytes.anyRank > capacity) reject(rejections, cut.cut, cut.leastBytes.anyRank, capacity)
      else yield cut
    }
  }

  /** Where dispatchers differ in time alone, the fastest of them that is asked about. */
  #asked(own: RankedDense, question: Question, rejections: Rejections): readonly RankedCut[] {
    const asked = this.#expanded(own).filter(({ cut }) => isAsked(cut, question))
    if (!this.#problem.costs.dispatchersDifferInTimeAlone) return asked
    const fastest = new Map<number, RankedCut>()
    for (const each of asked) {
      const key = each.cut.expert * 65_536 + each.cut.expertTensor
      const known = fastest.get(key)
      if (known)
        rejections.add(
          'a faster dispatcher',
          each.cut,
          () => `${known.cut.dispatcher} and ${each.cut.dispatcher} need the same memory, and one is faster`,
        )
      if (!known || each.perSequence < known.perSequence) fastest.set(key, each)
    }
    return [...fastest.values()]
  }

  #expanded(own: RankedDense): readonly RankedCut[] {
    const { costs } = this.#problem
    own.cuts ??= expertCuts(this.#problem, this.#values, own.dense).map(cut => {
      const least = costs.least(cut)
      return { cut, least, perSequence: perSequence(cut, least.seconds), leastBytes: costs.leastBytes(cut) }
    })
    return own.cuts
  }
}

function reject(rejections: Rejections, cut: DenseCut, bytes: number, capacity: number): void {
  rejections.add(
    'one layer does not fit',
    cut,
    () => `one layer of ${cut.microBatch} sequences needs ${formatBytes(bytes)} of ${formatBytes(capacity)}`,
  )
}
