/**
 * The best layout, exactly: branch and bound over all of them. Every cut of a layer has a least time a sequence and device; cuts are taken in
 * that order, grids of a cut from the largest, and both end where that least time cannot beat what is found. Within a node `score-node.ts`
 * bounds schedules, recompute and states; what may still win is predicted as a whole, most promising first. Deterministic: ties fall to
 * the layout that comes first in `compare`.
 */
import type { StepPrediction } from '../cost/prediction.ts'
import type { Rejection } from '../explain/training/analysis.ts'
import type { Layout } from '../training/layout.ts'
import { answers } from './answers.ts'
import { type AxisValues, axisValues, usualValues } from './axis-values.ts'
import { CutEntry } from './cut-entry.ts'
import { layoutKey } from './layout-order.ts'
import { MemoryFloor } from './memory-floor.ts'
import { capacityOf, type Tally } from './node.ts'
import { fillsNodes, mostDevices, type Question, type SearchProblem } from './problem.ts'
import { type RankedCut, RankedCuts } from './ranked-cuts.ts'
import { recomputeModules } from './recompute-options.ts'
import { type Found, mostNeeded, Run } from './run.ts'
import { scoreNode } from './score-node.ts'
import type { Cut } from './stage-costs.ts'
import { ShapeCounts } from './stages.ts'

export { type Found, mostNeeded } from './run.ts'

export interface Answer {
  /** Undefined: nothing fits. */
  readonly found: Found | undefined
  readonly tally: Tally
  readonly nodes: number
  readonly simulated: number
  readonly rejected: readonly Rejection[]
}

const LIMIT_GROWTH = 1.15
/** Beyond what is known not to be beaten. */
const FIRST_STEP = 1.04
const MOST_GROWTH = 4
/** So that what is known is found again. */
const JUST_ABOVE = 1 + 1e-12
/** Cuts whose prices are kept: a few kilobytes each. */
const MOST_KEPT = 3000

/** Keeps what it learns of cuts from one question to the next. */
export class Search {
  readonly problem: SearchProblem
  readonly values: AxisValues
  readonly #counts: ShapeCounts
  readonly #cuts = new Map<AxisValues, RankedCuts>()
  readonly #floor: MemoryFloor
  readonly #entries = new Map<string, CutEntry>()
  readonly #predictions = new Map<string, Found>()
  readonly #gridsOf = new Map<number, readonly GridSize[]>()
  #simulated = 0

  constructor(problem: SearchProblem) {
    this.problem = problem
    this.values = axisValues(problem)
    this.#counts = new ShapeCounts(problem.model)
    this.#floor = new MemoryFloor(problem, this.#counts)
  }

  /**
   * Below the best that is known already, or that a look at the usual cuts finds; where there is none, asked for ever slower steps until one
   * is found: while nothing is known, nothing can be ruled out, so a low limit that fails costs less than none. What is found below a limit
   * is the best there is, since all that might be faster was looked at.
   */
  best(question: Question = {}): Answer {
    const before = this.#simulated
    const { belowSeconds: below = Number.POSITIVE_INFINITY, isAnyEnough } = question
    const incumbent = isAnyEnough ? undefined : this.#incumbent(question)
    const most = incumbent ? incumbent.seconds * JUST_ABOVE : Number.POSITIVE_INFINITY
    const first = isAnyEnough ? most : this.#firstLimit(question, most)
    let nodes = 0
    for (let limit = Math.min(first, below); ; limit = Math.min(limit * LIMIT_GROWTH, below, most)) {
      const run = new Run(layout => this.predict(layout), capacityOf({ problem: this.problem, question }), limit)
      nodes += this.#visit(question, run)
      run.finish()
      if (!run.found && limit < below) {
        // So slow that hardly anything fits: the rest at once.
        if (limit > MOST_GROWTH * first) limit = Number.POSITIVE_INFINITY
        continue
      }
      return {
        found: run.found,
        tally: run.tally,
        nodes,
        simulated: this.#simulated - before,
        rejected: [...this.values.rejected, ...run.rejections.list()],
      }
    }
  }

  /** What is known not to be beaten is a better guess than any layout; next to it comes the best that is known. */
  #firstLimit(question: Question, incumbent: number): number {
    const { notBelowSeconds = 0 } = question
    if (incumbent < Number.POSITIVE_INFINITY && notBelowSeconds === 0) return incumbent
    return Math.min(incumbent, Math.max(this.#leastOfAll(question) * LIMIT_GROWTH, notBelowSeconds * FIRST_STEP))
  }

  /** The best that was predicted before and is asked about; at first what the usual cuts hold. */
  #incumbent(question: Question): StepPrediction | undefined {
    const capacity = capacityOf({ problem: this.problem, question })
    let best: StepPrediction | undefined
    for (const { layout, prediction } of this.#predictions.values())
      if (
        prediction.seconds < (best?.seconds ?? Number.POSITIVE_INFINITY) &&
        prediction.fits &&
        mostNeeded(prediction) <= capacity &&
        answers(layout, question)
      )
        best = prediction
    if (best || question.within) return best
    return this.best({ ...question, within: usualValues(this.problem, this.values) }).found?.prediction
  }

  #cutsWithin({ within = this.values }: Question): RankedCuts {
    let cuts = this.#cuts.get(within)
    if (!cuts) {
      cuts = new RankedCuts(this.problem, within)
      this.#cuts.set(within, cuts)
    }
    return cuts
  }

