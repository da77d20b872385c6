/**
 * The parameters of a layer as a list of weights, each with the axis that cuts it. One list gives parameters (exact to the unit), FLOPs of
 * the matrix products, and what a rank holds. Formulas: shared/planner/formulas.md 1.1; published counts in parameters.test.ts.
 */
import type { LayerCut } from './cut.ts'
import type { Attention, DenseMlp, ExpertMlp, LatentAttention, LayerShape, ModelSpec, StateSpace } from './model.ts'

export type ModuleName =
  | 'norm'
  | 'qkv'
  | 'latentDown'
  | 'latentUp'
  | 'core'
  | 'out'
  | 'stateSpace'
  | 'mlp'
  | 'router'
  | 'experts'
  | 'sharedExpert'
  | 'embedding'
  | 'head'
  | 'mtp'

export interface Weight {
  readonly module: ModuleName
  /** Of the whole model's weight, all experts together. */
  readonly elements: number
  /** `tensor`: rows or columns over tensor ranks; `none`: a copy on each; `expert`: over expert and expert-tensor ranks. */
  readonly cut: 'tensor' | 'none' | 'expert'
  /** Takes part in a matrix product with every token (with topK of them: experts). */
  readonly isMatrix: boolean
  /** It can be cut at most so many times (key and value heads). */
  readonly most?: number
}

const matrix = (module: ModuleName, elements: number, cut: Weight['cut'], most?: number): Weight => ({
  module,
  elements,
  cut,
  isMatrix: true,
  ...(most === undefined ? {} : { most }),
})
const vector = (module: ModuleName, elements: number, cut: Weight['cut']): Weight => ({
  module,
  elements,
  cut,
  isMatrix: false,
})

/** Weight, and a bias in a layer norm. */
const normElements = (model: ModelSpec, width = model.hidden): number => width * (model.norm === 'layer' ? 2 : 1)

/** Weights of one layer, norms included; `elements` of 0 are left out. */
export function weightsOf(shape: LayerShape, model: ModelSpec): readonly Weight[] {
  const parts = Number(shape.mixer !== undefined) + Number(shape.mlp !== undefined)
  return [
    vector('norm', (parts + shape.extraNorms) * normElements(model), 'none'),
    ...mixerWeights(shape, model),
    ...(shape.mlp?.kind === 'dense' ? denseWeights(shape.mlp, model.hidden, 'mlp') : []),
    ...(shape.mlp?.kind === 'experts' ? expertWeights(shape.mlp, model.hidden) : []),
  ].filter(weight => weight.elements > 0)
}

function mixerWeights({ mixer }: LayerShape, model: ModelSpec): readonly Weight[] {
  switch (mixer?.kind) {
    case undefined:
      return []
    case 'attention':
      return attentionWeights(mixer, model)
    case 'latent':
      return latentWeights(mixer, model)
    case 'stateSpace':
      return stateSpaceWeights(mixer, model)
  }
}

function attentionWeights(a: Attention, { hidden: h }: ModelSpec): readonly Weight[] {
  const queries = a.heads * a.headDim
  const keys = a.kvHeads * a.headDim
  return [
    matrix('qkv', h * queries, 'tensor'),
    matrix('qkv', 2 * h * keys, 'tensor', a.kvHeads),
    matrix('out', queries * h, 'tensor'),
    vector('qkv', a.qkvBias ? queries + 2 * keys : 0, 'tensor'),
    vector('out', a.outBias ? h : 0, 'none'),
    vector('norm', a.qkNorm ? 2 * a.headDim : 0, 'none'),
    vector('core', a.sinks ? a.heads : 0, 'tensor'),
  ]
}

/** The projections down are small and copied on every tensor rank; those up are cut by heads. */
function latentWeights(a: LatentAttention, { hidden: h }: ModelSpec): readonly Weight[] {
  const queries = a.heads * (a.nopeDim + a.ropeDim)
  const compressed = a.qRank !== undefined
  return [
    matrix('latentDown', h * (a.qRank ?? 0) + h * (a.kvRank + a.ropeDim), 'none'),
    vector('norm', (a.qRank ?? 0) + a.kvRank, 'none'),
    matrix(compressed ? 'latentUp' : 'qkv', (a.qRank ?? h) * queries, 'tensor'),
    matrix('latentUp', a.kvRank * a.heads * (a.nopeDim + a.valueDim), 'tensor'),
    matrix('out', a.heads * a.valueDim * h, 'tensor'),
  ]
}

/** Width of the inner stream and of what the short convolution runs over (x, B and C). */
export const stateSpaceWidths = (s: StateSpace): { readonly inner: number; readonly conv: number } => ({
  inner: s.heads * s.headDim,
  conv: s.heads * s.headDim + 2 * s.groups * s.stateDim,
})

function stateSpaceWeights(s: StateSpace, { hidden: h }: ModelSpec): readonly Weight[] {
  const { inner, conv } = stateSpaceWidths(s)
  const projected = inner + conv + s.heads
  return [
    matrix('stateSpace', h * projected, 'tensor'),
    matrix('stateSpace', inner * h, 'tensor'),
    vector('stateSpace', conv * (s.convKernel + 1), 'tensor'),
    // A, D and the bias of dt, one a head; the gated norm over the inner stream.
    vector('stateSpace', 3 * s.heads + inner, 'tensor'),
    vector('stateSpace', s.bias ? projected + h : 0, 'tensor'),
  ]
}

const projections = (gated: boolean): number => (gated ? 3 : 2)

function denseWeights(m: DenseMlp, h: number, module: ModuleName): readonly Weight[] {
  return [
    matrix(module, projections(m.gated) * h * m.ffn, 'tensor'),
    vector(module, m.bias ? (m.gated ? 2 : 1) * m.ffn : 0, 'tensor'),
    vector(module, m.bias ? h : 0, 'none'),
  ]
}

function expertWeights(m: ExpertMlp, h: number): readonly Weight[] {
  const shared: DenseMlp = { kind: 'dense', ffn: m.sharedFfn, gated: m.gated, bias: false }
  return [
    matrix('router', h * m.experts, 'none'),
    vector('router', m.routerBias ? m.experts : 0, 'none'),
    matrix('experts', m.experts * projections(m.gated) * h * m.ffn, 'expert'),
    vector('experts', m.bias ? m.experts * ((m.gated ? 2 : 1) * m.ffn + h) : 0, 'expert'),
    ...denseWeights(shared, h, 'sharedExpert'),
    matrix('sharedExpert', m.sharedGate ? h : 0, 'none'),
  ]
}

/** Elements of a layer on one rank, by what they are averaged over: experts have a data-parallel group of their own. */
export interface LayerParameters {
  readonly tensorSharded: number
  readonly replicated: number
  readonly experts: number
}

export function layerParameters(
  shape: LayerShape,
  model: ModelSpec,
  cut: Pick<LayerCut, 'tensor' | 'expert' | 'expertTensor'>,
): LayerParameters {
  let tensorSharded = 0
  let replicated = 0
  let experts = 0
  for (const weight of weightsOf(shape, model)) {
    if (weight.cut === 'none') replicated += weight.elements
    else if (weight.cut === 'expert') experts += weight.elements / (cut.expert * cut.expertTensor)
    else tensorSharded += weight.elements / Math.min(cut.tensor, weight.most ?? cut.tensor)
  }
  return { tensorSharded, replicated, experts }
}
