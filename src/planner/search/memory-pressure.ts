/**
 * What memory and time leave of a schedule's recomputes, from below and from the first rank alone, which holds the most micro-batches: a few
 * multiplications in place of sums over all stages, so that most of what cannot win is gone before those are made.
 */
import { inFlight } from '../schedule/in-flight.ts'
import type { PipelineOption } from './pipeline-options.ts'
import { type RecomputeOption, secondsOf } from './recompute-options.ts'
import type { CutCosts, Elements, LayerCost } from './stage-costs.ts'
import type { ShapeCounts, Stages } from './stages.ts'

export class FirstRank {
  readonly elements: Elements
  /** Micro-batches of all its layers. */
  readonly #flying: number
  readonly #layers: Int32Array
  /** Stages that the rank holds. */
  readonly #held: number
  readonly #embedding: LayerCost

  constructor(
    costs: CutCosts,
    counts: ShapeCounts,
    option: PipelineOption,
    { stages, firstLayer, rankOfPlace }: Stages,
    embedding: LayerCost,
    pipeline: number,
    microBatches: number,
  ) {
    this.#layers = new Int32Array(counts.shapes)
    this.#embedding = embedding
    let { dense, experts } = costs.embeddingElements
    for (let place = 0; place < rankOfPlace.length; place++) {
      if (rankOfPlace[place] !== 0) continue
      const stage = place % stages.length
      const first = firstLayer[stage]!
      for (let shape = 0; shape < counts.shapes; shape++) {
        const count = counts.between(shape, first, first + stages[stage]!)
        if (count === 0) continue
        this.#layers[shape] = this.#layers[shape]! + count
        const own = costs.elements(shape)
        dense += count * own.dense
        experts += count * own.experts
      }
    }
    this.elements = { dense, experts }
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
}
