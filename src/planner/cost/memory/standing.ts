/** Bytes that stand through the step whatever is in flight: workspaces, dummies of gradients, parameters that FSDP has gathered. */
import type { LayerCut } from '../../model/cut.ts'
import type { LayerShape, ModelSpec } from '../../model/model.ts'
import { operatorsOf } from '../../model/operators.ts'
import { layerParameters } from '../../model/weights.ts'
import type { Software } from '../software.ts'
import { usesEngine, usesFsdp } from './kernels.ts'
import { type StateLayout, shardsOf, staysWhole } from './states.ts'

/** cuBLAS's workspace of PyTorch and that of Transformer Engine, 32 MiB each from Hopper on; grouped products have four more. */
const WORKSPACE_BYTES = 32 * 2 ** 20

export function workspaceBytes(shapes: readonly LayerShape[], software: Software): number {
  if (software.onCores) return 0
  const hasExperts = shapes.some(shape => shape.mlp?.kind === 'experts')
  return (hasExperts && usesEngine(software) ? 6 : 2) * WORKSPACE_BYTES
}

/**
 * Transformer Engine hands autograd a dummy where the true gradient went straight into the main buffer; one stays for each shape of a
 * weight (from 2.3 on, for grouped products from 2.10).
 */
const ENGINE_DUMMIES = 2025.35
const ENGINE_GROUPED_DUMMIES = 2025.9

export function dummyGradientBytes(
  shapes: readonly LayerShape[],
  model: ModelSpec,
  cut: LayerCut,
  software: Software,
): number {
  if (!usesEngine(software) || software.year < ENGINE_DUMMIES) return 0
  const elements = new Map<string, number>()
  for (const shape of shapes)
    for (const operator of operatorsOf(shape, model, cut)) {
      const isCounted =
        operator.kind === 'gemm' ? operator.module !== 'router' : software.year >= ENGINE_GROUPED_DUMMIES
      if ((operator.kind === 'gemm' || operator.kind === 'grouped') && isCounted)
        elements.set(`${operator.n}x${operator.k}`, operator.n * operator.k)
    }
  return 2 * [...elements.values()].reduce((sum, n) => sum + n, 0)
}

/**
 * Parameters that FSDP has whole: two layers (this and the next), and the head, which stays from forward to backward; torchtitan wraps the
 * embedding apart since 2025, before that it stays as well. In the layers' backward also one layer's gradients, twice (as made, and as
 * sent in fp32). DeepSpeed gathers module by module, up to 1e9 parameters ahead, and reduces by buckets.
 */
export function gatheredParameters(
  shapes: readonly LayerShape[],
  model: ModelSpec,
  layout: StateLayout,
  software: Software,
): { readonly atLoss: number; readonly inLayers: number } {
  if (layout.zero !== 3 || shardsOf(layout).dense <= 1 || staysWhole(layout, software))
    return { atLoss: 0, inLayers: 0 }
  const largest = Math.max(
    0,
    ...shapes.map(shape => {
      const own = layerParameters(shape, model, layout)
      return own.tensorSharded + own.replicated + own.experts
    }),
  )
  const vocab = (model.vocab * model.hidden) / layout.tensor
  if (!usesFsdp(software)) {
    const ahead = Math.min(2 * largest, LIVE_PARAMETERS)
    return { atLoss: 2 * (ahead + vocab), inLayers: 2 * ahead }
  }
  const ends = software.year < EMBEDDING_APART && !model.tiedEmbeddings ? 2 * vocab : vocab
  return { atLoss: 2 * (2 * largest + ends), inLayers: 2 * (2 * largest + ends) + (2 + 4) * largest }
}

/** torchtitan wraps the embedding as a unit of its own. */
const EMBEDDING_APART = 2025.25

/** DeepSpeed's `stage3_max_live_parameters`. */
const LIVE_PARAMETERS = 1e9
