/** The states of a layout's ranks, priced for every way to shard them; what another beats on time and on every rank's memory is left out. */
import type { CutEntry } from './cut-entry.ts'
import type { SearchProblem } from './problem.ts'
import type { RecomputeOption } from './recompute-options.ts'
import type { Elements, Grid, StageLoad, StateChoice } from './stage-costs.ts'
import type { ShapeCounts, Stages } from './stages.ts'

export interface PricedState {
  readonly choice: StateChoice
  /** Of the slowest rank. */
  readonly seconds: number
  readonly bytes: Float64Array
}

/** Fastest first. */
export function pricedStates(
  { costs }: SearchProblem,
  entry: CutEntry,
  counts: ShapeCounts,
  grid: Grid,
  stages: Stages,
  fastest: RecomputeOption,
  choices: readonly StateChoice[],
): readonly PricedState[] {
  const loads = Array.from({ length: grid.pipeline }, (_, rank) => loadOf(entry, counts, stages, fastest, rank))
  const priced = choices.map(choice => {
    const bytes = new Float64Array(grid.pipeline)
    let seconds = 0
    for (let rank = 0; rank < bytes.length; rank++) {
      const cost = costs.states(grid, choice, loads[rank]!)
      bytes[rank] = cost.bytes
      seconds = Math.max(seconds, cost.seconds)
    }
    return { choice, seconds, bytes }
  })
  const order = priced.map((_, i) => i).sort((a, b) => priced[a]!.seconds - priced[b]!.seconds || a - b)
  const kept: PricedState[] = []
  for (const i of order) if (!kept.some(faster => needsNoMore(faster, priced[i]!))) kept.push(priced[i]!)
  return kept
}

function needsNoMore(a: PricedState, b: PricedState): boolean {
  for (let rank = 0; rank < a.bytes.length; rank++) if (a.bytes[rank]! > b.bytes[rank]!) return false
  return true
}

function loadOf(entry: CutEntry, counts: ShapeCounts, stages: Stages, fastest: RecomputeOption, rank: number): StageLoad {
  const { costs } = entry
  const depth = stages.stages.length
  const load = { dense: 0, experts: 0, forward: 0, backward: 0, layers: 0 }
  const add = ({ dense, experts }: Elements, times: number): void => {
    load.dense += times * dense
    load.experts += times * experts
  }
  for (let place = 0; place < stages.rankOfPlace.length; place++) {
    if (stages.rankOfPlace[place] !== rank) continue
    const first = stages.firstLayer[place % depth]!
    const end = first + stages.stages[place % depth]!
    load.layers += end - first
    for (let shape = 0; shape < counts.shapes; shape++) {
      const count = counts.between(shape, first, end)
      if (count === 0) continue
      const cost = fastest.costs[shape]!
      add(costs.elements(shape), count)
      load.forward += stages.timeShare * count * cost.forwardSeconds
      load.backward += stages.timeShare * count * (cost.backwardSeconds + cost.weightSeconds)
    }
    const hasEmbedding = place % depth === 0
    if (hasEmbedding) add(costs.embeddingElements, 1)
    if (place % depth === depth - 1) add(costs.headElements(hasEmbedding), 1)
  }
  return {
    elements: { dense: load.dense, experts: load.experts },
    forwardSeconds: load.forward,
    backwardSeconds: load.backward,
    isFirst: stages.holdsFirst[rank] === 1,
    isLast: stages.holdsLast[rank] === 1,
    numLayers: load.layers,
  }
}
