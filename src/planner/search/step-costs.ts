/** `StageCosts` of the real cost model: `cost/step` for time, `cost/memory` for memory, asked piece by piece and kept. */
import { STEP_CONSTANTS } from '../cost/data/constants.ts'
import { keptBytes } from '../cost/memory/activations.ts'
import { endElements } from '../cost/memory/memory.ts'
import { contextBytes, reservedBytes } from '../cost/memory/reserved.ts'
import { stateBytes } from '../cost/memory/states.ts'
import { embeddingMemory, headMemory, paddedVocab } from '../cost/memory/layer-memory.ts'
import { kernelsFor, stageWorking } from '../cost/memory/working.ts'
import type { StepInput } from '../cost/prediction.ts'
import { stepEnd } from '../cost/step/data-parallel.ts'
import { extraTimes, type LayerQuestion, layerTimes, type PassTimes } from '../cost/step/layer-times.ts'
import { type Links, linksOf } from '../cost/step/links.ts'
import { totalOf } from '../cost/step/parts.ts'
import { sendSeconds } from '../cost/step/pipeline-time.ts'
import { jitterShare, predictStep, pricesOf } from '../cost/step/predict-step.ts'
import type { Prices } from '../cost/step/prices.ts'
import { type UnitElements, unitExchange, withExchange } from '../cost/step/unit-gather.ts'
import { devicesOf, type Fleet } from '../fleet/fleet.ts'
import type { LayerCut } from '../model/cut.ts'
import type { ModelSpec } from '../model/model.ts'
import { embeddingParameters, mtpParameters } from '../model/parameters.ts'
import { layerParameters } from '../model/weights.ts'
import type { Software } from '../cost/software.ts'
import type { Layout, Recompute, Workload } from '../training/layout.ts'
import { LeastTable } from './least-table.ts'
import { offloadSeconds, withOffload } from './offload-seconds.ts'
import type { Cut, CutCosts, Exchange, Grid, LayerCost, RankKind, StageCosts, StateChoice } from './stage-costs.ts'

export interface CostInput {
  readonly model: ModelSpec
  readonly fleet: Fleet
  readonly workload: Workload
  readonly software: Software
}

const NONE: Recompute = { kind: 'none' }

export function stepCosts(given: CostInput): StageCosts {
  const { fleet, workload, software } = given
  const devices = devicesOf(fleet)
  const base = inputOf(given, layoutOf({ ...WHOLE_CUT, pipeline: 1, data: 1 }))
  const prices = pricesOf(base, STEP_CONSTANTS)
  const links = new Map<string, Links>()
  const linksFor = (grid: Grid, choice: StateChoice): Links => {
    const shard = choice.zero === 0 ? 1 : choice.shardRanks
    const key = `${grid.tensor}/${grid.context}/${grid.data}/${grid.pipeline}/${grid.expert}/${grid.expertTensor}/${shard}`
    let known = links.get(key)
    if (!known) {
      known = linksOf(fleet, layoutOf(grid, choice))
      links.set(key, known)
    }
    return known
  }
  // Groups inside a stage lie the same however many copies there are: the fleet is filled.
  const filled = (cut: Cut): Grid => ({
    ...cut,
    pipeline: 1,
    data: Math.max(1, Math.floor(devices / (cut.tensor * cut.context))),
  })
  const least = new LeastTable(given, prices, cut => linksFor(filled(cut), NO_STATES))
  return {
    capacityBytes: Math.min(...fleet.pools.map(pool => pool.device.memoryBytes)),
    stepSeconds: STEP_CONSTANTS.stepSeconds,
    stretch: used => 1 + jitterShare(used, STEP_CONSTANTS),
    leastSeconds: cut => least.seconds(cut),
    leastBytes: cut => least.bytes(cut),
    cut: cut => new StepCut(given, prices, linksFor, filled(cut)),
    states: (grid, choice) => {
      const layout = layoutOf(grid, choice)
      const input = inputOf(given, layout)
      const groups = linksFor(grid, choice)
      return load => {
        const { parameters, gradients, optimizerStates, stranded } = stateBytes(load, layout, workload, software)
        const moved = { ...NO_LOAD, dense: load.movedDense, experts: load.movedExperts }
        moved.forwardSeconds = load.forwardSeconds
        moved.backwardSeconds = load.backwardSeconds
        moved.chunks = load.chunks
        const end = stepEnd(moved, input, groups, prices)
        return {
          seconds: end.dataSeconds + end.optimizerSeconds + offloadSeconds(load, layout, given),
          bytes: parameters + gradients + optimizerStates,
          strandedBytes: stranded,
        }
      }
    },
    reservedBytes: (allocated, stranded) => reservedBytes(allocated + stranded, software),
    outsideBytes: grid => contextBytes(inputOf(given, layoutOf(grid))),
    predict: layout => withOffload(predictStep(inputOf(given, layout)), layout, given),
  }
}

