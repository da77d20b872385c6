/** One cut of the layers as the real cost model prices it: times, activations, parameters, working sets. */
import { keptBytes } from '../cost/memory/activations.ts'
import { embeddingMemory, headMemory, paddedVocab } from '../cost/memory/layer-memory.ts'
import { endElements } from '../cost/memory/memory.ts'
import { kernelsFor, stageWorking } from '../cost/memory/working.ts'
import type { StepInput } from '../cost/prediction.ts'
import { extraTimes, type LayerQuestion, type PassTimes } from '../cost/step/layer-times.ts'
import type { Links } from '../cost/step/links.ts'
import { totalOf } from '../cost/step/parts.ts'
import { sendSeconds } from '../cost/step/pipeline-time.ts'
import type { Prices } from '../cost/step/prices.ts'
import { type UnitElements, type UnitExchange, unitExchange, withExchange } from '../cost/step/unit-gather.ts'
import type { LayerCut } from '../model/cut.ts'
import { embeddingParameters, mtpParameters } from '../model/parameters.ts'
import { layerParameters } from '../model/weights.ts'
import type { Layout, Recompute } from '../training/layout.ts'
import { type CostInput, inputOf, NO_STATES, pieceOf } from './cost-input.ts'
import { ReplayedLayer } from './replayed-layer.ts'
import type { CutCosts, Elements, Exchange, Grid, LayerCost, RankKind, StateChoice } from './stage-costs.ts'

const NONE: Recompute = { kind: 'none' }

export class StepCut implements CutCosts {
  readonly #given: CostInput
  readonly #grid: Grid
  readonly #cut: LayerCut
  readonly #prices: Prices
  readonly #linksFor: (grid: Grid, choice: StateChoice) => Links
  /** By shape. */
  readonly #layers: ReplayedLayer[] = []
  readonly #kept: Map<Recompute, number>[] = []
  readonly #elements: (Elements | undefined)[] = []
  readonly #working = new Map<Recompute, Map<number, { bytes: number; strandedBytes: number }>>()
  #extras: { embedding: PassTimes; head: PassTimes } | undefined
  #question: LayerQuestion | undefined
  /** Of the exchange that was asked about last, by shape; the model's ends behind them. */
  #exchange: Exchange | undefined
  #units: UnitExchange[] = []
  #exchangeInput: StepInput | undefined

  constructor(given: CostInput, prices: Prices, linksFor: (grid: Grid, choice: StateChoice) => Links, grid: Grid) {
    this.#given = given
    this.#prices = prices
    this.#linksFor = linksFor
    this.#grid = grid
    const { sequence } = given.workload
    this.#cut = { ...grid, tokens: (grid.microBatch * sequence) / grid.context, sequence }
  }

  layer(shape: number, recompute: Recompute, exchange?: Exchange): LayerCost {
    const times = this.#timesOf(shape).times(recompute)
    const elements = this.elements(shape)
    return costOf(this.#exchanged(times, elements, shape, exchange), this.keptBytes(shape, recompute))
  }

  partsSeconds(shape: number): number {
    return this.#timesOf(shape).partsSeconds
  }

  #timesOf(shape: number): ReplayedLayer {
    this.#layers[shape] ??= new ReplayedLayer(this.#given.model.shapes[shape]!, this.#asked)
    return this.#layers[shape]
  }

