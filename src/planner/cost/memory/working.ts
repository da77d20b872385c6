/**
 * What a stage works with beyond states and kept activations. A rank's peak is one of two moments of the backward of its last micro-batch,
 * when everything is kept and the first gradients appear: at the head, or in a layer, when the head's own activations are gone.
 */
import { type LayerShape, type ModelSpec, shapeOf } from '../../model/model.ts'
import type { StepInput } from '../prediction.ts'
import { type Kernels, kernelsOf } from './kernels.ts'
import { cutOf, headMemory, layerMemory, paddedVocab, streamBytes } from './layer-memory.ts'
import type { Chunk } from './stage.ts'
import { dummyGradientBytes, gatheredParameters, workspaceBytes } from './standing.ts'

export { cutOf, paddedVocab }

export const kernelsFor = ({
  software,
  workload,
  fleet,
}: Pick<StepInput, 'software' | 'workload' | 'fleet'>): Kernels =>
  kernelsOf(
    software,
    workload.precision,
    workload.expertImbalance,
    fleet.pools[0]?.device.generation === 'blackwell' ? 'cudnn' : 'flash',
  )

export interface StageWorking {
  readonly bytes: number
  /** Reserved, and of no use any more. */
  readonly stranded: number
}

export function stageWorking(input: StepInput, chunks: readonly Chunk[]): StageWorking {
  const { model, layout, workload, software } = input
  const cut = cutOf(layout, workload)
  const kernels = kernelsFor(input)
  const shapes = shapesOf(chunks, model)
  const gathered = gatheredParameters(shapes, model, layout, software)
  const inLayers = Math.max(
    0,
    ...shapes.map(shape => layerMemory(shape, model, cut, layout.recompute, workload, kernels).workingBytes),
  )
  // The gradient that went to the stage before stays until the next one takes its name.
  const sent = chunks.some(chunk => chunk.hasEmbedding) ? 0 : streamBytes(model, cut, workload)
  const standing = dummyGradientBytes(shapes, model, cut, software) + workspaceBytes(shapes, software) + sent
  if (!chunks.some(chunk => chunk.hasHead)) return { bytes: inLayers + gathered.inLayers + standing, stranded: 0 }
  const head = headMemory(model, cut, software, workload)
  const afterHead = inLayers + gathered.inLayers + head.gradientBytes - head.keptBytes
  const most = Math.max(head.workingBytes + gathered.atLoss, afterHead)
  return { bytes: most + standing, stranded: head.strandedBytes }
}

function shapesOf(chunks: readonly Chunk[], model: ModelSpec): readonly LayerShape[] {
  const shapes = new Set<LayerShape>()
  for (const chunk of chunks) for (let i = 0; i < chunk.numLayers; i++) shapes.add(shapeOf(model, chunk.firstLayer + i))
  return [...shapes]
}
