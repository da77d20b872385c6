/** Bytes that a layer keeps of one micro-batch, after what recomputation throws away. */
import { type LayerCut, localKvHeads, residualTokens } from '../../model/cut.ts'
import type { LayerShape, ModelSpec } from '../../model/model.ts'
import type { Precision, Recompute, RecomputeModule } from '../../training/layout.ts'
import type { Software } from '../software.ts'
import { type Kept, type KeptModule, keptOf } from './kept.ts'
import { type Kernels, kernelsOf } from './kernels.ts'

/**
 * What each module of Megatron-Core's `--recompute-modules` frees. With flash attention `core_attn` frees only a logarithm a row:
 * its inputs and its output stay.
 */
const FREED: Readonly<Record<RecomputeModule, readonly KeptModule[]>> = {
  core_attn: ['scores'],
  layernorm: ['normOutput'],
  mlp: ['mlpUp', 'mlpActivation'],
  moe: ['router', 'dispatched', 'expertUp', 'expertActivation', 'combined', 'sharedUp', 'sharedActivation'],
  moe_act: ['expertActivation'],
  mla_up_proj: ['latentUp'],
  shared_experts: ['sharedUp', 'sharedActivation'],
}

/** Depends on the shape, the cut, recompute, software and precision; not on the pipeline or the data degree. */
export function layerActivations(
  shape: LayerShape,
  model: ModelSpec,
  cut: LayerCut,
  recompute: Recompute,
  software: Software,
  precision: Precision,
  expertImbalance = 1,
): number {
  return keptBytes(shape, model, cut, recompute, kernelsOf(software, precision, expertImbalance))
}

export const keptBytes = (
  shape: LayerShape,
  model: ModelSpec,
  cut: LayerCut,
  recompute: Recompute,
  kernels: Kernels,
): number => sumOf(keptTensors(shape, model, cut, recompute, kernels))

/** The same tensor by tensor, for pages that show where memory goes. */
function keptTensors(
  shape: LayerShape,
  model: ModelSpec,
  cut: LayerCut,
  recompute: Recompute,
  kernels: Kernels,
): readonly Kept[] {
  switch (recompute.kind) {
    case 'full':
      return [{ module: 'normInput', bytes: checkpointBytes(model, cut, kernels) }]
    case 'modules':
      return kernels.selects === 'operators'
        ? selectedOperators(shape, model, cut, kernels)
        : withoutFreed(keptOf(shape, model, cut, kernels), recompute.modules)
    case 'none':
      return keptOf(shape, model, cut, kernels)
  }
}

/** A layer that is computed again keeps its input. */
const checkpointBytes = (model: ModelSpec, cut: LayerCut, kernels: Kernels): number =>
  kernels.elementBytes * model.hidden * residualTokens(cut)

const sumOf = (tensors: readonly Kept[]): number => tensors.reduce((sum, tensor) => sum + tensor.bytes, 0)

function withoutFreed(tensors: readonly Kept[], modules: readonly RecomputeModule[]): readonly Kept[] {
  const freed = new Set<KeptModule>(modules.flatMap(module => FREED[module]))
  return tensors.filter(tensor => !freed.has(tensor.module))
}

/**
 * torchtitan's selective recompute by operator: the layer's input, the attention's output, and the output of every second product in the
 * order that they run (query, value, gate; the last one too, which no backward needs and a compiler drops).
 */
function selectedOperators(shape: LayerShape, model: ModelSpec, cut: LayerCut, kernels: Kernels): readonly Kept[] {
  const { mixer, mlp } = shape
  const tokens = cut.tokens / cut.tensor
  let elements = 0
  let attention = 0
  if (mixer?.kind === 'attention') {
    const queries = mixer.heads * mixer.headDim
    elements += (queries + localKvHeads(mixer.kvHeads, cut.tensor) * cut.tensor * mixer.headDim) * tokens
    attention = (kernels.elementBytes * queries + 4 * mixer.heads) * tokens
  } else if (mixer?.kind === 'latent') {
    elements += ((mixer.qRank ?? 0) + mixer.heads * (mixer.nopeDim + mixer.valueDim)) * tokens
    attention = (kernels.elementBytes * mixer.valueDim + 4) * mixer.heads * tokens
  } else if (mixer?.kind === 'stateSpace') elements += mixer.heads * mixer.headDim * 2 * tokens
  if (mlp?.kind === 'dense') elements += mlp.ffn * tokens
  // What the dispatch brought is kept (it would be sent again), and one of the grouped products.
  if (mlp?.kind === 'experts')
    elements += (mlp.topK * kernels.expertImbalance * (model.hidden + mlp.ffn) + mlp.sharedFfn) * tokens
  if (kernels.keepsUnneeded) elements += model.hidden * tokens
  return [
    { module: 'normInput', bytes: checkpointBytes(model, cut, kernels) },
    { module: 'selectedProducts', bytes: kernels.keepsProducts ? kernels.elementBytes * elements : 0 },
    { module: 'coreOutput', bytes: kernels.keepsAttention ? attention : 0 },
  ]
}
