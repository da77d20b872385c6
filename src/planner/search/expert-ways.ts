/**
 * Ways to cut experts beside so many tokens on so many tensor ranks, fastest first, priced as far as they are asked for: an exchange is priced
 * only where the arithmetic alone is not too slow already. Half of all exchanges never are.
 */
import { Heap } from './heap.ts'
import type { Cut, StageCosts } from './stage-costs.ts'

/** A way to cut experts, and how many dispatchers are slower for it. */
export interface ExpertWay extends Pick<Cut, 'expert' | 'expertTensor' | 'dispatcher'> {
  readonly seconds: number
  readonly slower: number
}

/** Cuts that differ in their dispatcher. */
type Unpriced = readonly Cut[]

export class ExpertWays {
  readonly #costs: StageCosts
  readonly #sorted: ExpertWay[] = []
  readonly #heap = new Heap<ExpertWay | Unpriced>()

  constructor(costs: StageCosts, cuts: readonly Cut[]) {
    this.#costs = costs
    for (const together of groups(costs, cuts)) this.#heap.put(costs.leastExpertsAlone(together[0]!), together)
  }

  /** What the way at this place takes at least; infinite beyond the last. */
  least(at: number): number {
    return this.#sorted[at]?.seconds ?? this.#heap.leastKey
  }

  at(at: number): ExpertWay | undefined {
    for (let next = this.#heap.take(); next; next = this.#heap.take()) {
      if (isPriced(next)) this.#sorted.push(next)
      else this.#price(next)
      if (this.#sorted.length > at) break
    }
    return this.#sorted[at]
  }

  /** Of dispatchers that differ in time alone, the fastest. */
  #price(together: Unpriced): void {
    let best: ExpertWay | undefined
    for (const cut of together) {
      const seconds = this.#costs.leastExperts(cut)
      const { expert, expertTensor, dispatcher } = cut
      if (!best || seconds < best.seconds)
        best = { expert, expertTensor, dispatcher, seconds, slower: together.length - 1 }
    }
    if (best) this.#heap.put(best.seconds, best)
  }
}

const isPriced = (entry: ExpertWay | Unpriced): entry is ExpertWay => 'seconds' in entry

function groups({ dispatchersDifferInTimeAlone }: StageCosts, cuts: readonly Cut[]): Iterable<Unpriced> {
  if (!dispatchersDifferInTimeAlone) return cuts.map(cut => [cut])
  const together = new Map<number, Cut[]>()
  for (const cut of cuts) {
    const key = cut.expert * 65_536 + cut.expertTensor
    const known = together.get(key)
    if (known) known.push(cut)
    else together.set(key, [cut])
  }
  return together.values()
}
