/**
 * What one layer keeps of a micro-batch until its backward, tensor by tensor. A tensor that two operators need is counted once, where it is
 * made. Sizes follow Korthikanti et al. (2205.05198, section 4) brought up to date: flash attention keeps Q, K, V, the output and a
 * logarithm a row; norms and fused activations keep their input and recompute the rest (checked on Megatron-Core with Transformer Engine 2.11:
 * memory.test.ts).
 *
 * Legend: T tokens of this rank, h hidden, q = heads x head size, kv likewise, f width, t tensor degree, r rows that the experts multiply.
 */
import { expertRows, type LayerCut, localKvHeads, residualTokens, routedTokens } from '../../model/cut.ts'
import type {
  Attention,
  DenseMlp,
  ExpertMlp,
  LatentAttention,
  LayerShape,
  ModelSpec,
  StateSpace,
} from '../../model/model.ts'
import { stateSpaceWidths } from '../../model/weights.ts'
import type { Kernels } from './kernels.ts'

/** Who makes the tensor; `recompute.ts` throws away by it. */
export type KeptModule =
  | 'normInput'
  | 'normOutput'
  | 'latentDown'
  | 'latentUp'
  | 'core'
  | 'scores'
  | 'coreOutput'
  | 'mlpUp'
  | 'mlpActivation'
  | 'router'
  | 'dispatched'
  | 'expertUp'
  | 'expertActivation'
  | 'combined'
  | 'sharedUp'
  | 'sharedActivation'
  | 'stateSpace'
  | 'dropout'
  /** Outputs that torchtitan's list of operators keeps. */
  | 'selectedProducts'

export interface Kept {
  readonly module: KeptModule
  readonly bytes: number
}

const kept = (module: KeptModule, bytes: number): Kept => ({ module, bytes })

export function keptOf(shape: LayerShape, model: ModelSpec, cut: LayerCut, kernels: Kernels): readonly Kept[] {
  return [
    ...(shape.mixer ? [...normKept(model, cut, kernels), ...mixerKept(shape.mixer, cut, kernels)] : []),
    ...(shape.mlp ? [...normKept(model, cut, kernels), ...mlpKept(shape.mlp, model, cut, kernels)] : []),
    ...Array.from({ length: shape.extraNorms }, () =>
      kept('normInput', kernels.elementBytes * model.hidden * residualTokens(cut)),
    ),
  ].filter(tensor => tensor.bytes > 0)
}

/** A norm keeps its input and a scale a row; the product after it keeps the output. */
function normKept(model: ModelSpec, cut: LayerCut, kernels: Kernels): readonly Kept[] {
  const tokens = residualTokens(cut)
  const row = model.norm === 'layer' ? 8 : 4
  return [
    kept('normInput', (kernels.elementBytes * model.hidden + row) * tokens),
    kept('normOutput', kernels.keepsNormOutput ? kernels.inputBytes * model.hidden * tokens : 0),
    kept('dropout', kernels.dropout ? model.hidden * tokens : 0),
  ]
}

function mixerKept(mixer: Attention | LatentAttention | StateSpace, cut: LayerCut, kernels: Kernels): readonly Kept[] {
  switch (mixer.kind) {
    case 'attention':
      return attentionKept(mixer, cut, kernels)
    case 'latent':
      return latentKept(mixer, cut, kernels)
    case 'stateSpace':
      return stateSpaceKept(mixer, cut, kernels)
  }
}

/** Without flash attention: the softmax of the scores, its dropout mask and what that left, 5 bytes a score (Korthikanti et al.). */
const scoreBytes = (heads: number, cut: LayerCut, kernels: Kernels): number =>
  heads * cut.tokens * (kernels.flashAttention ? 4 : 5 * cut.sequence)

/**
 * The output is kept once for attention's backward and for the projection after it. With Ulysses the two are in different layouts
 * (Transformer Engine from 2.8 keeps the one before the exchange as well).
 */
