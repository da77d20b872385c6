/**
 * All layouts of one cut and one grid: schedules, recompute, states. Time from below and memory come from sums over the stages, so that a
 * layout costs some hundred nanoseconds. What does not fit or cannot win is counted; the rest goes to `offer`.
 */
import type { Layout, Recompute } from '../training/layout.ts'
import type { CutEntry } from './cut-entry.ts'
import { pipelineBound } from './pipeline-bound.ts'
import { type PipelineOption, pipelineOptions } from './pipeline-options.ts'
import { type PricedState, pricedStates } from './priced-states.ts'
import { devicesUsed, type Question, type SearchProblem } from './problem.ts'
import type { RecomputeOption } from './recompute-options.ts'
import type { Grid, StateChoice } from './stage-costs.ts'
import { activationBytes, type PartialRecompute, stageSeconds, whole } from './stage-sums.ts'
import type { ShapeCounts, Stages } from './stages.ts'
import { stateChoices } from './state-options.ts'

export interface Scored {
  readonly layout: Layout
  /** The layout takes at least so long. */
  readonly leastSeconds: number
  readonly neededBytes: number
}

/** Counts over many nodes. */
export interface Tally {
  scored: number
  tooSlow: number
  tooLarge: number
  /** Of the layouts that are too large, the one that comes nearest. */
  nearestBytes: number
  nearest: Layout | undefined
}

export interface Node {
  readonly problem: SearchProblem
  readonly question: Question
  readonly counts: ShapeCounts
  readonly recomputes: readonly Recompute[]
  readonly entry: CutEntry
  readonly grid: Grid
  readonly microBatches: number
}

export interface Sink {
  readonly tally: Tally
  /** At or above it nothing is wanted. */
  limit(): number
  offer(scored: Scored): void
}

export function scoreNode(node: Node, sink: Sink): void {
  const { problem, question, entry, grid, counts, microBatches } = node
  const { without = {} } = question
  const fastest = entry.options(node.recomputes)[0]!
  const choices = stateChoices(problem, grid).filter(
    ({ zero, shardRanks, offload }) =>
      zero !== without.zero && shardRanks !== without.shardRanks && offload !== without.offload,
  )
  if (choices.length === 0) return
  const pricedByStages = new Map<Stages, readonly PricedState[]>()
  for (const option of pipelineOptions(problem, grid.pipeline, microBatches)) {
    if (option.schedule === without.schedule || option.chunks === without.chunks) continue
    const stages = entry.stages(grid.pipeline, option, fastest)
    const states = (): readonly PricedState[] => {
      let priced = pricedByStages.get(stages)
      if (!priced) {
        priced = pricedStates(problem, entry, counts, grid, stages, fastest, choices)
        pricedByStages.set(stages, priced)
      }
      return priced
    }
    scorePipeline(node, sink, option, stages, choices.length, states)
  }
}

function scorePipeline(
  node: Node,
  sink: Sink,
  option: PipelineOption,
  stages: Stages,
  numChoices: number,
  states: () => readonly PricedState[],
): void {
  const { problem, question, entry, grid, microBatches } = node
  const without = question.without?.recompute as Recompute | undefined
  const stretch = problem.costs.stretch(devicesUsed(grid))
  const options = entry.options(node.recomputes)
  for (const recompute of options) {
    if (without && without.kind === recompute.recompute.kind && sameRecompute(without, recompute.recompute)) continue
    const even = (microBatches * (recompute.layerSeconds + entry.extraSeconds)) / grid.pipeline
    const isPartial = isPartialRecompute(problem, recompute, stages)
    if (!isPartial && stretch * even >= sink.limit()) {
      sink.tally.tooSlow += numChoices
      continue
    }
    const score = new PipelineScore(node, option, stages, stretch)
    if (isPartial) score.partial(sink, recompute, entry.plain, states())
    else score.whole(sink, recompute, states(), numChoices)
  }
}

/** Full recompute may stop after some layers of each stage, unless the user fixed how many. */
const isPartialRecompute = ({ fixed }: SearchProblem, { recompute }: RecomputeOption, { longest }: Stages): boolean =>
  recompute.kind === 'full' && fixed.recompute === undefined && longest > 1

class PipelineScore {
  readonly #node: Node
  readonly #option: PipelineOption
  readonly #stages: Stages
  readonly #stretch: number
  readonly #send: number
  readonly #capacity: number

