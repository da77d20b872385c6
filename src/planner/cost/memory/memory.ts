/**
 * Memory of one rank of each pipeline stage at its worst moment: states, activations of the micro-batches in flight, and what the kernels
 * work with. Every part depends on few inputs, so that a search prices it once and adds:
 *
 *   states    elements (shape, tensor, expert x expertTensor), zero, shard ranks, precision, optimizer   `states.ts`
 *   layer     shape, cut (tokens, tensor, context, experts), recompute, software, precision              `layer-memory.ts`
 *   head      cut, software, precision                                                                   `layer-memory.ts`
 *   standing  shapes of the stage, cut, zero, software                                                   `standing.ts`
 *   reserved  allocated bytes, software                                                                  `reserved.ts`
 *
 * allocated = states + in flight x (sum of kept) + standing + max(head's working, largest layer's working - head's kept)
 */
import { type ModelSpec, shapeOf } from '../../model/model.ts'
import { embeddingParameters, headParameters, mtpParameters, normParameters } from '../../model/parameters.ts'
import { layerParameters } from '../../model/weights.ts'
import type { MemoryPrediction, StepInput } from '../prediction.ts'
import { keptBytes } from './activations.ts'
import { cutOf, embeddingMemory, headMemory, paddedVocab } from './layer-memory.ts'
import { contextBytes, reservedBytes } from './reserved.ts'
import { type Chunk, chunksOfRank } from './stage.ts'
import { type RankElements, stateBytes } from './states.ts'
import { kernelsFor, stageWorking } from './working.ts'

/** `inFlight`: micro-batches whose activations a pipeline rank holds at once, in units of one of its chunks. */
export function predictMemory(input: StepInput, inFlight: readonly number[]): readonly MemoryPrediction[] {
  return inFlight.map((count, rank) => rankMemory(input, chunksOfRank(input.layout, rank), count))
}

function rankMemory(input: StepInput, chunks: readonly Chunk[], inFlight: number): MemoryPrediction {
  const { layout, workload, software } = input
  const elements = sumElements(chunks.map(chunk => chunkElements(chunk, input)))
  const states = stateBytes(elements, layout, workload, software)
  const kept = chunks.map(chunk => chunkActivations(chunk, input))
  const activations = (inFlight * kept.reduce((sum, bytes) => sum + bytes, 0)) / chunks.length
  const { bytes: working, stranded } = stageWorking(input, chunks)
  const { parameters, gradients, optimizerStates } = states
  const allocated = parameters + gradients + optimizerStates + activations + working
  return {
    parameters,
    gradients,
    optimizerStates,
    activations,
    working,
    allocated,
    reserved: reservedBytes(allocated + stranded + states.stranded, software),
    context: contextBytes(input),
  }
}

const sumElements = (all: readonly RankElements[]): RankElements => ({
  dense: all.reduce((sum, e) => sum + e.dense, 0),
  experts: all.reduce((sum, e) => sum + e.experts, 0),
})

/** Parameters of a chunk on one rank, before ZeRO. */
export function chunkElements(chunk: Chunk, input: Pick<StepInput, 'model' | 'layout' | 'software'>): RankElements {
  const { model, layout } = input
  const ends = endElements(model, layout.tensor, paddedVocab(model, layout.tensor, input.software))
  let dense = (chunk.hasEmbedding ? ends.embedding : 0) + (chunk.hasHead ? ends.head : 0)
  let experts = 0
  // With tied weights the last of several stages has a copy of the embedding.
  if (chunk.hasHead && model.tiedEmbeddings && !chunk.hasEmbedding) dense += ends.embedding
  const add = (layer: number, copies: number): void => {
    const own = layerParameters(shapeOf(model, layer), model, layout)
    dense += copies * (own.tensorSharded + own.replicated)
    experts += copies * own.experts
  }
  for (let layer = chunk.firstLayer; layer < chunk.firstLayer + chunk.numLayers; layer++) add(layer, 1)
  if (chunk.hasHead && model.mtpLayers > 0) {
    add(model.layers.length - 1, model.mtpLayers)
    dense += (model.mtpLayers * mtpParameters(model)) / layout.tensor
  }
  return { dense, experts }
}

/** Embedding, and final norm with head, of one tensor rank. */
export const endElements = (
  model: ModelSpec,
  tensor: number,
  vocab: number,
): { readonly embedding: number; readonly head: number } => ({
  embedding: embeddingParameters(model, vocab) / tensor,
  head: headParameters(model, vocab) / tensor + normParameters(model),
})

/** Bytes that a chunk keeps of one micro-batch. */
export function chunkActivations(chunk: Chunk, input: StepInput): number {
  const { model, layout, workload, software } = input
  const cut = cutOf(layout, workload)
  const kernels = kernelsFor(input)
  const recomputed = layout.recompute.kind === 'full' ? (layout.recompute.layers ?? chunk.numLayers) : chunk.numLayers
  let bytes = chunk.hasEmbedding ? embeddingMemory(cut).keptBytes : 0
  if (chunk.hasHead) bytes += headMemory(model, cut, software, workload).keptBytes
  for (let i = 0; i < chunk.numLayers; i++) {
    const recompute = i < recomputed ? layout.recompute : ({ kind: 'none' } as const)
    const shape = shapeOf(model, chunk.firstLayer + i)
    bytes += keptBytes(shape, model, cut, recompute, kernels)
  }
  return bytes
}
