/**
 * Layers to virtual stages so that the slowest stage is as fast as it can be, embedding and head counted in. Greedy filling up to a limit
 * decides whether a limit can be met (contiguous pieces, so greedy is exact); a bisection finds the least limit, and a last pass spreads
 * the slack. A few microseconds, since the search asks for thousands: stretches of equal layers are counted, not walked.
 */
import { invariant } from '../../base/invariant.ts'

export interface Extras {
  readonly first: number
  readonly last: number
}

/** Numbers of layers, `numStages` of them, each at least 1. */
export function cutEvenly(layerCosts: ArrayLike<number>, extras: Extras, numStages: number): readonly number[] {
  const layers = layerCosts.length
  invariant(numStages >= 1 && numStages <= layers, `${numStages} stages of ${layers} layers`)
  if (numStages === 1) return [layers]
  return (
    isUniform(layerCosts) ? new UniformCut(layerCosts, extras, numStages) : new Cutter(layerCosts, extras, numStages)
  ).cut()
}

function isUniform(costs: ArrayLike<number>): boolean {
  for (let i = 1; i < costs.length; i++) if (costs[i] !== costs[0]) return false
  return costs[0]! > 0
}

class Cutter {
  protected readonly layers: number
  protected readonly numStages: number
  protected readonly extras: Extras
  /** Of the layers before each. */
  readonly #sums: Float64Array
  readonly #largest: number

  constructor(costs: ArrayLike<number>, extras: Extras, numStages: number) {
    this.layers = costs.length
    this.numStages = numStages
    this.extras = extras
    this.#sums = new Float64Array(costs.length + 1)
    let largest = 0
    for (let i = 0; i < costs.length; i++) {
      this.#sums[i + 1] = this.#sums[i]! + costs[i]!
      largest = Math.max(largest, costs[i]!)
    }
    this.#largest = largest
  }

  cut(): readonly number[] {
    const { first, last } = this.extras
    const total = this.#sums[this.layers]! + first + last
    let low = total / this.numStages
    let high = low + this.#largest + first + last
    // 40 halvings: the limit is known to a trillionth of a stage.
    for (let i = 0; i < 40 && high - low > 1e-9 * high; i++) {
      const middle = (low + high) / 2
      if (this.fits(0, 0, middle)) high = middle
      else low = middle
    }
    return this.#spread(high)
  }

  /** Whether the layers from `begin` on fill the stages from `stage` on, none above the limit. */
  protected fits(stage: number, begin: number, limit: number): boolean {
    let end = this.layers
    for (let s = this.numStages - 1; s >= stage; s--) {
      const next = this.#lowestBegin(end, begin + s - stage, limit - this.extraOf(s))
      if (next === end) return false
      end = next
    }
    return end === begin
  }

  /** The first layer of a stage that ends before `end`, costs at most `room` and leaves a layer for each stage before it. */
  #lowestBegin(end: number, least: number, room: number): number {
    const floor = this.#sums[end]! - room
    let low = least
    let high = end
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#sums[middle]! >= floor) high = middle
      else low = middle + 1
    }
    return low
  }

  /** Pieces within the limit, each as near to the mean of what is left as it may be. */
  #spread(limit: number): readonly number[] {
    const stages: number[] = []
    let begin = 0
    for (let stage = 0; stage < this.numStages - 1; stage++) {
      const left = this.numStages - stage
      const own = this.extraOf(stage)
      const mean = (this.#sums[this.layers]! - this.#sums[begin]! + own + this.extras.last) / left
      const most = this.layers - left + 1
      let end = begin + 1
      while (end < most && this.#sums[end + 1]! - this.#sums[begin]! + own <= mean) end++
      // What follows must still fit; until it does, taking more here is allowed up to the limit.
      while (end < most && !this.fits(stage + 1, end, limit)) end++
      stages.push(end - begin)
      begin = end
    }
    return [...stages, this.layers - begin]
  }

  protected extraOf(stage: number): number {
    return (stage === 0 ? this.extras.first : 0) + (stage === this.numStages - 1 ? this.extras.last : 0)
  }
}

/** All layers alike: how many fit in a stage is a division. */
class UniformCut extends Cutter {
  readonly #cost: number

  constructor(costs: ArrayLike<number>, extras: Extras, numStages: number) {
    super(costs, extras, numStages)
    this.#cost = costs[0]!
  }

  protected override fits(stage: number, begin: number, limit: number): boolean {
    const left = this.layers - begin
    const inner = this.#most(limit)
    let room = 0
    let ends = 0
    if (stage === 0) {
      const own = this.#most(limit - this.extras.first)
      if (own < 1) return false
      room += own
      ends++
    }
    const last = this.#most(limit - this.extras.last)
    if (last < 1 || inner < 1) return false
    room += last
    ends++
    const stages = this.numStages - stage
    return stages <= left && room + Math.max(0, stages - ends) * inner >= left
  }

  #most(room: number): number {
    return Math.floor(room / this.#cost + 1e-9)
  }
}
