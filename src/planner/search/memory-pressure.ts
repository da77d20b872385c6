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
    this.#flying = (inFlight(option.schedule, 0, shape) * pipeline) / rankOfPlace.length
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

  /** The same where only as much is recomputed as must be. */
  leastSeconds(full: RecomputeOption, plain: RecomputeOption, room: number): number {
    const most = this.seconds(full, room)
    if (most === Number.POSITIVE_INFINITY) return most
    let kept = this.#embedding.keptBytes
    let freed = 0
    for (let shape = 0; shape < plain.costs.length; shape++) {
      kept += this.#layers[shape]! * plain.costs[shape]!.keptBytes
      freed += this.#layers[shape]! * (plain.costs[shape]!.keptBytes - full.costs[shape]!.keptBytes)
    }
    const share = (kept - room / this.#flying) / freed
    const least = this.seconds(plain, Number.POSITIVE_INFINITY)
    return share > 0 && plain.costs.length === 1 ? least + share * (most - least) : least
  }
}
