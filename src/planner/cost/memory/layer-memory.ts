/**
 * Memory of one layer, and of what stands before the first and after the last: what is kept of a micro-batch, and the most that the backward
 * works with on top. Depends on the shape, the cut, recompute, software and precision; on nothing of the pipeline or of the data degree.
 */
import { expertRows, type LayerCut, localKvHeads, residualTokens } from '../../model/cut.ts'
import type { LayerShape, ModelSpec } from '../../model/model.ts'
import type { Layout, Recompute, Workload } from '../../training/layout.ts'
import type { Software } from '../software.ts'
import { keptBytes } from './activations.ts'
import { type Kernels, usesEngine } from './kernels.ts'
import { lossBytesOf } from './loss.ts'

export const cutOf = (layout: Layout, workload: Workload): LayerCut => ({
  tensor: layout.tensor,
  context: layout.context,
  expert: layout.expert,
  expertTensor: layout.expertTensor,
  sequenceParallel: layout.sequenceParallel,
  tokens: (layout.microBatch * workload.sequence) / layout.context,
  sequence: workload.sequence,
  contextMethod: layout.contextMethod,
})

/** Megatron pads the vocabulary to 128 columns a tensor rank; others do not. */
export function paddedVocab(model: ModelSpec, tensor: number, software: Software): number {
  if (!usesEngine(software)) return model.vocab
  const multiple = 128 * tensor
  return Math.ceil(model.vocab / multiple) * multiple
}

const baseBytes = (workload: Workload): number => (workload.precision.base === 'fp32' ? 4 : 2)

/** What one layer hands to the next. */
export const streamBytes = (model: ModelSpec, cut: LayerCut, workload: Workload): number =>
  baseBytes(workload) * model.hidden * residualTokens(cut)

/** With sequence parallelism a product's input is gathered over the tensor ranks, and its gradient is whole before it is scattered. */
const gatheredBytes = (model: ModelSpec, cut: LayerCut, base: number): number =>
  cut.sequenceParallel && cut.tensor > 1 ? base * model.hidden * cut.tokens : 0

/**
 * Inside one layer, beyond what it keeps. In the backward: the gradient of the stream, and the gradients around its widest step. What was kept
 * for a step is free once its backward has run.
 */
function layerWorking(shape: LayerShape, model: ModelSpec, cut: LayerCut, workload: Workload): number {
  const base = baseBytes(workload)
  const stream = streamBytes(model, cut, workload)
  return Math.max(
    dispatchWorking(shape, model, cut, workload),
    stream + mlpWorking(shape, model, cut, workload),
    stream + mixerWorking(shape, model, cut, base),
  )
}

/** At the activation: its output's gradient takes the place of its output; the gradients of gate and up come on top. */
function mlpWorking({ mlp }: LayerShape, model: ModelSpec, cut: LayerCut, workload: Workload): number {
  const base = baseBytes(workload)
  if (mlp?.kind === 'dense')
    return Math.max((base * (mlp.gated ? 2 : 1) * mlp.ffn * cut.tokens) / cut.tensor, gatheredBytes(model, cut, base))
  if (mlp?.kind !== 'experts') return 0
  const rows = expertRows(mlp.topK, cut) * workload.expertImbalance
  return base * rows * Math.max(((mlp.gated ? 2 : 1) * mlp.ffn) / cut.expertTensor, model.hidden)
}

/**
 * In the forward of experts: rows as they were sent, as they arrived, as the experts left them and as they came back are all alive when the
 * last are put together, beside the output, the shared expert's and their sum. (The rows that the experts multiplied are kept anyway.)
 */
function dispatchWorking({ mlp }: LayerShape, model: ModelSpec, cut: LayerCut, workload: Workload): number {
  if (mlp?.kind !== 'experts') return 0
  const rows = expertRows(mlp.topK, cut) * workload.expertImbalance
  return baseBytes(workload) * model.hidden * (4 * rows + 3 * residualTokens(cut))
}

/** Gradients of Q, K and V; with Ulysses each is exchanged: as sent, as received and as ordered again. */
function mixerWorking({ mixer }: LayerShape, model: ModelSpec, cut: LayerCut, base: number): number {
  if (mixer === undefined || mixer.kind === 'stateSpace') return 2 * gatheredBytes(model, cut, base)
  const heads = mixer.heads / cut.tensor
  const isLatent = mixer.kind === 'latent'
  const queries = heads * (isLatent ? mixer.nopeDim + mixer.ropeDim : mixer.headDim)
  const keys = isLatent ? queries : localKvHeads(mixer.kvHeads, cut.tensor) * mixer.headDim
  const values = isLatent ? heads * mixer.valueDim : keys
  const exchanged = cut.context > 1 && cut.contextMethod === 'ulysses' ? 4 : 1
  return base * cut.tokens * (queries + keys + values) * exchanged
}

export interface PartMemory {
  /** Of one micro-batch, from its forward to its backward. */
  readonly keptBytes: number
  /** At the worst moment of the backward, beyond what is kept. */
  readonly workingBytes: number
}

/** A layer that is computed again has all that it would have kept; its backward comes on top. */
export function layerMemory(
  shape: LayerShape,
  model: ModelSpec,
  cut: LayerCut,
  recompute: Recompute,
  workload: Workload,
  kernels: Kernels,
): PartMemory {
  const kept = keptBytes(shape, model, cut, recompute, kernels)
  const whole = keptBytes(shape, model, cut, { kind: 'none' }, kernels)
  return {
    keptBytes: kept,
    workingBytes: layerWorking(shape, model, cut, workload) + Math.max(0, whole - kept),
  }
}

export interface HeadMemory extends PartMemory {
  /** Its weight's gradient, in the base format, which is still there when the layers' backward begins. */
  readonly gradientBytes: number
  /** Blocks of the loss that the allocator cannot use again. */
  readonly strandedBytes: number
}

/** Norm and head inputs and logits are kept; the worst moment is the loss, or the head's backward: its weight's gradient has no place yet. */
export function headMemory(model: ModelSpec, cut: LayerCut, software: Software, workload: Workload): HeadMemory {
  const base = baseBytes(workload)
  const loss = lossBytesOf(software, workload.precision, cut.tensor > 1)
  const vocab = paddedVocab(model, cut.tensor, software) / cut.tensor
  const logits = cut.tokens * vocab
  const stream = streamBytes(model, cut, workload)
  const gathered = gatheredBytes(model, cut, base)
  const gradient = base * vocab * model.hidden
  return {
    keptBytes: (1 + model.mtpLayers) * (2 * stream + loss.kept * logits),
    workingBytes: Math.max((loss.peak - loss.kept) * logits + gathered, gradient + 2 * gathered + stream),
    gradientBytes: gradient,
    strandedBytes: loss.stranded * logits,
  }
}

/** Token ids. */
export const embeddingMemory = (cut: LayerCut): PartMemory => ({ keptBytes: 8 * cut.tokens, workingBytes: 0 })