function outputKept(bytes: number, cut: LayerCut, kernels: Kernels): Kept {
  const exchanged = cut.context > 1 && cut.contextMethod === 'ulysses' && kernels.keepsExchangedOutput
  return kept('coreOutput', bytes * (exchanged ? 2 : 1))
}

function attentionKept(a: Attention, cut: LayerCut, kernels: Kernels): readonly Kept[] {
  const heads = a.heads / cut.tensor
  const queries = heads * a.headDim
  const keys = localKvHeads(a.kvHeads, cut.tensor) * a.headDim
  const e = kernels.elementBytes
  return [
    kept('core', e * (queries + 2 * keys) * cut.tokens),
    kept('scores', scoreBytes(heads, cut, kernels)),
    // The norm of queries and keys keeps them as they came.
    kept('core', a.qkNorm ? e * (queries + keys) * cut.tokens : 0),
    outputKept(e * queries * cut.tokens, cut, kernels),
  ]
}

function latentKept(a: LatentAttention, cut: LayerCut, kernels: Kernels): readonly Kept[] {
  const heads = a.heads / cut.tensor
  const queries = heads * (a.nopeDim + a.ropeDim)
  const values = heads * a.valueDim
  const latents = (a.qRank ?? 0) + a.kvRank
  const e = kernels.elementBytes
  return [
    // Each latent twice: as the input of its norm and as that of the projection up. The rotary part comes along.
    kept('latentDown', (2 * e * latents + e * a.ropeDim) * residualTokens(cut)),
    kept('latentUp', e * (2 * queries + values) * cut.tokens),
    kept('scores', scoreBytes(heads, cut, kernels)),
    outputKept(e * values * cut.tokens, cut, kernels),
  ]
}

/** The projection, the stream before and after the convolution, the scan's output and the gated norm's; states a chunk of 256 tokens. */
function stateSpaceKept(s: StateSpace, cut: LayerCut, kernels: Kernels): readonly Kept[] {
  const { inner, conv } = stateSpaceWidths(s)
  const perToken = kernels.elementBytes * (inner + 2 * conv + 2 * inner + s.heads)
  const states = (4 * inner * s.stateDim) / 256
  return [kept('stateSpace', ((perToken + states) * cut.tokens) / cut.tensor)]
}

function mlpKept(mlp: DenseMlp | ExpertMlp, model: ModelSpec, cut: LayerCut, kernels: Kernels): readonly Kept[] {
  if (mlp.kind === 'experts') return expertsKept(mlp, model, cut, kernels)
  const width = (cut.tokens * mlp.ffn) / cut.tensor
  return [
    kept('mlpUp', upBytes(width, mlp.gated, kernels)),
    kept('mlpActivation', kernels.keepsActivationOutput ? kernels.inputBytes * width : 0),
  ]
}

/** What the activation keeps: gate and up; unfused the activated gate as well. */
const upBytes = (elements: number, gated: boolean, kernels: Kernels): number =>
  kernels.elementBytes * elements * (gated ? (kernels.fusedActivation ? 2 : 3) : 1)

function expertsKept(mlp: ExpertMlp, model: ModelSpec, cut: LayerCut, kernels: Kernels): readonly Kept[] {
  const tokens = routedTokens(cut)
  const rows = expertRows(mlp.topK, cut) * kernels.expertImbalance
  const width = (rows * mlp.ffn) / cut.expertTensor
  const shared = (cut.tokens * mlp.sharedFfn) / cut.tensor
  return [
    // Scores and probabilities in fp32, and the map of who goes where.
    kept('router', (4 + 4 + 1) * tokens * mlp.experts),
    kept('dispatched', kernels.inputBytes * model.hidden * rows + 16 * rows),
    kept('expertUp', upBytes(width, mlp.gated, kernels)),
    kept('expertActivation', kernels.keepsActivationOutput ? kernels.inputBytes * width : 0),
    kept('combined', kernels.keepsExpertOutput ? kernels.elementBytes * model.hidden * rows : 0),
    kept('sharedUp', upBytes(shared, mlp.gated, kernels)),
    kept('sharedActivation', kernels.keepsActivationOutput ? kernels.inputBytes * shared : 0),
  ]
}
