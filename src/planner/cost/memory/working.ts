/**
 * Bytes that a rank works with beyond states and kept activations. A rank's peak is one of a few moments of the backward of its last
 * micro-batch, when everything is kept and the first gradients appear; the largest decides (`stageWorking`).
 */
import { expertRows, type LayerCut, localKvHeads, residualTokens } from '../../model/cut.ts'
import { type LayerShape, type ModelSpec, shapeOf } from '../../model/model.ts'
import { operatorsOf } from '../../model/operators.ts'
import { layerParameters } from '../../model/weights.ts'
import type { Layout, Workload } from '../../training/layout.ts'
import type { StepInput } from '../prediction.ts'
import type { Software } from '../software.ts'
import { keptBytes } from './activations.ts'
import { type Kernels, kernelsOf, usesEngine, usesFsdp } from './kernels.ts'
import { lossBytesOf } from './loss.ts'
import type { Chunk } from './stage.ts'
import { shardsOf } from './states.ts'

const MIB = 2 ** 20
/** cuBLAS's workspace of PyTorch and that of Transformer Engine, 32 MiB each from Hopper on; grouped products have four more. */
const WORKSPACE_BYTES = 32 * MIB

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

/** Kept of one micro-batch by what stands before the first and after the last layer: token ids; norm and head inputs, logits. */
export function endActivations(
  model: ModelSpec,
  cut: LayerCut,
  software: Software,
  workload: Workload,
): { readonly embedding: number; readonly head: number } {
  const stream = baseBytes(workload) * model.hidden * residualTokens(cut)
  const loss = lossBytesOf(software, workload.precision, cut.tensor > 1)
  return {
    embedding: 8 * cut.tokens,
    head: (1 + model.mtpLayers) * (2 * stream + loss.kept * logitsOf(model, cut, software)),
  }
}

export const logitsOf = (model: ModelSpec, cut: LayerCut, software: Software): number =>
  (cut.tokens * paddedVocab(model, cut.tensor, software)) / cut.tensor

/** With sequence parallelism a product's input is gathered over the tensor ranks, and its gradient is whole before it is scattered. */
const gatheredBytes = (model: ModelSpec, cut: LayerCut, base: number): number =>
  cut.sequenceParallel && cut.tensor > 1 ? base * model.hidden * cut.tokens : 0

/**
 * Inside one layer's backward, beyond what it kept: the gradient of the stream, and the gradients around its widest step. What was kept
 * for a step is free once its backward has run.
 */
export function layerWorking(shape: LayerShape, model: ModelSpec, cut: LayerCut, workload: Workload): number {
  const base = baseBytes(workload)
  const stream = base * model.hidden * residualTokens(cut)
  return stream + Math.max(mlpWorking(shape, model, cut, workload), mixerWorking(shape, model, cut, base))
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

export interface StageWorking {
  readonly bytes: number
  /** Blocks of the loss that the allocator cannot use again. */
  readonly stranded: number
}

/** Largest of the moments over the chunks, and the buffers that stay. */
export function stageWorking(input: StepInput, chunks: readonly Chunk[]): StageWorking {
  const { model, layout, workload, software } = input
  const cut = cutOf(layout, workload)
  const shapes = shapesOf(chunks, model)
  const hasHead = chunks.some(chunk => chunk.hasHead)
  const gathered = gatheredParameters(input, shapes)
  const head = hasHead ? headMoments(input, cut) : { kept: 0, loss: 0, weight: 0, stranded: 0 }
  const hasExperts = shapes.some(shape => shape.mlp?.kind === 'experts')
  const moments = [
    head.loss + gathered.atLoss,
    head.weight + gathered.atLoss,
    // In the layers' backward the head's activations are gone.
    layerMoment(input, shapes, cut) - head.kept + gathered.inLayers,
  ]
  const buffers = (hasExperts && usesEngine(software) ? 6 : 2) * WORKSPACE_BYTES
  return {
    bytes: Math.max(...moments) + dummyGradientBytes(shapes, model, cut, software) + buffers,
    stranded: head.stranded,
  }
}

/** A layer that is computed again has all that it would have kept; its backward comes on top. */
function layerMoment(input: StepInput, shapes: readonly LayerShape[], cut: LayerCut): number {
  const { model, layout, workload } = input
  const kernels = kernelsFor(input)
  return Math.max(
    0,
    ...shapes.map(shape => {
      const kept = keptBytes(shape, model, cut, layout.recompute, kernels)
      const whole = keptBytes(shape, model, cut, { kind: 'none' }, kernels)
      return layerWorking(shape, model, cut, workload) + Math.max(0, whole - kept)
    }),
  )
}

export const kernelsFor = ({ software, workload, fleet }: StepInput): Kernels =>
  kernelsOf(
    software,
    workload.precision,
    workload.expertImbalance,
    fleet.pools[0]?.device.generation === 'blackwell' ? 'cudnn' : 'flash',
  )

/** The loss; and the head's backward, when its weight's gradient has no place of its own yet. */
function headMoments(
  input: StepInput,
  cut: LayerCut,
): { readonly kept: number; readonly loss: number; readonly weight: number; readonly stranded: number } {
  const { model, workload, software } = input
  const base = baseBytes(workload)
  const logits = logitsOf(model, cut, software)
  const loss = lossBytesOf(software, workload.precision, cut.tensor > 1)
  const weight = (paddedVocab(model, cut.tensor, software) / cut.tensor) * model.hidden
  const stream = base * model.hidden * residualTokens(cut)
  const gathered = gatheredBytes(model, cut, base)
  return {
    kept: endActivations(model, cut, software, workload).head,
    loss: (loss.peak - loss.kept) * logits + gathered,
    weight: base * weight + 2 * gathered + stream,
    stranded: loss.stranded * logits,
  }
}

function shapesOf(chunks: readonly Chunk[], model: ModelSpec): readonly LayerShape[] {
  const shapes = new Set<LayerShape>()
  for (const chunk of chunks) for (let i = 0; i < chunk.numLayers; i++) shapes.add(shapeOf(model, chunk.firstLayer + i))
  return [...shapes]
}

/**
 * Parameters that FSDP has whole: two layers (this and the next), and the head, which stays from forward to backward; torchtitan wraps the
 * embedding apart since 2025, before that it stays as well. In the layers' backward also one layer's gradients, twice (as made, and as
 * sent in fp32). DeepSpeed gathers module by module, up to 1e9 parameters ahead, and reduces by buckets.
 */
function gatheredParameters(
  { model, layout, software }: StepInput,
  shapes: readonly LayerShape[],
): { readonly atLoss: number; readonly inLayers: number } {
  if (layout.zero !== 3 || shardsOf(layout).dense <= 1) return { atLoss: 0, inLayers: 0 }
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
