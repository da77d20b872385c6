/**
 * What the search asks of the cost model. Everything here is separable: a layer's cost depends on how it is cut and on nothing of the
 * pipeline, states depend on nothing of the schedule, so that a layout is scored by adding up numbers that many layouts share. Only
 * `predict` looks at a layout as a whole: it is the cost that the search minimises, the rest bounds it from below.
 *
 * `step-costs.ts` answers these from `cost/`; tests answer them with a synthetic cost.
 */
import type { StepPrediction } from '../cost/prediction.ts'
import type { Dispatcher, Layout, Recompute } from '../training/layout.ts'

/** How one layer is cut: what its time and its activations depend on. */
export interface Cut {
  readonly tensor: number
  readonly context: number
  readonly contextMethod: Layout['contextMethod']
  readonly sequenceParallel: boolean
  readonly expert: number
  readonly expertTensor: number
  readonly dispatcher: Dispatcher
  readonly microBatch: number
}

/** A cut before it is known how experts are cut. */
export type DenseCut = Omit<Cut, 'expert' | 'expertTensor' | 'dispatcher'>

/** Bounds from below. */
export interface Least {
  /** All stages' work added up. */
  readonly seconds: number
  /** Of any layer. */
  readonly layerForward: number
  readonly layerBackward: number
  /** Of a layer by shape, both ways. */
  readonly ofShape: readonly number[]
}

/** Memory from below, with the allocator's reserve. */
export interface LeastBytes {
  /** Of some rank: one layer and what it works with, or the head. */
  readonly anyRank: number
  /** Of every rank, beyond states and kept activations. */
  readonly working: number
}

/** A cut in its place: how many stages and copies there are around it. */
export interface Grid extends Cut {
  readonly pipeline: number
  readonly data: number
}

/** What is kept on a rank between micro-batches, and where. */
export interface StateChoice {
  readonly zero: Layout['zero']
  readonly shardRanks: number
  readonly offload: Layout['offload']
}

/** ZeRO 2 and 3 exchange gradients and parameters with every micro-batch: then a layer's time depends on them as well. */
export interface Exchange {
  readonly grid: Grid
  readonly choice: StateChoice
}

/** Of one layer (or of what the first and last stage do besides) and one micro-batch on one rank. */
export interface LayerCost {
  readonly forwardSeconds: number
  /** Input part and recompute; with `weightSeconds` it is the whole backward. */
  readonly backwardSeconds: number
  readonly weightSeconds: number
  /** Activations kept from forward to backward. */
  readonly keptBytes: number
}

/** Parameters on one rank; experts are averaged over a group of their own. */
export interface Elements {
  readonly dense: number
  readonly experts: number
}

/** What a rank holds and does, for the states. */
export interface StageLoad extends Elements {
  /** Of them what the data-parallel exchange and the optimizer are priced for: without norms at the end and multi-token prediction. */
  readonly movedDense: number
  readonly movedExperts: number
  /** Compute of one micro-batch behind which gradients and parameters can travel. */
  readonly forwardSeconds: number
  readonly backwardSeconds: number
  /** With all layers recomputed: whatever is recomputed hides some of the exchange. */
  readonly longestBackwardSeconds: number
  /** Chunks of the rank that take turns of `pipeline` micro-batches (interleaved); 1: they finish together. */
  readonly chunks: number
}

export interface StateCost {
  /** Exposed data-parallel communication and the optimizer. */
  readonly seconds: number
  /** The same behind the longest backward, where that is less. */
  readonly leastSeconds?: number
  /** Parameters, gradients, optimizer states. */
  readonly bytes: number
  /** Reserved, but of no use to anything else. */
  readonly strandedBytes: number
}

/** A rank's kinds of layers, as far as what it works with depends on them. */
export interface RankKind {
  /** Bit s: it has layers of shape s. */
  readonly shapes: number
  readonly hasEmbedding: boolean
  readonly hasHead: boolean
  /** One of several: torchtitan then keeps gathered parameters for a whole step. */
  readonly isPiped: boolean
}

export interface CutCosts {
  layer(shape: number, recompute: Recompute, exchange?: Exchange): LayerCost
  /** `keptBytes` of the layer alone. */
  keptBytes(shape: number, recompute: Recompute): number
  /** How much longer than the whole layer its parts can take to be computed again: each part is checkpointed by itself. */
  partsSeconds?(shape: number): number
  embedding(exchange?: Exchange): LayerCost
  head(exchange?: Exchange): LayerCost
  elements(shape: number): Elements
  readonly embeddingElements: Elements
  /** With tied weights the last of several stages has a copy of the embedding. */
  headElements(hasEmbedding: boolean): Elements
  readonly movedEmbedding: number
  movedHead(hasEmbedding: boolean): number
  /** At a rank's worst moment beyond states and kept activations; `stranded` as in `StateCost`. */
  working(
    recompute: Recompute,
    rank: RankKind,
    zero: Layout['zero'],
    isSharded: boolean,
  ): { readonly bytes: number; readonly strandedBytes: number }
  /** One micro-batch's activations to the next stage, as far as the step feels it. */
  sendSeconds(grid: Grid): number
}

export interface StageCosts {
  /** Of one device. */
  readonly capacityBytes: number
  /** Of one micro-batch without recompute; cheaper to ask than the layers. */
  least(cut: Cut): Least
  /** No more than `leastDense(cut).withExperts`, and cheaper to ask. */
  leastRow(cut: DenseCut): number
  /** The same before it is known how experts are cut: without them, and with the least that they take. */
  leastDense(cut: DenseCut): { readonly seconds: number; readonly withExperts: number }
  /**
   * What experts add to `leastDense(cut).seconds`, at least: together no more than `least(cut).seconds`. The same for all cuts with as many
   * tensor ranks and tokens on a rank.
   */
  leastExperts(cut: Cut): number
  /** The same without their exchange, and cheaper to ask. */
  leastExpertsAlone(cut: Cut): number
  leastBytes(cut: DenseCut & Pick<Cut, 'expertTensor'>): LeastBytes
  cut(cut: Cut): CutCosts
  states(grid: Grid, choice: StateChoice): (load: StageLoad) => StateCost
  /** No memory depends on the dispatcher, and a layer takes longer where its exchange does. */
  readonly dispatchersDifferInTimeAlone: boolean
  /** Whether narrower shards can be worth anything: else only the widest are looked at. */
  dependsOnWidth(zero: Layout['zero']): boolean
  stateBytes(grid: Grid, choice: StateChoice, elements: Elements): Omit<StateCost, 'seconds'>
  /** With the allocator's reserve. Grows with both. */
  reservedBytes(allocatedBytes: number, strandedBytes: number): number
  /** The most that can be allocated when so much can be reserved: `reservedBytes` turned around. */
  allocatable(reservedBytes: number): number
  /** Outside of the allocator. */
  outsideBytes(grid: Grid): number
  /** What every step takes besides. */
  readonly stepSeconds: number
  /** By what the number of ranks stretches the whole step (jitter that all wait for); at least 1, and `stretch / devices` falls. */
  stretch(devices: number): number
  /** The whole layout: exact, and slower. */
  predict(layout: Layout): StepPrediction
}