const inputOf = ({ model, fleet, workload, software }: CostInput, layout: Layout): StepInput => ({
  model,
  fleet,
  workload,
  software,
  layout,
})

const WHOLE_CUT: Cut = {
  tensor: 1,
  context: 1,
  contextMethod: 'ring',
  sequenceParallel: false,
  expert: 1,
  expertTensor: 1,
  dispatcher: 'alltoall',
  microBatch: 1,
}

const NO_LOAD = { dense: 0, experts: 0, forwardSeconds: 0, backwardSeconds: 0, chunks: 1 }
const NO_STATES: StateChoice = { zero: 0, shardRanks: 1, offload: 'none' }

/** As far as the cost model's pieces look at a layout. Written out: a spread of so many fields is what a search would spend its time on. */
const layoutOf = (grid: Grid, choice: StateChoice = NO_STATES, recompute: Recompute = NONE): Layout => ({
  data: grid.data,
  context: grid.context,
  tensor: grid.tensor,
  pipeline: grid.pipeline,
  expert: grid.expert,
  expertTensor: grid.expertTensor,
  schedule: '1f1b',
  chunks: 1,
  stages: [],
  microBatch: grid.microBatch,
  sequenceParallel: grid.sequenceParallel,
  contextMethod: grid.contextMethod,
  zero: choice.zero,
  shardRanks: choice.shardRanks,
  recompute,
  offload: choice.offload,
  dispatcher: grid.dispatcher,
})

class StepCut implements CutCosts {
  readonly #given: CostInput
  readonly #grid: Grid
  readonly #cut: LayerCut
  readonly #prices: Prices
  readonly #linksFor: (grid: Grid, choice: StateChoice) => Links
  readonly #layers = new Map<string, PassTimes>()
  readonly #working = new Map<string, Map<number, { bytes: number; strandedBytes: number }>>()
  #extras: { embedding: PassTimes; head: PassTimes } | undefined

  constructor(
    given: CostInput,
    prices: Prices,
    linksFor: (grid: Grid, choice: StateChoice) => Links,
    grid: Grid,
  ) {
    this.#given = given
    this.#prices = prices
    this.#linksFor = linksFor
    this.#grid = grid
    const { sequence } = given.workload
    this.#cut = { ...grid, tokens: (grid.microBatch * sequence) / grid.context, sequence }
  }

