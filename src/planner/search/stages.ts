/**
 * The layers of a model on the ranks of a pipeline: how many layers of each shape every rank holds, in which virtual stages. All that a
 * layout's time and memory need to know of where the layers are.
 */
import type { ModelSpec } from '../model/model.ts'
import { placeStages } from '../schedule/shape.ts'
import type { PipelineOption } from './pipeline-options.ts'

export interface Stages {
  /** Layers of each virtual stage. */
  readonly stages: readonly number[]
  readonly firstLayer: Int32Array
  /** Rank that the virtual stage lies on; with dualpipe each lies on a second one as well, so that there are twice as many places. */
  readonly rankOfPlace: Int32Array
  /** How often a rank's stages count in its time: half, where two directions share the micro-batches. */
  readonly timeShare: number
  readonly holdsFirst: Uint8Array
  readonly holdsLast: Uint8Array
  /** Most layers of a stage. */
  readonly longest: number
}

export function layStages(pipeline: number, option: PipelineOption, stages: readonly number[]): Stages {
  const shape = { pipeline, chunks: option.chunks, microBatches: 1 }
  const { rankOfStage, depth } = placeStages(option.schedule, shape)
  const firstLayer = new Int32Array(depth)
  for (let stage = 1; stage < depth; stage++) firstLayer[stage] = firstLayer[stage - 1]! + stages[stage - 1]!
  const holdsFirst = new Uint8Array(pipeline)
  const holdsLast = new Uint8Array(pipeline)
  for (let place = 0; place < rankOfStage.length; place++) {
    if (place % depth === 0) holdsFirst[rankOfStage[place]!] = 1
    if (place % depth === depth - 1) holdsLast[rankOfStage[place]!] = 1
  }
  return {
    stages,
    firstLayer,
    rankOfPlace: rankOfStage,
    timeShare: rankOfStage.length > depth ? 0.5 : 1,
    holdsFirst,
    holdsLast,
    longest: Math.max(...stages),
  }
}

/** How many of the layers before each are of each shape: counts of any stretch of layers by one subtraction. */
export class ShapeCounts {
  readonly shapes: number
  readonly total: readonly number[]
  readonly #before: Int32Array

  constructor({ shapes, layers }: ModelSpec) {
    this.shapes = shapes.length
    this.#before = new Int32Array((layers.length + 1) * shapes.length)
    for (let layer = 0; layer < layers.length; layer++)
      for (let shape = 0; shape < shapes.length; shape++)
        this.#before[(layer + 1) * shapes.length + shape] =
          this.#before[layer * shapes.length + shape]! + (layers[layer] === shape ? 1 : 0)
    this.total = shapes.map((_, shape) => this.between(shape, 0, layers.length))
  }

  between(shape: number, first: number, end: number): number {
    return this.#before[end * this.shapes + shape]! - this.#before[first * this.shapes + shape]!
  }
}
