/**
 * All recomputes and states of one cut, grid, schedule and exchange, cheapest checks first: a bound from the first rank alone, then sums over
 * the stages, then states by rank.
 */
import type { Layout, Recompute } from '../training/layout.ts'
import type { Priced } from './cut-entry.ts'
import { FirstRank } from './memory-pressure.ts'
import { capacityOf, type Node, type Sink, type Tally } from './node.ts'
import { pipelineBound } from './pipeline-bound.ts'
import type { PipelineOption } from './pipeline-options.ts'
import type { PricedState } from './priced-states.ts'
import { devicesUsed } from './problem.ts'
import type { Ranks } from './ranks.ts'
import type { RecomputeOption } from './recompute-options.ts'
import type { StateChoice } from './stage-costs.ts'
import { activationBytes, type PartialRecompute, stageSeconds, whole as wholeRecompute } from './stage-sums.ts'
import type { Stages } from './stages.ts'

export class PipelineScore {
  readonly #node: Node
  readonly #option: PipelineOption
  readonly #stages: Stages
  readonly #priced: Priced
  readonly #ranks: Ranks
  readonly #choices: readonly StateChoice[]
  readonly #numChoices: number
  readonly #stretch: number
  readonly #send: number
  readonly #capacity: number
  readonly #outside: number
  #room = 0

  constructor(
    node: Node,
    option: PipelineOption,
    stages: Stages,
    priced: Priced,
    ranks: Ranks,
    choices: readonly StateChoice[],
  ) {
    this.#node = node
    this.#option = option
    this.#stages = stages
    this.#priced = priced
    this.#ranks = ranks
    this.#choices = choices
    this.#numChoices = choices.length
    this.#stretch = node.problem.costs.stretch(devicesUsed(node.grid))
    this.#outside = node.problem.costs.outsideBytes(node.grid)
    this.#send = node.grid.pipeline > 1 ? node.entry.costs.sendSeconds(node.grid) : 0
    this.#capacity = capacityOf(node)
  }

