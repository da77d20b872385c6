/**
 * All layouts of one cut and one grid: schedules, recompute, states. Time from below and memory come from sums over the stages, so that a
 * layout costs some hundred nanoseconds. What does not fit or cannot win is counted; the rest goes to `offer`.
 */
import { exchangeOf, type Priced } from './cut-entry.ts'
import type { Node, Sink } from './node.ts'
import { pipelineOptions } from './pipeline-options.ts'
import { PipelineScore } from './pipeline-score.ts'
import { devicesUsed } from './problem.ts'
import { Ranks } from './ranks.ts'
import type { StateChoice } from './stage-costs.ts'
import { stateChoices } from './state-options.ts'

export function scoreNode(node: Node, sink: Sink): void {
  const { problem, question, entry, grid, microBatches } = node
  const { without = {} } = question
  const flavours = new Map<string, StateChoice[]>()
  for (const choice of stateChoices(problem, grid)) {
    const { zero, shardRanks, offload } = choice
    if (zero === without.zero || shardRanks === without.shardRanks || offload === without.offload) continue
    const key = exchangeOf(grid, choice) ? `${zero}/${shardRanks}` : ''
    const together = flavours.get(key)
    if (together) together.push(choice)
    else flavours.set(key, [choice])
  }
  if (flavours.size === 0) return
  const options = pipelineOptions(problem, grid.pipeline, microBatches).filter(
    ({ schedule, chunks }) => schedule !== without.schedule && chunks !== without.chunks,
  )
  for (const choices of flavours.values()) {
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

function leastEven({ problem: { costs }, grid, microBatches }: Node, { plain, extraSeconds }: Priced): number {
  const busy = (microBatches * (plain.layerSeconds + extraSeconds)) / grid.pipeline
  return costs.stretch(devicesUsed(grid)) * (busy + costs.stepSeconds)
}
