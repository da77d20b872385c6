/** Sums over the layers of each stage and rank: times for the schedule, bytes for the memory. */
import { inFlight } from '../schedule/in-flight.ts'
import type { CutEntry } from './cut-entry.ts'
import type { StageSeconds } from './pipeline-bound.ts'
import type { PipelineOption } from './pipeline-options.ts'
import type { RecomputeOption } from './recompute-options.ts'
import type { LayerCost } from './stage-costs.ts'
import type { ShapeCounts, Stages } from './stages.ts'

/** A recompute for the first `layers` of each stage; the others keep everything. */
export interface PartialRecompute {
  readonly option: RecomputeOption
  readonly layers: number
  readonly rest: RecomputeOption
}

export const whole = (option: RecomputeOption): PartialRecompute => ({
  option,
  layers: Number.POSITIVE_INFINITY,
  rest: option,
})

type Visit = (cost: LayerCost, count: number) => void

/** Layers of one stage by shape and by whether they are recomputed. */
function eachKind(counts: ShapeCounts, { stages, firstLayer }: Stages, stage: number, partial: PartialRecompute, visit: Visit): void {
  const first = firstLayer[stage]!
  const end = first + stages[stage]!
  const border = Math.min(end, first + partial.layers)
  for (let shape = 0; shape < counts.shapes; shape++) {
    const recomputed = counts.between(shape, first, border)
    if (recomputed > 0) visit(partial.option.costs[shape]!, recomputed)
    if (border === end) continue
    const plain = counts.between(shape, border, end)
    if (plain > 0) visit(partial.rest.costs[shape]!, plain)
  }
}

export function stageSeconds(entry: CutEntry, counts: ShapeCounts, stages: Stages, partial: PartialRecompute): StageSeconds {
  const depth = stages.stages.length
  const forward = new Float64Array(depth)
  const backward = new Float64Array(depth)
  const weight = new Float64Array(depth)
  let stage = 0
  const add: Visit = (cost, count) => {
    forward[stage] = forward[stage]! + count * cost.forwardSeconds
    backward[stage] = backward[stage]! + count * (cost.backwardSeconds + cost.weightSeconds)
    weight[stage] = weight[stage]! + count * cost.weightSeconds
  }
  for (; stage < depth; stage++) {
    eachKind(counts, stages, stage, partial, add)
    if (stage === 0) add(entry.costs.embedding, 1)
    if (stage === depth - 1) add(entry.costs.head, 1)
  }
  return { forward, backward, weight }
}

/** By rank: activations of all micro-batches in flight, and the largest working set of a layer. */
export function activationBytes(
  entry: CutEntry,
  counts: ShapeCounts,
  option: PipelineOption,
  stages: Stages,
  partial: PartialRecompute,
  pipeline: number,
  microBatches: number,
): Float64Array {
  const depth = stages.stages.length
  const kept = new Float64Array(pipeline)
  const working = new Float64Array(pipeline)
  let rank = 0
  const add: Visit = (cost, count) => {
    kept[rank] = kept[rank]! + count * cost.keptBytes
    working[rank] = Math.max(working[rank]!, cost.workingBytes)
  }
  for (let place = 0; place < stages.rankOfPlace.length; place++) {
    rank = stages.rankOfPlace[place]!
    const stage = place % depth
    eachKind(counts, stages, stage, partial, add)
    if (stage === 0) add(entry.costs.embedding, 1)
    if (stage === depth - 1) add(entry.costs.head, 1)
  }
  const held = stages.rankOfPlace.length / pipeline
  const shape = { pipeline, chunks: option.chunks, microBatches }
  for (rank = 0; rank < pipeline; rank++)
    working[rank] = working[rank]! + (kept[rank]! * inFlight(option.schedule, rank, shape)) / held
  return working
}