  keptBytes(shape: number, recompute: Recompute): number {
    this.#kept[shape] ??= new Map()
    const ofShape = this.#kept[shape]
    let known = ofShape.get(recompute)
    if (known === undefined) {
      const { model } = this.#given
      known = keptBytes(model.shapes[shape]!, model, this.#cut, recompute, kernelsFor(this.#given))
      ofShape.set(recompute, known)
    }
    return known
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
    return costOf(
      this.#exchanged(
        this.#ends().head,
        { dense: this.#vocabulary, experts: 0 },
        this.#given.model.shapes.length,
        exchange,
      ),
      this.#headMemory,
    )
  }

  elements(shape: number): Elements {
    let known = this.#elements[shape]
    if (!known) {
      const { model } = this.#given
      const own = layerParameters(model.shapes[shape]!, model, this.#cut)
      known = { dense: own.tensorSharded + own.replicated, experts: own.experts }
      this.#elements[shape] = known
    }
    return known
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

  working(
    recompute: Recompute,
    { shapes, hasEmbedding, hasHead, isPiped }: RankKind,
    zero: Layout['zero'],
    isSharded: boolean,
  ) {
    const ofRecompute = this.#workingOf(recompute)
    const key =
      shapes * 16 + (isPiped ? 8 : 0) + (hasEmbedding ? 4 : 0) + (hasHead ? 2 : 0) + (zero === 3 && isSharded ? 1 : 0)
    let known = ofRecompute.get(key)
    if (!known) {
      const { model } = this.#given
      const choice: StateChoice = { zero, shardRanks: isSharded ? 2 : 1, offload: 'none' }
      // One layer of each shape stands for the rank's: the worst moment is that of one layer.
      const chunks = model.shapes.flatMap((_, shape) =>
        (shapes >> shape) % 2 === 1
          ? [{ firstLayer: model.layers.indexOf(shape), numLayers: 1, hasEmbedding, hasHead }]
          : [],
      )
      const { bytes, stranded } = stageWorking(
        inputOf(this.#given, pieceOf({ ...this.#grid, pipeline: isPiped ? 2 : 1 }, choice, recompute)),
        chunks,
      )
      known = { bytes, strandedBytes: stranded }
      ofRecompute.set(key, known)
    }
    return known
  }

  #workingOf(recompute: Recompute): Map<number, { bytes: number; strandedBytes: number }> {
    let known = this.#working.get(recompute)
    if (!known) {
      known = new Map()
      this.#working.set(recompute, known)
    }
    return known
  }

  sendSeconds(grid: Grid): number {
    return sendSeconds(inputOf(this.#given, pieceOf(grid)), this.#linksFor(grid, NO_STATES), this.#prices)
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

  get #asked(): LayerQuestion {
    const { model, software } = this.#given
    this.#question ??= {
      model,
      cut: this.#cut,
      recompute: NONE,
      dispatcher: this.#grid.dispatcher,
      links: this.#linksFor(this.#grid, NO_STATES),
      prices: this.#prices,
      software,
    }
    return this.#question
  }

  #ends(): { embedding: PassTimes; head: PassTimes } {
    this.#extras ??= extraTimes(this.#asked)
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

  #exchanged(times: PassTimes, elements: UnitElements, unit: number, exchange: Exchange | undefined): PassTimes {
    if (!exchange) return times
    return withExchange(times, this.#unit(elements, unit, exchange), this.#exchangeInput!, this.#prices)
  }

  #edge(exchange: Exchange | undefined): { gather: number; reduce: number } {
    if (!exchange) return { gather: 0, reduce: 0 }
    return this.#unit({ dense: this.#vocabulary, experts: 0 }, this.#given.model.shapes.length, exchange)
  }

  #unit(elements: UnitElements, unit: number, exchange: Exchange): UnitExchange {
    if (this.#exchange !== exchange) {
      this.#exchange = exchange
      this.#exchangeInput = inputOf(this.#given, pieceOf(exchange.grid, exchange.choice))
      this.#units = []
    }
    const links = (): Links => this.#linksFor(exchange.grid, exchange.choice)
    this.#units[unit] ??= unitExchange(elements, this.#exchangeInput!, links(), this.#prices)
    return this.#units[unit]
  }
}

function costOf({ forward, backward, weightSeconds }: PassTimes, keptBytes: number): LayerCost {
  return {
    forwardSeconds: totalOf(forward),
    backwardSeconds: totalOf(backward) - weightSeconds,
    weightSeconds,
    keptBytes,
  }
}
