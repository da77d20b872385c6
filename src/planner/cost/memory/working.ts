/** Bytes that a rank works with at its worst moment, beyond states and kept activations: at the model's ends and inside one layer. */
import { expertRows, type LayerCut, residualTokens } from '../../model/cut.ts'
import { type LayerShape, type ModelSpec, shapeOf } from '../../model/model.ts'
import type { Workload } from '../../training/layout.ts'
import type { StepInput } from '../prediction.ts'
import type { Software } from '../software.ts'
import type { Chunk } from './stage.ts'
import { type RankElements, shardsOf } from './states.ts'

/** Megatron pads the vocabulary to 128 columns a tensor rank; others do not. */
export function paddedVocab(model: ModelSpec, tensor: number, software: Software): number {
  if (software.family !== 'megatron' && software.family !== 'nemo') return model.vocab
  const multiple = 128 * tensor
  return Math.ceil(model.vocab / multiple) * multiple
}

/** Kept of one micro-batch by what stands before the first and after the last layer. */
export function endActivations(
  model: ModelSpec,
  cut: LayerCut,
  software: Software,
  workload: Workload,
): { readonly embedding: number; readonly head: number } {
  const base = workload.precision.base === 'fp32' ? 4 : 2
  const logits = (cut.tokens * paddedVocab(model, cut.tensor, software)) / cut.tensor
  const stream = base * model.hidden * residualTokens(cut)
  // Fused, the loss keeps the logits as they are and turns them into their gradient in place; else a copy in fp32.
  const loss = logits * (software.features.fusedCrossEntropy ? base : base + 4)
  return { embedding: 8 * cut.tokens, head: (1 + model.mtpLayers) * (2 * stream + loss) }
}

/** Inside one layer's backward: gradients of what it just made, and the inputs that sequence parallelism gathers again. */
export function layerWorking(shape: LayerShape, model: ModelSpec, cut: LayerCut, workload: Workload): number {
  const base = workload.precision.base === 'fp32' ? 4 : 2
  const gathered = cut.sequenceParallel && cut.tensor > 1 ? base * model.hidden * cut.tokens : 0
  const stream = base * model.hidden * residualTokens(cut)
  if (shape.mlp?.kind === 'dense') return stream + gathered + (base * 3 * shape.mlp.ffn * cut.tokens) / cut.tensor
  if (shape.mlp?.kind === 'experts') {
    const rows = expertRows(shape.mlp.topK, cut) * workload.expertImbalance
    return stream + base * rows * (model.hidden + (3 * shape.mlp.ffn) / cut.expertTensor)
  }
  return stream + 4 * base * model.hidden * cut.tokens
}

/** Most of the chunks' layers; parameters that FSDP gathers; communication buffers. */
export function stageWorking(input: StepInput, chunks: readonly Chunk[], elements: RankElements): number {
  const { model, layout, workload } = input
  const cut: LayerCut = {
    ...layout,
    tokens: (layout.microBatch * workload.sequence) / layout.context,
    sequence: workload.sequence,
  }
  let most = 0
  let layers = 0
  for (const chunk of chunks) {
    layers += chunk.numLayers
    for (let i = 0; i < chunk.numLayers; i++)
      most = Math.max(most, layerWorking(shapeOf(model, chunk.firstLayer + i), model, cut, workload))
  }
  const isGathered = layout.zero === 3 && shardsOf(layout).dense > 1
  // This layer's and the next one's parameters, and one layer's gradients, whole.
  const gathered = isGathered ? ((elements.dense + elements.experts) / Math.max(1, layers)) * (2 * 2 + 4) : 0
  return most + gathered + 64 * 2 ** 20
}
