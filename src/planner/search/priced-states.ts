/** The states of a layout's ranks, priced for every way to shard them; what another beats on time and on every rank's memory is left out. */
import type { SearchProblem } from './problem.ts'
import type { Grid, StateChoice } from './stage-costs.ts'
import type { RankLoad } from './stage-sums.ts'

export interface PricedState {
  readonly choice: StateChoice
  /** Of the slowest rank. */
  readonly seconds: number
  readonly bytes: Float64Array
  readonly strandedBytes: Float64Array
}

/** Fastest first. */
export function pricedStates(
  { costs }: SearchProblem,
  grid: Grid,
  ranks: readonly RankLoad[],
  choices: readonly StateChoice[],
): readonly PricedState[] {
  const priced = choices.map(choice => {
    const bytes = new Float64Array(grid.pipeline)
    const strandedBytes = new Float64Array(grid.pipeline)
    const price = costs.states(grid, choice)
    let seconds = 0
    for (let rank = 0; rank < bytes.length; rank++) {
      const cost = price(ranks[rank]!.load)
      bytes[rank] = cost.bytes
      strandedBytes[rank] = cost.strandedBytes
      seconds = Math.max(seconds, cost.seconds)
    }
    return { choice, seconds, bytes, strandedBytes }
  })
  const order = priced.map((_, i) => i).sort((a, b) => priced[a]!.seconds - priced[b]!.seconds || a - b)
  const kept: PricedState[] = []
  for (const i of order) if (!kept.some(faster => needsNoMore(faster, priced[i]!))) kept.push(priced[i]!)
  return kept
}

function needsNoMore(a: PricedState, b: PricedState): boolean {
  for (let rank = 0; rank < a.bytes.length; rank++)
    if (a.bytes[rank]! > b.bytes[rank]! || a.strandedBytes[rank]! > b.strandedBytes[rank]!) return false
  return true
}