  all(sink: Sink): void {
    const { problem, question } = this.#node
    const { plain, full } = this.#priced
    const first = this.#firstRank()
    const { recompute: fixed } = problem.fixed
    const isLeftOut = (recompute: Recompute): boolean =>
      question.without?.recompute !== undefined && sameRecompute(question.without.recompute as Recompute, recompute)
    if (fixed) {
      const only = this.#priced.only(fixed)
      if (fixed.kind === 'full' && fixed.layers !== undefined) this.#fixedLayers(sink, only, fixed.layers)
      else this.#wholeIfPromising(sink, only, first.seconds(only, this.#room))
      return
    }
    // If nothing need be recomputed beside the fastest states, anything else is slower.
    if (!isLeftOut(plain.recompute) && this.#wholeIfPromising(sink, plain, first.seconds(plain, this.#room))) return
    if (!isLeftOut(full.recompute)) {
      // Full recompute may stop after some layers of each stage.
      if (this.#stages.longest > 1) this.#partial(sink, full, first.leastLayers(full, plain, this.#room))
      else this.#wholeIfPromising(sink, full, first.seconds(full, this.#room))
    }
    if (!this.#modulesMayWin(sink, first)) return
    for (const option of this.#priced.options)
      if (!isLeftOut(option.recompute)) this.#wholeIfPromising(sink, option, first.seconds(option, this.#room))
  }

  #modulesMayWin(sink: Sink, first: FirstRank): boolean {
    const { problem, microBatches, grid } = this.#node
    const { plain, extraSeconds } = this.#priced
    const even = (plain.layerSeconds + extraSeconds) / grid.pipeline
    if (this.#least(microBatches * even, 0) >= sink.limit()) return false
    const bound = this.#bound(wholeRecompute(plain))
    if (this.#least(bound, 0) >= sink.limit()) return false
    const { reliefs } = this.#priced
    if (reliefs.length === 0) return false
    const lightest = first.relieved(reliefs, plain, this.#room)
    if (lightest === Number.POSITIVE_INFINITY) return false
    if (this.#stages.timeShare === 1 && this.#least(microBatches * lightest, 0) >= sink.limit()) return false
    const capacity = problem.costs.allocatable(this.#capacity - this.#outside)
    return this.#ranks.known.states.some(state => {
      const atFirst = first.relieved(reliefs, plain, capacity - state.bytes[0]!)
      const busy = this.#stages.timeShare < 1 && atFirst < Number.POSITIVE_INFINITY ? even : atFirst
      return this.#least(Math.max(bound, microBatches * busy), state.leastSeconds) < sink.limit()
    })
  }

  /** Full recompute of as many layers as the user says. */
  #fixedLayers({ tally, limit, offer }: Sink, full: RecomputeOption, layers: number): void {
    const partial = { option: full, layers }
    const bound = this.#bound(partial)
    const activations = this.#activations(partial)
    for (const state of this.#ranks.known.states) {
      tally.scored++
      const neededBytes = this.#needed(activations, full, state)
      const leastSeconds = this.#least(bound, state.leastSeconds)
      if (neededBytes > this.#capacity) this.#tooLarge(tally, neededBytes, full.recompute, state.choice)
      else if (leastSeconds < limit())
        offer({ layout: this.#layout(full.recompute, state.choice), leastSeconds, neededBytes })
    }
  }

  /** Whether it fits beside the fastest states. */
  #wholeIfPromising(sink: Sink, recompute: RecomputeOption, atFirst: number): boolean {
    const { grid, microBatches } = this.#node
    const even = (recompute.layerSeconds + this.#priced.extraSeconds) / grid.pipeline
    // With dualpipe two directions share a rank's time.
    const busy = this.#stages.timeShare < 1 ? even : Math.max(even, atFirst)
    if (atFirst === Number.POSITIVE_INFINITY) sink.tally.tooLarge += this.#numChoices
    else if (this.#least(microBatches * busy, 0) >= sink.limit()) sink.tally.tooSlow += this.#numChoices
    else return this.#whole(sink, recompute)
    return false
  }

  /** The first rank, and what the lightest states leave it for activations. */
  #firstRank(): FirstRank {
    const { problem, entry, grid, microBatches } = this.#node
    const { embedding } = this.#priced
    const load = entry.firstLoad(this.#stages)
    const first = new FirstRank(load, this.#option, this.#stages, embedding, grid.pipeline, microBatches)
    let states = Number.POSITIVE_INFINITY
    for (const choice of this.#choices)
      states = Math.min(states, problem.costs.stateBytes(grid, choice, first.elements).bytes)
    this.#room = problem.costs.allocatable(this.#capacity - this.#outside) - states
    return first
  }

  /** The fastest states that fit. */
  #whole({ tally, limit, offer }: Sink, recompute: RecomputeOption): boolean {
    const partial = wholeRecompute(recompute)
    const bound = this.#bound(partial)
    if (this.#least(bound, 0) >= limit()) {
      tally.tooSlow += this.#numChoices
      return false
    }
    const { states } = this.#ranks.known
    const isPlain = recompute === this.#priced.plain
    tally.tooSlow += this.#numChoices - states.length
    const activations = this.#activations(partial)
    for (const [i, state] of states.entries()) {
      const leastSeconds = this.#least(bound, isPlain ? state.seconds : state.leastSeconds)
      tally.scored++
      if (leastSeconds >= limit()) {
        tally.tooSlow += states.length - i
        return false
      }
      const neededBytes = this.#needed(activations, recompute, state)
      if (neededBytes <= this.#capacity) {
        offer({ layout: this.#layout(recompute.recompute, state.choice), leastSeconds, neededBytes })
        tally.tooSlow += states.length - i - 1
        return i === 0
      }
      this.#tooLarge(tally, neededBytes, recompute.recompute, state.choice)
    }
    return false
  }

  /** For each choice of states the fewest recomputed layers that fit: fewer need more memory, more take more time. */
  #partial({ tally, limit, offer }: Sink, full: RecomputeOption, fewest: number): void {
    const { longest } = this.#stages
    if (fewest > longest) {
      tally.tooLarge += this.#numChoices
      return
    }
    if (this.#least(this.#bound({ option: full, layers: fewest }), 0) >= limit()) {
      tally.tooSlow += this.#numChoices
      return
    }
    for (const state of this.#ranks.known.states) {
      const needs = (layers: number): number => {
        tally.scored++
        return this.#needed(this.#activations({ option: full, layers }), full, state)
      }
      const least = needs(longest)
      if (least > this.#capacity) {
        this.#tooLarge(tally, least, full.recompute, state.choice)
        continue
      }
      let [low, high, neededBytes] = [fewest, longest, least]
      while (low < high) {
        const middle = (low + high) >> 1
        const bytes = needs(middle)
        if (bytes <= this.#capacity) [high, neededBytes] = [middle, bytes]
        else low = middle + 1
      }
      const leastSeconds = this.#least(this.#bound({ option: full, layers: low }), state.leastSeconds)
      const recompute: Recompute = low === longest ? full.recompute : { kind: 'full', layers: low }
      if (leastSeconds < limit()) offer({ layout: this.#layout(recompute, state.choice), leastSeconds, neededBytes })
      else tally.tooSlow++
    }
  }

  #least(pipelineSeconds: number, stateSeconds: number): number {
    return this.#stretch * (pipelineSeconds + stateSeconds + this.#node.problem.costs.stepSeconds)
  }

  #bound(partial: PartialRecompute): number {
    const { counts, grid, microBatches } = this.#node
    const seconds =
      partial.layers === Number.POSITIVE_INFINITY
        ? this.#ranks.seconds(partial.option)
        : stageSeconds(counts, this.#stages, partial, this.#priced)
    return pipelineBound(this.#option, grid.pipeline, microBatches, this.#stages, seconds, this.#send)
  }

  #activations(partial: PartialRecompute): Float64Array {
    const { counts, grid, microBatches } = this.#node
    return activationBytes(counts, this.#option, this.#stages, partial, this.#priced, grid.pipeline, microBatches)
  }

  /** Of the fullest rank. */
  #needed(
    activations: Float64Array,
    { recompute }: RecomputeOption,
    { choice, bytes, strandedBytes }: PricedState,
  ): number {
    const { costs } = this.#node.problem
    const working = this.#ranks.working(recompute, choice)
    let most = 0
    for (let rank = 0; rank < activations.length; rank++) {
      const own = working[rank]!
      const allocated = activations[rank]! + bytes[rank]! + own.bytes
      most = Math.max(most, costs.reservedBytes(allocated, strandedBytes[rank]! + own.strandedBytes))
    }
    return most + this.#outside
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
