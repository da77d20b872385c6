/** What is sharded over how many ranks, and what lies in the host's memory. */
import type { Layout } from '../training/layout.ts'
import { divisorsOf } from './divisors.ts'
import { perProblem } from './per-problem.ts'
import type { SearchProblem } from './problem.ts'
import type { Grid, StateChoice } from './stage-costs.ts'

const known = perProblem<readonly StateChoice[]>()

/** Every choice for so many data and context ranks and stages. */
export function stateChoices(
  problem: SearchProblem,
  { data, context, pipeline }: Pick<Grid, 'data' | 'context' | 'pipeline'>,
): readonly StateChoice[] {
  const ranks = data * context
  const isPiped = pipeline > 1
  return known(problem, 2 * ranks + (isPiped ? 1 : 0), () => choicesFor(problem, ranks, isPiped))
}

function choicesFor(
  { abilities, fixed, costs }: SearchProblem,
  ranks: number,
  isPiped: boolean,
): readonly StateChoice[] {
  const zeros = (fixed.zero === undefined ? abilities.zero : [fixed.zero]).filter(
    zero => fixed.zero !== undefined || !isPiped || zero <= abilities.zeroWithPipeline,
  )
  const offloads = fixed.offload === undefined ? abilities.offloads : [fixed.offload]
  return offloads.flatMap(offload =>
    zeros.flatMap(zero => widths(zero, ranks).map(shardRanks => ({ zero, shardRanks, offload }))),
  )

  function widths(zero: Layout['zero'], most: number): readonly number[] {
    if (zero === 0) return fixed.shardRanks === undefined || fixed.shardRanks === 1 ? [1] : []
    if (fixed.shardRanks !== undefined) return most % fixed.shardRanks === 0 ? [fixed.shardRanks] : []
    if (most === 1) return fixed.zero === undefined ? [] : [1]
    return abilities.partialShards && costs.dependsOnWidth(zero) ? divisorsOf(most).filter(width => width > 1) : [most]
  }
}