  constructor(node: Node, option: PipelineOption, stages: Stages, stretch: number) {
    this.#node = node
    this.#option = option
    this.#stages = stages
    this.#stretch = stretch
    this.#send = node.grid.pipeline > 1 ? node.entry.costs.sendSeconds(node.grid) : 0
    this.#capacity = Math.min(node.problem.costs.capacityBytes, node.question.memoryBytes ?? Number.POSITIVE_INFINITY)
  }

  /** The fastest states that fit. */
  whole(sink: Sink, recompute: RecomputeOption, states: readonly PricedState[], numChoices: number): void {
    const { tally } = sink
    const partial = whole(recompute)
    const bound = this.#bound(partial)
    tally.tooSlow += numChoices - states.length
    if (this.#stretch * bound >= sink.limit()) {
      tally.tooSlow += states.length
      return
    }
    const activations = this.#activations(partial)
    for (const [i, state] of states.entries()) {
      const least = this.#stretch * (bound + state.seconds)
      tally.scored++
      if (least >= sink.limit()) {
        tally.tooSlow += states.length - i - 1
        return
      }
      const needed = this.#needed(activations, state)
      if (needed <= this.#capacity) {
        sink.offer({ layout: this.#layout(recompute.recompute, state.choice), leastSeconds: least, neededBytes: needed })
        tally.tooSlow += states.length - i - 1
        return
      }
      this.#tooLarge(tally, needed, recompute.recompute, state.choice)
    }
  }

  /** For each choice of states the fewest recomputed layers that fit: fewer need more memory, more take more time. */
  partial(sink: Sink, full: RecomputeOption, none: RecomputeOption, states: readonly PricedState[]): void {
    const { longest } = this.#stages
    const { tally } = sink
    for (const state of states) {
      const at = (layers: number): PartialRecompute => ({ option: full, layers, rest: none })
      const fits = (layers: number): number => this.#needed(this.#activations(at(layers)), state)
      tally.scored++
      const least = fits(longest)
      if (least > this.#capacity) {
        this.#tooLarge(tally, least, full.recompute, state.choice)
        continue
      }
      let [low, high, needed] = [1, longest, least]
      while (low < high) {
        const middle = (low + high) >> 1
        const bytes = fits(middle)
        tally.scored++
        if (bytes <= this.#capacity) [high, needed] = [middle, bytes]
        else low = middle + 1
      }
      const leastSeconds = this.#stretch * (this.#bound(at(low)) + state.seconds)
      const recompute: Recompute = low === longest ? full.recompute : { kind: 'full', layers: low }
      if (leastSeconds < sink.limit())
        sink.offer({ layout: this.#layout(recompute, state.choice), leastSeconds, neededBytes: needed })
      else tally.tooSlow++
    }
  }

  #bound(partial: PartialRecompute): number {
    const { entry, counts, grid, microBatches } = this.#node
    const seconds = stageSeconds(entry, counts, this.#stages, partial)
    return pipelineBound(this.#option, grid.pipeline, microBatches, this.#stages, seconds, this.#send)
  }

  #activations(partial: PartialRecompute): Float64Array {
    const { entry, counts, grid, microBatches } = this.#node
    return activationBytes(entry, counts, this.#option, this.#stages, partial, grid.pipeline, microBatches)
  }

  #needed(activations: Float64Array, { bytes }: PricedState): number {
    let most = 0
    for (let rank = 0; rank < activations.length; rank++) most = Math.max(most, activations[rank]! + bytes[rank]!)
    return this.#node.problem.costs.neededBytes(this.#node.grid, most)
  }

  #tooLarge(tally: Tally, needed: number, recompute: Recompute, choice: StateChoice): void {
    tally.tooLarge++
    if (needed >= tally.nearestBytes) return
    tally.nearestBytes = needed
    tally.nearest = this.#layout(recompute, choice)
  }

  #layout(recompute: Recompute, { zero, shardRanks, offload }: StateChoice): Layout {
    const { grid } = this.#node
    return {
      data: grid.data,
      context: grid.context,
      tensor: grid.tensor,
      pipeline: grid.pipeline,
      expert: grid.expert,
      expertTensor: grid.expertTensor,
      schedule: this.#option.schedule,
      chunks: this.#option.chunks,
      stages: this.#stages.stages,
      microBatch: grid.microBatch,
      sequenceParallel: grid.sequenceParallel,
      contextMethod: grid.contextMethod,
      zero,
      shardRanks,
      recompute,
      offload,
      dispatcher: grid.dispatcher,
    }
  }
}

export function sameRecompute(a: Recompute, b: Recompute): boolean {
  if (a.kind === 'modules' && b.kind === 'modules') return a.modules.join() === b.modules.join()
  return a.kind === b.kind
}
