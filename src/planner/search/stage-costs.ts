/**
 * What the search asks of the cost model. Everything here is separable: a layer's cost depends on how it is cut and on nothing of the
 * pipeline, states depend on nothing of the schedule, so that a layout is scored by adding up numbers that many layouts share. Only
 * `predict` looks at a layout as a whole: it is the cost that the search minimises, the rest bounds it from below.
 *
 * `step-costs.ts` answers these from `cost/`; tests answer them with a synthetic cost.
 */
import type { StepPrediction } from '../cost/prediction.ts'
import type { Dispatcher, Layout, Recompute, Workload } from '../training/layout.ts'

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

/** Of one layer (or of what the first and last stage do besides) and one micro-batch on one rank. */
export interface LayerCost {
  readonly forwardSeconds: number
  /** Input part and recompute; with `weightSeconds` it is the whole backward. */
  readonly backwardSeconds: number
  readonly weightSeconds: number
  /** Activations kept from forward to backward. */
  readonly keptBytes: number
  /** At the layer's worst moment on top of that. */
  readonly workingBytes: number
}

/** Parameters on one rank; experts are averaged over a group of their own. */
export interface Elements {
  readonly dense: number
  readonly experts: number
}

/** What a rank of one stage holds and does, for the states. */
export interface StageLoad {
  readonly elements: Elements
  /** Compute of one micro-batch behind which gradients and parameters can travel. */
  readonly forwardSeconds: number
  readonly backwardSeconds: number
  readonly isFirst: boolean
  readonly isLast: boolean
  readonly numLayers: number
}

export interface StateCost {
  /** Exposed data-parallel communication and the optimizer. */
  readonly seconds: number
  /** Parameters, gradients, optimizer states and buffers that do not grow with micro-batches. */
  readonly bytes: number
}

export interface CutCosts {
  /** All of one micro-batch's work, without recompute, added up over the stages: at least this. Cheaper to ask than the layers. */
  readonly leastSeconds: number
  layer(shape: number, recompute: Recompute): LayerCost
  readonly embedding: LayerCost
  readonly head: LayerCost
  elements(shape: number): Elements
  readonly embeddingElements: Elements
  /** With tied weights the last of several stages has a copy of the embedding. */
  headElements(hasEmbedding: boolean): Elements
  /** One micro-batch's activations to the next stage, as far as the step feels it. */
  sendSeconds(grid: Grid): number
}

export interface StageCosts {
  readonly workload: Workload
  /** Of one device. */
  readonly capacityBytes: number
  cut(cut: Cut): CutCosts
  states(grid: Grid, choice: StateChoice, load: StageLoad): StateCost
  /** What a device must have for so much allocated memory: the allocator's reserve and what lies outside of it. Grows with it. */
  neededBytes(grid: Grid, allocatedBytes: number): number
  /** By what the number of ranks stretches the whole step (jitter that all wait for); at least 1, and `stretch / devices` falls. */
  stretch(devices: number): number
  /** The whole layout: exact, and slower. */
  predict(layout: Layout): StepPrediction
}
