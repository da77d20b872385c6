/** Bytes that a layer keeps of one micro-batch, after what recomputation throws away. */
import type { LayerCut } from '../../model/cut.ts'
import { residualTokens } from '../../model/cut.ts'
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
  const kernels = kernelsOf(software, precision, expertImbalance)
  return recompute.kind === 'full'
    ? checkpointBytes(model, cut, kernels)
    : sumOf(withoutFreed(keptOf(shape, model, cut, kernels), recompute))
}

/** A layer that is computed again keeps its input. */
export const checkpointBytes = (model: ModelSpec, cut: LayerCut, kernels: Kernels): number =>
  kernels.elementBytes * model.hidden * residualTokens(cut)

export const sumOf = (tensors: readonly Kept[]): number => tensors.reduce((sum, tensor) => sum + tensor.bytes, 0)

function withoutFreed(tensors: readonly Kept[], recompute: Recompute): readonly Kept[] {
  if (recompute.kind !== 'modules') return tensors
  const freed = new Set<KeptModule>(recompute.modules.flatMap(module => FREED[module]))
  return tensors.filter(tensor => !freed.has(tensor.module))
}
