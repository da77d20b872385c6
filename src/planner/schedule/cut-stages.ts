/**
 * Which layers each stage of a pipeline gets: consecutive ones, so that the slowest stage is as fast as any cut can make it, and among
 * all such cuts the most even one. Embedding and head are no layers but weigh on the first and last stage (the head of a small model
 * with a large vocabulary weighs several layers), so an even count of layers is seldom the best cut.
 */
import { invariant } from '../../base/invariant.ts'

export interface CutOptions {
  /** Cost of what the first stage has on top of its layers (embedding), and the last (head and loss). */
  readonly first?: number
  readonly last?: number
  /** By stage: how much longer the same work takes there; 1 unless given (heterogeneous fleets). */
  readonly slowness?: ArrayLike<number>
  /** Layers that a stage has at least; 1 unless given. */
  readonly least?: number
}

/** Layers of each stage, in the order in which a micro-batch passes them. */
export function cutStages(layerCosts: ArrayLike<number>, numStages: number, options: CutOptions = {}): number[] {
  const cut = new Cut(layerCosts, numStages, options)
  invariant(layerCosts.length >= numStages * cut.least, `${layerCosts.length} layers do not fill ${numStages} stages`)
  return cut.evenUnder(cut.bottleneck())
}

/** Cost of the slowest stage of a cut. */
export function slowestStage(
  layerCosts: ArrayLike<number>,
  stages: readonly number[],
  options: CutOptions = {},
): number {
  const cut = new Cut(layerCosts, stages.length, options)
  let to = 0
  return Math.max(
    ...stages.map((layers, stage) => {
      to += layers
      return cut.cost(stage, to - layers, to)
    }),
  )
}

class Cut {
  readonly least: number
  readonly #stages: number
  readonly #layers: number
  /** Cost of the first n layers. */
  readonly #sum: Float64Array
  readonly #options: CutOptions

  constructor(layerCosts: ArrayLike<number>, stages: number, options: CutOptions) {
    this.least = options.least ?? 1
    this.#stages = stages
    this.#layers = layerCosts.length
    this.#options = options
    this.#sum = new Float64Array(layerCosts.length + 1)
    for (let i = 0; i < layerCosts.length; i++) this.#sum[i + 1] = this.#sum[i]! + layerCosts[i]!
  }

  /** Of layers [from, to) as that stage. */
  cost(stage: number, from: number, to: number): number {
    const { first = 0, last = 0, slowness } = this.#options
    const extras = (stage === 0 ? first : 0) + (stage === this.#stages - 1 ? last : 0)
    return (this.#sum[to]! - this.#sum[from]! + extras) * (slowness?.[stage] ?? 1)
  }

  /**
   * best[to]: the lowest bottleneck of the stages so far over the first `to` layers. With one more stage of layers [from, to) it is
   * max(best[from], cost), of which the first grows with `from` and the second falls: the lowest is where they cross, and that place
   * moves only forward with `to`.
   */
  bottleneck(): number {
    const { least } = this
    let best = new Float64Array(this.#layers + 1).fill(Number.POSITIVE_INFINITY)
    best[0] = 0
    for (let stage = 0; stage < this.#stages; stage++) {
      const next = new Float64Array(this.#layers + 1).fill(Number.POSITIVE_INFINITY)
      const [start, end] = this.#range(stage)
      let from = stage * least
      for (let to = start; to <= end; to++) {
        const value = (i: number): number => Math.max(best[i]!, this.cost(stage, i, to))
        while (from + 1 <= to - least && value(from + 1) <= value(from)) from++
        next[to] = value(from)
      }
      best = next
    }
    return best[this.#layers]!
  }

  /** The cut with the smallest sum of squared costs in which no stage costs more than `most`; a tie takes more layers to the front. */
  evenUnder(most: number): number[] {
    const limit = most * (1 + 1e-12)
    const width = this.#layers + 1
    let best = new Float64Array(width).fill(Number.POSITIVE_INFINITY)
    best[0] = 0
    const cutAt = new Int32Array(this.#stages * width)
    for (let stage = 0; stage < this.#stages; stage++) {
      const next = new Float64Array(width).fill(Number.POSITIVE_INFINITY)
      const [start, end] = this.#range(stage)
      for (let to = start; to <= end; to++) {
        for (let from = to - this.least; from >= stage * this.least; from--) {
          const cost = this.cost(stage, from, to)
          if (cost > limit) break
          const squares = best[from]! + cost * cost
          if (squares < next[to]! * (1 - 1e-12)) {
            next[to] = squares
            cutAt[stage * width + to] = from
          }
        }
      }
      best = next
    }
    return this.#walkBack(cutAt)
  }

  #walkBack(cutAt: Int32Array): number[] {
    const layers = new Array<number>(this.#stages)
    let to = this.#layers
    for (let stage = this.#stages - 1; stage >= 0; stage--) {
      const from = cutAt[stage * (this.#layers + 1) + to]!
      layers[stage] = to - from
      to = from
    }
    return layers
  }

  /** Where the stage may end: each one before it and after it needs its least. */
  #range(stage: number): [number, number] {
    const after = this.#stages - 1 - stage
    return after === 0 ? [this.#layers, this.#layers] : [(stage + 1) * this.least, this.#layers - after * this.least]
  }
}
