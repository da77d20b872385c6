/**
 * Once a step: gradients are averaged and (sharded optimizers) parameters are gathered again. What is hidden is hidden behind the last
 * micro-batch's backward and the next step's first forward; the rest and the optimizer are exposed.
 */
import type { StepInput } from '../prediction.ts'
import { optimizerSeconds } from '../kernels/optimizer.ts'
import { collectiveSeconds } from '../collectives/collective-seconds.ts'
import type { Links } from './links.ts'
import { totalOf } from './parts.ts'
import type { Prices } from './price-operators.ts'
import type { StageTimes } from './stage-times.ts'
import { stolen } from './stolen-processors.ts'

export interface StepEnd {
  readonly dataSeconds: number
  readonly optimizerSeconds: number
}

/** Of the stages that one pipeline rank holds. */
export function stepEnd(input: StepInput, stages: readonly StageTimes[], links: Links, prices: Prices): StepEnd {
  const { layout, workload, software } = input
  const { constants } = prices
  const dense = stages.reduce((sum, stage) => sum + stage.dense, 0)
  const experts = stages.reduce((sum, stage) => sum + stage.experts, 0)
  const forward = stages.reduce((sum, stage) => sum + totalOf(stage.forward), 0)
  const backward = stages.reduce((sum, stage) => sum + totalOf(stage.backward), 0)
  const time = (op: 'all-gather' | 'reduce-scatter' | 'all-reduce', bytes: number, span: Links['data']): number =>
    collectiveSeconds(op, bytes, span, links.pool, links.fleet).seconds
  const gradientBytes = workload.precision.gradientBytes
  let reduce = 0
  let gather = 0
  if (layout.zero === 0) reduce = time('all-reduce', dense * gradientBytes, links.data) + time('all-reduce', experts * gradientBytes, links.expertData)
  else if (layout.zero === 1) {
    reduce = time('reduce-scatter', dense * gradientBytes, links.data) + time('reduce-scatter', experts * gradientBytes, links.expertData)
    gather = time('all-gather', dense * 2, links.data) + time('all-gather', experts * 2, links.expertData)
  }
  const exposed = (communication: number, hides: boolean, behind: number): number =>
    hides ? Math.max(0, communication - constants.dataHidden * behind) + stolen(prices, links) * Math.min(communication, constants.dataHidden * behind) : communication
  const owned = (elements: number, ranks: number): number => (layout.zero === 0 ? elements : elements / ranks)
  const updated = owned(dense, links.shard.size) + owned(experts, Math.min(links.expertData.size, links.shard.size))
  // Gradient 4, master copy and two moments read and written, the working copy written.
  const bytes = gradientBytes + 2 * workload.optimizer.stateBytes + 2
  return {
    dataSeconds:
      exposed(reduce, software.features.overlapGradients, backward) + exposed(gather, software.features.overlapParameters, forward),
    optimizerSeconds: constants.optimizerPasses * optimizerSeconds(prices.device, updated, bytes),
  }
}
