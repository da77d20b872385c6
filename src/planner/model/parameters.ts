/** How many parameters a model has, exact to the unit, and how many of them a token meets (testvectors: param_counts). */
import type { ExpertMlp, LayerShape, ModelSpec } from './model.ts'
import { weightsOf } from './weights.ts'

export interface ParameterCount {
  readonly total: number
  /** Without the experts that a token is not sent to; embedding and head included. */
  readonly active: number
  /** Of token (and learned position) embedding. */
  readonly embedding: number
  /** Of the head, where it is not the embedding again. */
  readonly head: number
  /** Multi-token-prediction layers; not part of `total`, as in the published counts. */
  readonly mtp: number
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, n) => total + n, 0)

export const layerTotal = (shape: LayerShape, model: ModelSpec): number =>
  sum(weightsOf(shape, model).map(weight => weight.elements))

export function layerActive(shape: LayerShape, model: ModelSpec): number {
  const reached = shape.mlp?.kind === 'experts' ? shareOfExperts(shape.mlp) : 1
  return sum(weightsOf(shape, model).map(w => (w.cut === 'expert' ? w.elements * reached : w.elements)))
}

const shareOfExperts = (mlp: ExpertMlp): number => mlp.topK / mlp.experts

export const normParameters = (model: ModelSpec): number => model.hidden * (model.norm === 'layer' ? 2 : 1)

export const embeddingParameters = (model: ModelSpec, vocab = model.vocab): number =>
  (vocab + model.learnedPositions) * model.hidden + (model.embeddingNorm ? normParameters(model) : 0)

export const headParameters = (model: ModelSpec, vocab = model.vocab): number =>
  (model.tiedEmbeddings ? 0 : vocab * model.hidden) + (model.headBias ? vocab : 0)

/** A projection of two streams into one, two norms before it, one after (DeepSeek-V3, 2412.19437 section 2.2). */
export const mtpParameters = (model: ModelSpec): number => 2 * model.hidden * model.hidden + 3 * normParameters(model)

export function parameters(model: ModelSpec): ParameterCount {
  const totals = model.shapes.map(shape => layerTotal(shape, model))
  const actives = model.shapes.map(shape => layerActive(shape, model))
  const embedding = embeddingParameters(model)
  const head = headParameters(model)
  const outside = embedding + head + normParameters(model)
  const last = model.layers.at(-1)
  return {
    total: outside + sum(model.layers.map(i => totals[i]!)),
    active: outside + sum(model.layers.map(i => actives[i]!)),
    embedding,
    head,
    mtp: last === undefined ? 0 : model.mtpLayers * (totals[last]! + mtpParameters(model)),
  }
}
