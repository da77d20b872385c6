/**
 * All layouts of one cut and one grid: schedules, recompute, states. Time from below and memory come from sums over the stages, so that a
 * layout costs some hundred nanoseconds. What does not fit or cannot win is counted; the rest goes to `offer`.
 */
import { exchangeOf, type Priced } from './cut-entry.ts'
import type { Node, Sink } from './node.ts'
import { perProblem } from './per-problem.ts'
import { pipelineOptions } from './pipeline-options.ts'
import { PipelineScore } from './pipeline-score.ts'
import { devicesUsed, type SearchProblem } from './problem.ts'
import { Ranks } from './ranks.ts'
import type { Grid, StateChoice } from './stage-costs.ts'
import { stateChoices } from './state-options.ts'

export function scoreNode(node: Node, sink: Sink): void {
  const { problem, question, entry, grid, microBatches } = node
  const { without = {} } = question
  const options = pipelineOptions(problem, grid.pipeline, microBatches).filter(
    ({ schedule, chunks }) => schedule !== without.schedule && chunks !== without.chunks,
  )
  for (const flavour of flavoursOf(problem, grid)) {
    const choices = flavour.filter(
      ({ zero, shardRanks, offload }) =>
        zero !== without.zero && shardRanks !== without.shardRanks && offload !== without.offload,
    )
    if (choices.length === 0) continue
    const priced = entry.priced(node.modules, exchangeOf(grid, choices[0]!))
    // Nothing is faster than without recompute; where all ranks share that evenly and it is too slow, so is all else.
    if (!problem.fixed.recompute && leastEven(node, priced) >= sink.limit()) {
      sink.tally.tooSlow += options.length * choices.length
      continue
    }
    const left = `${without.zero}/${without.shardRanks}/${without.offload}`
    for (const option of options) {
      const stages = entry.stages(grid.pipeline, option)
      const known = entry.ranks(stages, priced, `${grid.data}/${left}`, () => new Ranks(node, stages, priced, choices))
      new PipelineScore(node, option, stages, priced, known, choices).all(sink)
    }
  }
}

const flavours = perProblem<readonly (readonly StateChoice[])[]>()

/** States with the same exchanges in every micro-batch, which cost layers the same. */
function flavoursOf(problem: SearchProblem, grid: Grid): readonly (readonly StateChoice[])[] {
  return flavours(problem, 2 * grid.data * grid.context + (grid.pipeline > 1 ? 1 : 0), () => {
    const together = new Map<string, StateChoice[]>()
    for (const choice of stateChoices(problem, grid)) {
      const key = exchangeOf(grid, choice) ? `${choice.zero}/${choice.shardRanks}` : ''
      const known = together.get(key)
      if (known) known.push(choice)
      else together.set(key, [choice])
    }
    return [...together.values()]
  })
}

function leastEven({ problem: { costs }, grid, microBatches }: Node, { plain, extraSeconds }: Priced): number {
  const busy = (microBatches * (plain.layerSeconds + extraSeconds)) / grid.pipeline
  return costs.stretch(devicesUsed(grid)) * (busy + costs.stepSeconds)
}
