/** What is known of one cut, computed when first asked and kept: layer costs by recompute, stages by number. */
import type { Recompute, RecomputeModule } from '../training/layout.ts'
import { type FirstLoad, firstLoad } from './memory-pressure.ts'
import type { PipelineOption } from './pipeline-options.ts'
import type { SearchProblem } from './problem.ts'
import {
  FULL_RECOMPUTE,
  moduleOptions,
  NO_RECOMPUTE,
  type RecomputeOption,
  type Relief,
  recomputeOption,
  reliefs,
  secondsOf,
} from './recompute-options.ts'
import type { Cut, CutCosts, Exchange, LayerCost, StateChoice } from './stage-costs.ts'
import { cutEvenly } from './stage-cut.ts'
import { layStages, type ShapeCounts, type Stages } from './stages.ts'

/** Layer costs of a cut, with the exchanges of ZeRO 2 and 3 or without. */
export class Priced {
  /** Nothing recomputed: what layers beside recomputed ones cost. */
  readonly plain: RecomputeOption
  readonly full: RecomputeOption
  /** By shape: no recompute has a longer backward. */
  readonly longest: readonly LayerCost[]
  readonly embedding: LayerCost
  readonly head: LayerCost
  /** Embedding, head and loss of one micro-batch. */
  readonly extraSeconds: number
  readonly #modules: readonly RecomputeModule[]
  readonly #price: (recompute: Recompute) => RecomputeOption
  #reliefs: readonly Relief[] | undefined
  #options: readonly RecomputeOption[] | undefined

  constructor(costs: CutCosts, total: readonly number[], modules: readonly RecomputeModule[], exchange?: Exchange) {
    this.#modules = modules
    this.#price = recompute => recomputeOption(recompute, total, costs, exchange)
    this.plain = this.#price(NO_RECOMPUTE)
    this.full = this.#price(FULL_RECOMPUTE)
    this.longest = this.full.costs.map((cost, shape) => {
      const more = costs.partsSeconds?.(shape) ?? 0
      return more > 0 ? { ...cost, backwardSeconds: cost.backwardSeconds + more } : cost
    })
    this.embedding = costs.embedding(exchange)
    this.head = costs.head(exchange)
    this.extraSeconds = secondsOf(this.embedding) + secondsOf(this.head)
  }

  only(recompute: Recompute): RecomputeOption {
    return recompute.kind === 'none' ? this.plain : this.#price(recompute)
  }

  get reliefs(): readonly Relief[] {
    this.#reliefs ??= reliefs(this.#modules, this.plain, this.#price)
    return this.#reliefs
  }

  /** Of modules; fastest first. */
  get options(): readonly RecomputeOption[] {
    this.#options ??= moduleOptions(this.reliefs, this.plain, this.#price)
    return this.#options
  }
}

export class CutEntry {
  readonly cut: Cut
  readonly costs: CutCosts
  readonly #problem: SearchProblem
  readonly #counts: ShapeCounts
  readonly #priced = new Map<string, Priced>()
  readonly #numbers = new Map<number, readonly number[]>()
  readonly #laid = new Map<number, Stages>()
  readonly #ranks = new Map<Stages, Map<Priced, Map<string, unknown>>>()
  readonly #firstLoads = new Map<Stages, FirstLoad>()
  #layerSeconds: Float64Array | undefined

  constructor(problem: SearchProblem, counts: ShapeCounts, cut: Cut) {
    this.cut = cut
    this.#problem = problem
    this.#counts = counts
    this.costs = problem.costs.cut(cut)
  }

  priced(modules: readonly RecomputeModule[], exchange?: Exchange): Priced {
    const key = exchange ? keyOf(exchange) : ''
    let priced = this.#priced.get(key)
    if (!priced) {
      priced = new Priced(this.costs, this.#counts.total, modules, exchange)
      this.#priced.set(key, priced)
    }
    return priced
  }

  /** Kept for later questions: the same stages, exchanges and copies are asked about again and again. */
  ranks<Kept>(stages: Stages, priced: Priced, key: string, make: () => Kept): Kept {
    let ofStages = this.#ranks.get(stages)
    if (!ofStages) {
      ofStages = new Map()
      this.#ranks.set(stages, ofStages)
    }
    let ofPriced = ofStages.get(priced)
    if (!ofPriced) {
      ofPriced = new Map()
      ofStages.set(priced, ofPriced)
    }
    const known = (ofPriced.get(key) as Kept | undefined) ?? make()
    ofPriced.set(key, known)
    return known
  }

  firstLoad(stages: Stages): FirstLoad {
    let load = this.#firstLoads.get(stages)
    if (!load) {
      load = firstLoad(this.costs, this.#counts, stages)
      this.#firstLoads.set(stages, load)
    }
    return load
  }

  /** The layers in even stages, by times without recompute and exchanges: one cut for all, since those slow all layers alike. */
  stages(pipeline: number, option: PipelineOption): Stages {
    const key = (pipeline * 64 + option.chunks) * 4 + placement(option)
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

/** Schedules that lay stages alike share them. */
const placement = ({ schedule }: PipelineOption): number =>
  schedule === 'dualpipe' ? 0 : schedule === 'zbv' || schedule === 'dualpipev' ? 1 : 2