  #leastOfAll(question: Question): number {
    const cuts = this.#cutsWithin(question)
    return this.#least(cuts.leastPerSequence(question), mostDevices(this.problem, question))
  }

  /** Every cut and grid that may win, most promising cuts first. */
  #visit(question: Question, run: Run): number {
    const { problem } = this
    const most = mostDevices(problem, question)
    const capacity = capacityOf({ problem, question })
    const modules = recomputeModules(problem)
    let nodes = 0
    for (const ranked of this.#cutsWithin(question).inOrder(question, capacity, run.rejections)) {
      if (this.#least(ranked.perSequence, most) >= run.limit()) break
      const { cut } = ranked
      let entry: CutEntry | undefined
      for (const { pipeline, data, devices } of this.#grids(cut.tensor * cut.context)) {
        if (this.#least(ranked.perSequence, devices) >= run.limit()) break
        if (!this.#isPossible({ pipeline, data, devices }, cut, question)) continue
        const microBatches = problem.workload.globalBatch / (data * cut.microBatch)
        if (this.#leastPiped(ranked, pipeline, microBatches, devices) >= run.limit()) {
          run.tally.tooSlow++
          continue
        }
        entry ??= this.#entry(cut)
        const grid = { ...cut, pipeline, data }
        const floor = this.#floor.bytes(entry, grid, microBatches) + ranked.leastBytes.working
        if (floor > capacity) {
          run.tally.tooLarge++
          run.tally.nearestBytes = Math.min(run.tally.nearestBytes, floor)
          continue
        }
        nodes++
        scoreNode({ problem, question, counts: this.#counts, modules, entry, grid, microBatches }, run)
        run.settle()
        if (question.isAnyEnough && run.found) return nodes
      }
    }
    return nodes
  }

  #least(perSequence: number, devices: number): number {
    const { costs, workload } = this.problem
    return costs.stretch(devices) * (costs.stepSeconds + (perSequence * workload.globalBatch) / devices)
  }

  /** With the way of the first micro-batch to the last rank and, where backwards are whole, of the last one back: at least a layer a rank. */
  #leastPiped({ least }: RankedCut, pipeline: number, microBatches: number, devices: number): number {
    const { costs, abilities, fixed } = this.problem
    const schedules = fixed.schedule === undefined ? abilities.schedules : [fixed.schedule]
    const isBoth = schedules.includes('dualpipe')
    const splits = schedules.some(name => name.startsWith('zb') || name.startsWith('dualpipe'))
    const ramp = isBoth ? 0 : (pipeline - 1) * (least.layerForward + (splits ? 0 : least.layerBackward))
    let busy = least.seconds / pipeline
    // Some rank has its share of the layers of a shape, rounded up; with dualpipe it shares two stages.
    if (!isBoth)
      for (let shape = 0; shape < this.#counts.shapes; shape++)
        busy = Math.max(busy, Math.ceil(this.#counts.total[shape]! / pipeline) * least.ofShape[shape]!)
    return costs.stretch(devices) * (costs.stepSeconds + microBatches * busy + ramp)
  }

  /** Whether anything fits at all; ends with the first. */
  hasAny(question: Question = {}): boolean {
    return this.best({ ...question, isAnyEnough: true }).found !== undefined
  }

  predict(layout: Layout): StepPrediction {
    const key = layoutKey(layout)
    const known = this.#predictions.get(key)
    if (known) return known.prediction
    const prediction = this.problem.costs.predict(layout)
    this.#simulated++
    this.#predictions.set(key, { layout, prediction })
    return prediction
  }

  /** All that was predicted whole and fits. */
  predicted(): readonly { readonly layout: Layout; readonly stepSeconds: number; readonly memoryBytes: number }[] {
    return [...this.#predictions.values()]
      .filter(({ prediction }) => prediction.fits)
      .map(({ layout, prediction }) => ({
        layout,
        stepSeconds: prediction.seconds,
        memoryBytes: mostNeeded(prediction),
      }))
  }

  #entry(cut: Cut): CutEntry {
    const key = `${cut.tensor}/${cut.context}/${cut.contextMethod}/${cut.sequenceParallel}/${cut.expert}/${cut.expertTensor}/${cut.dispatcher}/${cut.microBatch}`
    let entry = this.#entries.get(key)
    if (!entry) {
      if (this.#entries.size >= MOST_KEPT) this.#entries.clear()
      entry = new CutEntry(this.problem, this.#counts, cut)
      this.#entries.set(key, entry)
    }
    return entry
  }

  /** Stages and copies around so many tensor and context ranks, most devices first. */
  #grids(ranks: number): readonly GridSize[] {
    const known = this.#gridsOf.get(ranks)
    if (known) return known
    const { fleet, ranksPerPod = 1 } = this.problem
    const most = mostDevices(this.problem)
    const grids: GridSize[] = []
    for (const pipeline of this.values.pipeline)
      for (const data of this.values.data) {
        const devices = ranks * pipeline * data
        if (devices <= most && devices % ranksPerPod === 0 && fillsNodes(fleet, devices))
          grids.push({ pipeline, data, devices })
      }
    grids.sort((a, b) => b.devices - a.devices || a.pipeline - b.pipeline)
    this.#gridsOf.set(ranks, grids)
    return grids
  }

  #isPossible({ pipeline, data, devices }: GridSize, cut: Cut, question: Question): boolean {
    const { without = {}, within, maxDevices = Number.POSITIVE_INFINITY } = question
    return (
      devices <= maxDevices &&
      (within === undefined || within.pipeline === this.values.pipeline || within.pipeline.includes(pipeline)) &&
      pipeline !== without.pipeline &&
      data !== without.data &&
      (this.problem.workload.globalBatch / data) % cut.microBatch === 0 &&
      (data * cut.context * cut.tensor) % (cut.expert * cut.expertTensor) === 0
    )
  }
}

interface GridSize {
  readonly pipeline: number
  readonly data: number
  readonly devices: number
}
