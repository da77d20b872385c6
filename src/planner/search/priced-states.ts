/** The states of a layout's ranks, priced for every way to shard them; what another beats on time and on every rank's memory is left out. */
import type { SearchProblem } from './problem.ts'
import type { Grid, StateChoice } from './stage-costs.ts'
import type { RankLoad } from './stage-sums.ts'

export interface PricedState {
  readonly choice: StateChoice
  /** Of the slowest rank, where nothing is recomputed. */
  readonly seconds: number
  /** From below for any recompute. */
  readonly leastSeconds: number
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
  const { first, same } = kindsOf(ranks)
  const priced = choices.map(choice => {
    const bytes = new Float64Array(grid.pipeline)
    const strandedBytes = new Float64Array(grid.pipeline)
    const price = costs.states(grid, choice)
    let seconds = 0
    let leastSeconds = 0
    for (const rank of first) {
      const cost = price(ranks[rank]!.load)
      bytes[rank] = cost.bytes
      strandedBytes[rank] = cost.strandedBytes
      seconds = Math.max(seconds, cost.seconds)
      leastSeconds = Math.max(leastSeconds, cost.leastSeconds ?? cost.seconds)
    }
    for (let rank = 0; rank < bytes.length; rank++) {
      bytes[rank] = bytes[same[rank]!]!
      strandedBytes[rank] = strandedBytes[same[rank]!]!
    }
    return { choice, seconds, leastSeconds, bytes, strandedBytes }
  })
  const order = priced.map((_, i) => i).sort((a, b) => priced[a]!.seconds - priced[b]!.seconds || a - b)
  const kept: PricedState[] = []
  for (const i of order) if (!kept.some(faster => needsNoMore(faster, priced[i]!))) kept.push(priced[i]!)
  return kept
}

/** Most ranks of a pipeline hold the same: the first of each kind, and for every rank which of them it is like. */
function kindsOf(ranks: readonly RankLoad[]): { readonly first: readonly number[]; readonly same: Int32Array } {
  const first: number[] = []
  const same = new Int32Array(ranks.length)
  for (let rank = 0; rank < ranks.length; rank++) {
    const known = first.find(other => isAlike(ranks[other]!, ranks[rank]!))
    same[rank] = known ?? rank
    if (known === undefined) first.push(rank)
  }
  return { first, same }
}

const isAlike = ({ load: a }: RankLoad, { load: b }: RankLoad): boolean =>
  a.dense === b.dense &&
  a.experts === b.experts &&
  a.movedDense === b.movedDense &&
  Math.abs(a.forwardSeconds - b.forwardSeconds) <= 1e-9 * a.forwardSeconds &&
  Math.abs(a.backwardSeconds - b.backwardSeconds) <= 1e-9 * a.backwardSeconds

function needsNoMore(a: PricedState, b: PricedState): boolean {
  for (let rank = 0; rank < a.bytes.length; rank++)
    if (a.bytes[rank]! > b.bytes[rank]! || a.strandedBytes[rank]! > b.strandedBytes[rank]!) return false
  return true
}
