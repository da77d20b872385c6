/** Sums over the layers of each stage and rank: times for the schedule, bytes for the memory. */
import { inFlight } from '../schedule/in-flight.ts'
import type { CutEntry, Priced } from './cut-entry.ts'
import type { StageSeconds } from './pipeline-bound.ts'
import type { PipelineOption } from './pipeline-options.ts'
import type { RecomputeOption } from './recompute-options.ts'
import type { Elements, LayerCost, RankKind, StageLoad } from './stage-costs.ts'
import type { ShapeCounts, Stages } from './stages.ts'

/** A recompute for the first `layers` of each stage; the others keep everything. */
export interface PartialRecompute {
  readonly option: RecomputeOption
  readonly layers: number
}

export const whole = (option: RecomputeOption): PartialRecompute => ({ option, layers: Number.POSITIVE_INFINITY })

type Visit = (cost: LayerCost, count: number) => void

/** Layers of one stage by shape and by whether they are recomputed, and what stands at the ends of the model. */
function eachPart(
  counts: ShapeCounts,
  { stages, firstLayer }: Stages,
  stage: number,
  { option, layers }: PartialRecompute,
  priced: Priced,
  visit: Visit,
): void {
  const first = firstLayer[stage]!
  const end = first + stages[stage]!
  const border = Math.min(end, first + layers)
  for (let shape = 0; shape < counts.shapes; shape++) {
    const recomputed = counts.between(shape, first, border)
    if (recomputed > 0) visit(option.costs[shape]!, recomputed)
    if (border === end) continue
    const plain = counts.between(shape, border, end)
    if (plain > 0) visit(priced.plain.costs[shape]!, plain)
  }
  if (stage === 0) visit(priced.embedding, 1)
  if (stage === stages.length - 1) visit(priced.head, 1)
}

export function stageSeconds(
  counts: ShapeCounts,
  stages: Stages,
  partial: PartialRecompute,
  priced: Priced,
): StageSeconds {
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
  for (; stage < depth; stage++) eachPart(counts, stages, stage, partial, priced, add)
  return { forward, backward, weight }
}

/** By rank: activations of all micro-batches in flight. */
export function activationBytes(
  counts: ShapeCounts,
  option: PipelineOption,
  stages: Stages,
  partial: PartialRecompute,
  priced: Priced,
  pipeline: number,
  microBatches: number,
): Float64Array {
  const kept = new Float64Array(pipeline)
  let rank = 0
  const add: Visit = (cost, count) => {
    if (cost !== priced.head) kept[rank] = kept[rank]! + count * cost.keptBytes
  }
  const depth = stages.stages.length
  for (let place = 0; place < stages.rankOfPlace.length; place++) {
    rank = stages.rankOfPlace[place]!
    eachPart(counts, stages, place % depth, partial, priced, add)
  }
  const held = stages.rankOfPlace.length / pipeline
  const shape = { pipeline, chunks: option.chunks, microBatches }
  for (rank = 0; rank < pipeline; rank++) {
    const flying = inFlight(option.schedule, rank, shape)
    // What the head keeps is gone as soon as its micro-batch turns around, in every schedule but GPipe's.
    const head = stages.holdsLast[rank] === 1 ? priced.head.keptBytes * (option.schedule === 'gpipe' ? flying : 1) : 0
    kept[rank] = (kept[rank]! * flying) / held + head
  }
  return kept
}

/** What each rank holds. */
export interface RankLoad {
  readonly load: StageLoad
  readonly kind: RankKind
}

export function rankLoads(
  entry: CutEntry,
  counts: ShapeCounts,
  stages: Stages,
  priced: Priced,
  pipeline: number,
): readonly RankLoad[] {
  return Array.from({ length: pipeline }, (_, rank) => rankLoad(entry, counts, stages, priced, rank, pipeline))
}

function rankLoad(
  { costs }: CutEntry,
  counts: ShapeCounts,
  stages: Stages,
  priced: Priced,
  rank: number,
  pipeline: number,
): RankLoad {
  const depth = stages.stages.length
  // Where stages go round (not to and fro, as in a V), chunks take turns.
  const chunks = depth > pipeline && stages.rankOfPlace[pipeline] === 0 ? depth / pipeline : 1
  const load = {
    dense: 0,
    experts: 0,
    movedDense: 0,
    movedExperts: 0,
    forwardSeconds: 0,
    backwardSeconds: 0,
    longestBackwardSeconds: 0,
    chunks,
  }
  let shapes = 0
  let hasEmbedding = false
  let hasHead = false
  const hold = ({ dense, experts }: Elements, times: number): void => {
    load.dense += times * dense
    load.experts += times * experts
  }
  const work = (cost: LayerCost, longest: LayerCost, times: number): void => {
    load.forwardSeconds += times * cost.forwardSeconds
    load.backwardSeconds += times * (cost.backwardSeconds + cost.weightSeconds)
    load.longestBackwardSeconds += times * (longest.backwardSeconds + longest.weightSeconds)
  }
  for (let place = 0; place < stages.rankOfPlace.length; place++) {
    if (stages.rankOfPlace[place] !== rank) continue
    const stage = place % depth
    const first = stages.firstLayer[stage]!
    for (let shape = 0; shape < counts.shapes; shape++) {
      const count = counts.between(shape, first, first + stages.stages[stage]!)
      if (count === 0) continue
      shapes |= 1 << shape
      const own = costs.elements(shape)
      hold(own, count)
      load.movedDense += count * own.dense
      load.movedExperts += count * own.experts
      work(priced.plain.costs[shape]!, priced.longest[shape]!, count)
    }
    if (stage === 0) {
      hasEmbedding = true
      hold(costs.embeddingElements, 1)
      load.movedDense += costs.movedEmbedding
      work(priced.embedding, priced.embedding, 1)
    }
    if (stage === depth - 1) {
      hold(costs.headElements(stage === 0), 1)
      load.movedDense += costs.movedHead(stage === 0)
      work(priced.head, priced.head, 1)
      hasHead = true
    }
  }
  return { load, kind: { shapes, hasEmbedding, hasHead, isPiped: pipeline > 1 } }
}
