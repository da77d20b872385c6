/** What is known of one cut, computed when first asked and kept: layer costs by recompute, stages by number. */
import type { Recompute } from '../training/layout.ts'
import type { PipelineOption } from './pipeline-options.ts'
import type { SearchProblem } from './problem.ts'
import { NO_RECOMPUTE, type RecomputeOption, recomputeOption, recomputeOptions, secondsOf } from './recompute-options.ts'
import type { Cut, CutCosts } from './stage-costs.ts'
import { cutEvenly } from './stage-cut.ts'
import { layStages, type ShapeCounts, type Stages } from './stages.ts'

export class CutEntry {
  readonly cut: Cut
  readonly costs: CutCosts
  readonly #problem: SearchProblem
  readonly #counts: ShapeCounts
  readonly #numbers = new Map<number, readonly number[]>()
  readonly #laid = new Map<string, Stages>()
  #options: readonly RecomputeOption[] | undefined
  #plain: RecomputeOption | undefined
  #layerSeconds: Float64Array | undefined

  constructor(problem: SearchProblem, counts: ShapeCounts, cut: Cut) {
    this.cut = cut
    this.#problem = problem
    this.#counts = counts
    this.costs = problem.costs.cut(cut)
  }

  /** Fastest first. */
  options(recomputes: readonly Recompute[]): readonly RecomputeOption[] {
    this.#options ??= recomputeOptions(recomputes, this.#counts.total, this.costs)
    return this.#options
  }

  /** What layers beside recomputed ones cost. */
  get plain(): RecomputeOption {
    this.#plain ??= recomputeOption(NO_RECOMPUTE, this.#counts.total, this.costs)
    return this.#plain
  }

  /** Embedding, head and loss of one micro-batch. */
  get extraSeconds(): number {
    return secondsOf(this.costs.embedding) + secondsOf(this.costs.head)
  }

  /** The layers in even stages, by the times of the fastest recompute: one cut for all recomputes, since they slow all layers alike. */
  stages(pipeline: number, option: PipelineOption, fastest: RecomputeOption): Stages {
    const key = `${pipeline}/${option.chunks}/${placement(option)}`
    let laid = this.#laid.get(key)
    if (!laid) {
      laid = layStages(pipeline, option, this.#even(pipeline * option.chunks, fastest))
      this.#laid.set(key, laid)
    }
    return laid
  }

  #even(numStages: number, fastest: RecomputeOption): readonly number[] {
    let numbers = this.#numbers.get(numStages)
    if (!numbers) {
      const { layers } = this.#problem.model
      this.#layerSeconds ??= Float64Array.from(layers, shape => secondsOf(fastest.costs[shape]!))
      const extras = { first: secondsOf(this.costs.embedding), last: secondsOf(this.costs.head) }
      numbers = cutEvenly(this.#layerSeconds, extras, numStages)
      this.#numbers.set(numStages, numbers)
    }
    return numbers
  }
}

const placement = ({ schedule }: PipelineOption): string =>
  schedule === 'dualpipe' ? 'both' : schedule === 'zbv' || schedule === 'dualpipev' ? 'v' : 'loop'
