/** What is known of one cut, computed when first asked and kept: layer costs by recompute, stages by number. */
import type { Recompute } from '../training/layout.ts'
import type { PipelineOption } from './pipeline-options.ts'
import type { SearchProblem } from './problem.ts'
import {
  NO_RECOMPUTE,
  type RecomputeOption,
  recomputeOption,
  recomputeOptions,
  secondsOf,
} from './recompute-options.ts'
import type { Cut, CutCosts, Exchange, LayerCost, StateChoice } from './stage-costs.ts'
import { cutEvenly } from './stage-cut.ts'
import { layStages, type ShapeCounts, type Stages } from './stages.ts'

/** Layer costs of a cut, with the exchanges of ZeRO 2 and 3 or without. */
export interface Priced {
  /** Fastest first. */
  readonly options: readonly RecomputeOption[]
  /** What layers beside recomputed ones cost. */
  readonly plain: RecomputeOption
  readonly embedding: LayerCost
  readonly head: LayerCost
  /** Embedding, head and loss of one micro-batch. */
  readonly extraSeconds: number
}

export class CutEntry {
  readonly cut: Cut
  readonly costs: CutCosts
  readonly #problem: SearchProblem
  readonly #counts: ShapeCounts
  readonly #priced = new Map<string, Priced>()
  readonly #numbers = new Map<number, readonly number[]>()
  readonly #laid = new Map<string, Stages>()
  #layerSeconds: Float64Array | undefined

  constructor(problem: SearchProblem, counts: ShapeCounts, cut: Cut) {
    this.cut = cut
    this.#problem = problem
    this.#counts = counts
    this.costs = problem.costs.cut(cut)
  }

  priced(recomputes: readonly Recompute[], exchange?: Exchange): Priced {
    const key = exchange ? keyOf(exchange) : ''
    let priced = this.#priced.get(key)
    if (!priced) {
      const { total } = this.#counts
      const embedding = this.costs.embedding(exchange)
      const head = this.costs.head(exchange)
      const options = recomputeOptions(recomputes, total, this.costs, exchange)
      const plainOption =
        options.find(({ recompute }) => recompute.kind === 'none') ??
        recomputeOption(NO_RECOMPUTE, total, this.costs, exchange)
      priced = {
        options,
        plain: plainOption,
        embedding,
        head,
        extraSeconds: secondsOf(embedding) + secondsOf(head),
      }
      this.#priced.set(key, priced)
    }
    return priced
  }

  /** The layers in even stages, by times without recompute and exchanges: one cut for all, since those slow all layers alike. */
  stages(pipeline: number, option: PipelineOption): Stages {
    const key = `${pipeline}/${option.chunks}/${placement(option)}`
    let laid = this.#laid.get(key)
    if (!laid) {
      laid = layStages(pipeline, option, this.#problem.fixed.stages ?? this.#even(pipeline * option.chunks))
      this.#laid.set(key, laid)
    }
    return laid
  }

  #even(numStages: number): readonly number[] {
    let numbers = this.#numbers.get(numStages)
    if (!numbers) {
      const { layers, shapes } = this.#problem.model
      if (!this.#layerSeconds) {
        const ofShape = shapes.map((_, shape) => secondsOf(this.costs.layer(shape, NO_RECOMPUTE)))
        this.#layerSeconds = Float64Array.from(layers, shape => ofShape[shape]!)
      }
      const extras = { first: secondsOf(this.costs.embedding()), last: secondsOf(this.costs.head()) }
      numbers = cutEvenly(this.#layerSeconds, extras, numStages)
      this.#numbers.set(numStages, numbers)
    }
    return numbers
  }
}

const keyOf = ({ grid, choice }: Exchange): string =>
  `${grid.pipeline}/${grid.data}/${choice.zero}/${choice.shardRanks}`

/** Undefined where micro-batches exchange nothing. */
export const exchangeOf = (grid: Exchange['grid'], choice: StateChoice): Exchange | undefined =>
  choice.zero >= 2 && choice.shardRanks > 1 ? { grid, choice } : undefined

const placement = ({ schedule }: PipelineOption): string =>
  schedule === 'dualpipe' ? 'both' : schedule === 'zbv' || schedule === 'dualpipev' ? 'v' : 'loop'