  layer(shape: number, recompute: Recompute, exchange?: Exchange): LayerCost {
    const { model } = this.#given
    const key = `${shape}/${nameOf(recompute)}`
    let times = this.#layers.get(key)
    if (!times) {
      times = layerTimes(model.shapes[shape]!, this.#question(recompute))
      this.#layers.set(key, times)
    }
    const elements = this.elements(shape)
    const kept = keptBytes(model.shapes[shape]!, model, this.#cut, recompute, kernelsFor(this.#input()))
    return costOf(this.#exchanged(times, elements, exchange), kept)
  }

  embedding(exchange?: Exchange): LayerCost {
    const { gather, reduce } = this.#edge(exchange)
    const cost = costOf(this.#ends().embedding, embeddingMemory(this.#cut).keptBytes)
    return {
      ...cost,
      forwardSeconds: cost.forwardSeconds + gather,
      backwardSeconds: cost.backwardSeconds + reduce,
    }
  }

  head(exchange?: Exchange): LayerCost {
    return costOf(this.#exchanged(this.#ends().head, { dense: this.#vocabulary, experts: 0 }, exchange), this.#headMemory)
  }

  elements(shape: number): { dense: number; experts: number } {
    const { model } = this.#given
    const own = layerParameters(model.shapes[shape]!, model, this.#cut)
    return { dense: own.tensorSharded + own.replicated, experts: own.experts }
  }

  get embeddingElements(): { dense: number; experts: number } {
    return { dense: this.#endElements().embedding, experts: 0 }
  }

  headElements(hasEmbedding: boolean): { dense: number; experts: number } {
    const { model } = this.#given
    const ends = this.#endElements()
    const mtp = model.mtpLayers > 0 ? this.elements(model.layers.at(-1)!) : { dense: 0, experts: 0 }
    return {
      dense:
        ends.head +
        (model.tiedEmbeddings && !hasEmbedding ? ends.embedding : 0) +
        model.mtpLayers * (mtp.dense + mtpParameters(model) / this.#grid.tensor),
      experts: model.mtpLayers * mtp.experts,
    }
  }

  working(recompute: Recompute, { shapes, hasHead }: RankKind, zero: Layout['zero'], isSharded: boolean) {
    const ofRecompute = this.#workingOf(recompute)
    const key = shapes * 4 + (hasHead ? 2 : 0) + (zero === 3 && isSharded ? 1 : 0)
    let known = ofRecompute.get(key)
    if (!known) {
      const { model } = this.#given
      const choice: StateChoice = { zero, shardRanks: isSharded ? 2 : 1, offload: 'none' }
      // One layer of each shape stands for the rank's: the worst moment is that of one layer.
      const chunks = model.shapes.flatMap((_, shape) =>
        (shapes >> shape) % 2 === 1
          ? [{ firstLayer: model.layers.indexOf(shape), numLayers: 1, hasEmbedding: false, hasHead }]
          : [],
      )
      const { bytes, stranded } = stageWorking(inputOf(this.#given, layoutOf(this.#grid, choice, recompute)), chunks)
      known = { bytes, strandedBytes: stranded }
      ofRecompute.set(key, known)
    }
    return known
  }

  #workingOf(recompute: Recompute): Map<number, { bytes: number; strandedBytes: number }> {
    const name = nameOf(recompute)
    let known = this.#working.get(name)
    if (!known) {
      known = new Map()
      this.#working.set(name, known)
    }
    return known
  }

  sendSeconds(grid: Grid): number {
    return sendSeconds(inputOf(this.#given, layoutOf(grid)), this.#linksFor(grid, NO_STATES), this.#prices)
  }

  get movedEmbedding(): number {
    return this.#vocabulary
  }

  movedHead(hasEmbedding: boolean): number {
    return hasEmbedding && this.#given.model.tiedEmbeddings ? 0 : this.#vocabulary
  }

  get #vocabulary(): number {
    const { model, software } = this.#given
    return embeddingParameters(model, paddedVocab(model, this.#grid.tensor, software)) / this.#grid.tensor
  }

  #input(): StepInput {
    return inputOf(this.#given, layoutOf(this.#grid))
  }

  #question(recompute: Recompute): LayerQuestion {
    const { model, software } = this.#given
    return {
      model,
      cut: this.#cut,
      recompute,
      dispatcher: this.#grid.dispatcher,
      links: this.#linksFor(this.#grid, NO_STATES),
      prices: this.#prices,
      software,
    }
  }

  #ends(): { embedding: PassTimes; head: PassTimes } {
    this.#extras ??= extraTimes(this.#question(NONE))
    return this.#extras
  }

  get #headMemory(): number {
    const { model, software, workload } = this.#given
    return headMemory(model, this.#cut, software, workload).keptBytes
  }

  #endElements(): { embedding: number; head: number } {
    const { model, software } = this.#given
    return endElements(model, this.#grid.tensor, paddedVocab(model, this.#grid.tensor, software))
  }

  #exchanged(times: PassTimes, elements: UnitElements, exchange: Exchange | undefined): PassTimes {
    if (!exchange) return times
    const input = inputOf(this.#given, layoutOf(exchange.grid, exchange.choice))
    const links = this.#linksFor(exchange.grid, exchange.choice)
    return withExchange(times, unitExchange(elements, input, links, this.#prices), input, this.#prices)
  }

  #edge(exchange: Exchange | undefined): { gather: number; reduce: number } {
    if (!exchange) return { gather: 0, reduce: 0 }
    const input = inputOf(this.#given, layoutOf(exchange.grid, exchange.choice))
    const links = this.#linksFor(exchange.grid, exchange.choice)
    return unitExchange({ dense: this.#vocabulary, experts: 0 }, input, links, this.#prices)
  }
}

function costOf({ forward, backward, weightSeconds }: PassTimes, keptBytes: number): LayerCost {
  return { forwardSeconds: totalOf(forward), backwardSeconds: totalOf(backward) - weightSeconds, weightSeconds, keptBytes }
}

const nameOf = (recompute: Recompute): string =>
  recompute.kind === 'modules' ? recompute.modules.join('+') : recompute.kind
