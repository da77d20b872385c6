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
 * allocated = states + in flight x (sum of the layers' kept) / chunks + head's kept + standing + max(head's working, largest layer's working - head's kept)
 */
import type { ModelSpec } from '../../model/model.ts'
import { embeddingParameters, headParameters, mtpParameters, normParameters } from '../../model/parameters.ts'
import { layerParameters } from '../../model/weights.ts'
import type { Recompute } from '../../training/layout.ts'
import type { MemoryPrediction, StepInput } from '../prediction.ts'
import { keptBytes } from './activations.ts'
import { cutOf, embeddingMemory, headMemory, paddedVocab } from './layer-memory.ts'
import { contextBytes, reservedBytes } from './reserved.ts'
import { type Chunk, chunksByRank } from './stage.ts'
import { type RankElements, stateBytes } from './states.ts'
import { kernelsFor, type StageWorking, stageWorking } from './working.ts'

/** `inFlight`: micro-batches whose activations a pipeline rank holds at once, in units of one of its chunks. */
export function predictMemory(input: StepInput, inFlight: readonly number[]): readonly MemoryPrediction[] {
  const priced = priceShapes(input)
  const chunks = chunksByRank(input.layout)
  const working = rememberedWorking(input)
  return inFlight.map((count, rank) => rankMemory(input, priced, chunks[rank]!, count, working(chunks[rank]!)))
}

/** Ranks with the same shapes and ends work with the same. */
function rememberedWorking(input: StepInput): (chunks: readonly Chunk[]) => StageWorking {
  const known = new Map<string, StageWorking>()
  return chunks => {
    const shapes = new Set<number>()
    for (const { firstLayer, numLayers } of chunks)
      for (let i = firstLayer; i < firstLayer + numLayers; i++) shapes.add(input.model.layers[i]!)
    const ends = chunks.map(chunk => `${chunk.hasEmbedding}${chunk.hasHead}`)
    const key = [...shapes].sort((a, b) => a - b).join() + [...new Set(ends)].sort().join()
    const found = known.get(key) ?? stageWorking(input, chunks)
    known.set(key, found)
    return found
  }
}

/** Per shape of the model, computed once for all layers of it. */
interface PricedShapes {
  readonly elements: readonly RankElements[]
  readonly kept: readonly number[]
  /** Of layers that a full recompute leaves out. */
  readonly keptWhole: readonly number[]
  readonly embeddingKept: number
  readonly headKept: number
}

function priceShapes(input: StepInput): PricedShapes {
  const { model, layout, workload, software } = input
  const cut = cutOf(layout, workload)
  const kernels = kernelsFor(input)
  const whole: Recompute = { kind: 'none' }
  return {
    elements: model.shapes.map(shape => {
      const own = layerParameters(shape, model, layout)
      return { dense: own.tensorSharded + own.replicated, experts: own.experts }
    }),
    kept: model.shapes.map(shape => keptBytes(shape, model, cut, layout.recompute, kernels)),
    keptWhole: model.shapes.map(shape => keptBytes(shape, model, cut, whole, kernels)),
    embeddingKept: embeddingMemory(cut).keptBytes,
    headKept: headMemory(model, cut, software, workload).keptBytes,
  }
}

function rankMemory(
  input: StepInput,
  priced: PricedShapes,
  chunks: readonly Chunk[],
  inFlight: number,
  { bytes: working, stranded }: StageWorking,
): MemoryPrediction {
  const { layout, workload, software } = input
  const states = stateBytes(
    sumElements(chunks.map(chunk => chunkElements(chunk, input, priced))),
    layout,
    workload,
    software,
  )
  const kept = chunks.reduce((sum, chunk) => sum + chunkKept(chunk, input, priced), 0)
  // What the head keeps is gone as soon as its micro-batch turns around, in every schedule but GPipe's.
  const headTimes = layout.schedule === 'gpipe' ? inFlight : 1
  const head = chunks.some(chunk => chunk.hasHead) ? headTimes * priced.headKept : 0
  const activations = onDevice((inFlight * kept) / chunks.length, chunks, input, priced) + head
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

/** Offloaded activations are here while they leave and when they have come back: two layers' at a time. */
function onDevice(kept: number, chunks: readonly Chunk[], { model, layout }: StepInput, priced: PricedShapes): number {
  if (layout.offload !== 'activations') return kept
  const shapes = chunks.flatMap(({ firstLayer, numLayers }) => model.layers.slice(firstLayer, firstLayer + numLayers))
  return Math.min(kept, 2 * Math.max(0, ...shapes.map(shape => priced.kept[shape]!)))
}

const sumElements = (all: readonly RankElements[]): RankElements => ({
  dense: all.reduce((sum, e) => sum + e.dense, 0),
  experts: all.reduce((sum, e) => sum + e.experts, 0),
})

/** Parameters of a chunk on one rank, before ZeRO. */
function chunkElements(chunk: Chunk, { model, layout, software }: StepInput, priced: PricedShapes): RankElements {
  const ends = endElements(model, layout.tensor, paddedVocab(model, layout.tensor, software))
  let dense = (chunk.hasEmbedding ? ends.embedding : 0) + (chunk.hasHead ? ends.head : 0)
  let experts = 0
  // With tied weights the last of several stages has a copy of the embedding.
  if (chunk.hasHead && model.tiedEmbeddings && !chunk.hasEmbedding) dense += ends.embedding
  const add = (layer: number, copies: number): void => {
    const own = priced.elements[model.layers[layer]!]!
    dense += copies * own.dense
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

/** Bytes that a chunk's layers (and the embedding) keep of one micro-batch. */
function chunkKept(chunk: Chunk, { model, layout }: StepInput, priced: PricedShapes): number {
  const recomputed = layout.recompute.kind === 'full' ? (layout.recompute.layers ?? chunk.numLayers) : chunk.numLayers
  let bytes = chunk.hasEmbedding ? priced.embeddingKept : 0
  for (let i = 0; i < chunk.numLayers; i++) {
    const shape = model.layers[chunk.firstLayer + i]!
    bytes += (i < recomputed ? priced.kept : priced.keptWhole)[shape]!
  }
  return bytes
}
