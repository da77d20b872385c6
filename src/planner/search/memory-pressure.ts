/**
 * What memory and time leave of a schedule's recomputes, from below and from the first rank alone, which holds the most micro-batches: a few
 * multiplications in place of sums over all stages, so that most of what cannot win is gone before those are made.
 */
import { inFlight } from '../schedule/in-flight.ts'
import type { PipelineOption } from './pipeline-options.ts'
import { type RecomputeOption, type Relief, secondsOf } from './recompute-options.ts'
import type { CutCosts, Elements, LayerCost } from './stage-costs.ts'
import type { ShapeCounts, Stages } from './stages.ts'

/** What the first rank holds: layers by shape, and parameters. The same for all exchanges and numbers of micro-batches. */
export interface FirstLoad {
  readonly elements: Elements
  readonly layers: Int32Array
}

export function firstLoad(
  costs: CutCosts,
  counts: ShapeCounts,
  { stages, firstLayer, rankOfPlace }: Stages,
): FirstLoad {
  const layers = new Int32Array(counts.shapes)
  let { dense, experts } = costs.embeddingElements
  for (let place = 0; place < rankOfPlace.length; place++) {
    if (rankOfPlace[place] !== 0) continue
    const stage = place % stages.length
    const first = firstLayer[stage]!
    for (let shape = 0; shape < counts.shapes; shape++) {
      const count = counts.between(shape, first, first + stages[stage]!)
      if (count === 0) continue
      layers[shape] = layers[shape]! + count
      const own = costs.elements(shape)
      dense += count * own.dense
      experts += count * own.experts
    }
  }
  return { elements: { dense, experts }, layers }
}

export class FirstRank {
  readonly elements: Elements
  /** Micro-batches of all its layers. */
  readonly #flying: number
  readonly #layers: Int32Array
  /** Stages that the rank holds. */
  readonly #held: number
  readonly #embedding: LayerCost

  constructor(
    { elements, layers }: FirstLoad,
    option: PipelineOption,
    { rankOfPlace }: Stages,
    embedding: LayerCost,
    pipeline: number,
    microBatches: number,
  ) {
    this.#layers = layers
    this.#embedding = embedding
    this.elements = elements
    const shape = { pipeline, chunks: option.chunks, microBatches }
    this.#held = rankOfPlace.length / pipeline
    this.#flying = inFlight(option.schedule, 0, shape) / this.#held
  }

  /** Of one micro-batch with this recompute, at least; infinite where `room` bytes do not hold its activations. */
  seconds({ costs }: RecomputeOption, room: number): number {
    let kept = this.#embedding.keptBytes
    let seconds = secondsOf(this.#embedding)
    for (let shape = 0; shape < costs.length; shape++) {
      kept += this.#layers[shape]! * costs[shape]!.keptBytes
      seconds += this.#layers[shape]! * secondsOf(costs[shape]!)
    }
    return this.#flying * kept > room ? Number.POSITIVE_INFINITY : seconds
  }

  /** The fewest recomputed layers of each stage that may fit; infinite where none do. */
  leastLayers(full: RecomputeOption, plain: RecomputeOption, room: number): number {
    if (this.seconds(full, room) === Number.POSITIVE_INFINITY) return Number.POSITIVE_INFINITY
    let kept = this.#embedding.keptBytes
    let mostFreed = 0
    for (let shape = 0; shape < plain.costs.length; shape++) {
      const own = plain.costs[shape]!.keptBytes
      kept += this.#layers[shape]! * own
      mostFreed = Math.max(mostFreed, own - full.costs[shape]!.keptBytes)
    }
    const excess = kept - room / this.#flying
    return excess <= 0 ? 1 : Math.max(1, Math.ceil(excess / mostFreed / this.#held - 1e-9))
  }

  /**
   * The same with any subset of modules, from below: what must be freed is freed by those that free most a second, the last of them in part.
   * Replays together start fewer kernels one after the other than apart, hence the tenth less.
   */
  relieved(reliefs: readonly Relief[], plain: RecomputeOption, room: number): number {
    let kept = this.#embedding.keptBytes
    for (let shape = 0; shape < plain.costs.length; shape++)
      kept += this.#layers[shape]! * plain.costs[shape]!.keptBytes
    const least = this.seconds(plain, Number.POSITIVE_INFINITY)
    let excess = kept - room / this.#flying
    if (excess <= 0) return least
    let extra = 0
    for (const { freed, seconds } of this.#reliefs(reliefs, plain)) {
      const part = Math.min(1, excess / freed)
      extra += 0.9 * part * seconds
      excess -= part * freed
      if (part < 1) return least + extra
    }
    return excess > 0 ? Number.POSITIVE_INFINITY : least + extra
  }

  /** What each module frees on this rank, cheapest first. */
  #reliefs(reliefs: readonly Relief[], plain: RecomputeOption): readonly { freed: number; seconds: number }[] {
    return reliefs
      .map(({ option }) => {
        let freed = 0
        let seconds = 0
        for (let shape = 0; shape < plain.costs.length; shape++) {
          const layers = this.#layers[shape]!
          freed += layers * (plain.costs[shape]!.keptBytes - option.costs[shape]!.keptBytes)
          seconds += layers * (secondsOf(option.costs[shape]!) - secondsOf(plain.costs[shape]!))
        }
        return { freed, seconds: Math.max(0, seconds) }
      })
      .filter(({ freed }) => freed > 0)
      .sort((a, b) => a.seconds / a.freed - b.seconds / b.freed)
  }
}
