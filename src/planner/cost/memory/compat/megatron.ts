/**
 * What Megatron-LM's own estimator prints (`megatron/training/theoretical_memory_usage.py`, d98e8a64), so that a reader can compare. Its
 * activations know nothing of experts, latent attention, context parallelism or grouped queries: parity, not truth; `memory.ts` is ours.
 */
import type { LayerShape, ModelSpec } from '../../../model/model.ts'
import { normParameters } from '../../../model/parameters.ts'
import { weightsOf } from '../../../model/weights.ts'

export interface MegatronRun {
  readonly ranks: number
  readonly tensor: number
  readonly pipeline: number
  /** Virtual stages a rank; undefined without interleaving. */
  readonly chunks?: number
  readonly expert: number
  readonly expertTensor: number
  readonly sequence: number
  readonly microBatch: number
  readonly microBatches: number
  readonly paddedVocab: number
  /** The dense width of its arguments, where no layer has it (Qwen3's configs with experts); default: the model's. */
  readonly ffn?: number
  /** Optimizer states are sharded over data ranks. */
  readonly distributedOptimizer: boolean
}

export interface MegatronMemory {
  readonly weightAndOptimizerBytes: number
  /** With sequence parallelism and selective recompute. */
  readonly activationBytes: number
  readonly activationBytesWithoutSequenceParallel: number
}

export function megatronMemory(model: ModelSpec, run: MegatronRun): MegatronMemory {
  return {
    weightAndOptimizerBytes: stateBytes(model, run),
    activationBytes: activations(model, run),
    activationBytesWithoutSequenceParallel: activationsWithoutSequenceParallel(model, run),
  }
}

interface Buckets {
  readonly tensor: number
  readonly replicated: number
  readonly experts: number
}

/** Everything of the mixer counts as cut by tensor ranks; query and key norms and router biases are left out. */
function bucketsOf(shape: LayerShape, model: ModelSpec): Buckets {
  let tensor = shape.mixer?.kind === 'latent' ? (shape.mixer.qRank ?? 0) + shape.mixer.kvRank : 0
  let replicated = 2 * normParameters(model)
  let experts = 0
  for (const weight of weightsOf(shape, model)) {
    if (!weight.isMatrix) continue
    if (weight.cut === 'expert') experts += weight.elements
    else if (weight.module === 'router') replicated += weight.elements
    else tensor += weight.elements
  }
  return { tensor, replicated, experts }
}

/** Of the stage that its rule calls most loaded: an even share of the layers, one embedding, both when there is one stage. */
function stateBytes(model: ModelSpec, run: MegatronRun): number {
  const byShape = model.shapes.map(shape => bucketsOf(shape, model))
  const sum = (part: keyof Buckets): number => model.layers.reduce((total, shape) => total + byShape[shape]![part], 0)
  const embedding = model.hidden * run.paddedVocab
  const embeddings = !model.tiedEmbeddings && run.pipeline === 1 ? 2 * embedding : embedding
  const dense =
    (sum('tensor') / run.pipeline + embeddings) / run.tensor +
    (sum('replicated') + normParameters(model)) / run.pipeline
  const experts = sum('experts') / (run.pipeline * run.expertTensor * run.expert)
  const perParameter = (dataRanks: number): number => (run.distributedOptimizer ? 6 + 12 / dataRanks : 18)
  return (
    dense * perParameter(run.ranks / (run.tensor * run.pipeline)) +
    experts * perParameter(Math.floor(run.ranks / (run.expertTensor * run.expert * run.pipeline)))
  )
}

function ffnOf(model: ModelSpec): number {
  const dense = model.shapes.find(shape => shape.mlp?.kind === 'dense')?.mlp
  return (dense ?? model.shapes[0]?.mlp)?.ffn ?? 0
}

function activations(model: ModelSpec, run: MegatronRun): number {
  const stream = run.sequence * run.microBatch * model.hidden
  const layers = stream * (18 + (4 * (run.ffn ?? ffnOf(model))) / model.hidden) * model.layers.length
  const staged = scheduled(layers + embeddingInput(model, run), run)
  const head = run.pipeline === 1 ? 4 * stream * (1 + run.paddedVocab / model.hidden) : 0
  return (staged + head) / run.tensor
}

function activationsWithoutSequenceParallel(model: ModelSpec, run: MegatronRun): number {
  const stream = run.sequence * run.microBatch * model.hidden
  const layers = stream * (10 + 24 / run.tensor) * model.layers.length
  const staged = scheduled(layers + embeddingInput(model, run), run)
  const logits = (run.sequence * run.microBatch * run.paddedVocab) / run.tensor
  const head = run.pipeline === 1 ? 2 * (logits + stream) : 0
  return (staged + head) * 1.05
}

/** Token ids and the dropout mask after the embedding, of as many micro-batches as there are stages. */
const embeddingInput = (model: ModelSpec, run: MegatronRun): number =>
  (8 + model.hidden) * run.sequence * run.microBatch * run.pipeline

function scheduled(bytes: number, { pipeline, chunks, microBatches }: MegatronRun): number {
  if (chunks !== undefined) return bytes * (1 + (pipeline - 1) / (pipeline * chunks))
  return pipeline > 1 ? bytes * Math.min(1, microBatches / pipeline) : bytes
}
