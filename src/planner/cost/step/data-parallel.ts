/**
 * Once a step: gradients are averaged and (sharded optimizers) parameters are gathered again. What is hidden is hidden behind the last
 * micro-batch's backward and the next step's first forward; the rest and the optimizer are exposed.
 */

import type { ScheduleName } from '../../training/layout.ts'
import { bucketsOf } from '../collectives/buckets.ts'
import { collectiveSeconds } from '../collectives/collective-seconds.ts'
import { exposedDataSeconds } from '../collectives/exposed-data-seconds.ts'
import { optimizerSeconds } from '../kernels/optimizer.ts'
import { measuredUpdateSeconds } from '../measured/kernels.ts'
import { offloadedShare } from '../memory/states.ts'
import type { Links } from './links.ts'
import { hostOptimizerSeconds } from './offload.ts'
import { totalOf } from './parts.ts'
import { elementBytesOf, type Prices } from './prices.ts'
import type { StageCost } from './stage-times.ts'
import { stolen } from './stolen-processors.ts'
import type { SharedStates } from './unit-gather.ts'

export interface StepEnd {
  readonly dataSeconds: number
  readonly optimizerSeconds: number
}

/** What one pipeline rank holds and computes for one micro-batch. */
export interface RankLoad {
  readonly dense: number
  readonly experts: number
  readonly forwardSeconds: number
  readonly backwardSeconds: number
  /** That take turns of `pipeline` micro-batches (interleaved); 1: they finish together. */
  readonly chunks: number
}

export const rankLoad = (stages: readonly StageCost[], schedule: ScheduleName): RankLoad => ({
  chunks: schedule === 'interleaved' ? stages.length : 1,
  dense: stages.reduce((sum, stage) => sum + stage.dense, 0),
  experts: stages.reduce((sum, stage) => sum + stage.experts, 0),
  forwardSeconds: stages.reduce((sum, stage) => sum + totalOf(stage.forward), 0),
  backwardSeconds: stages.reduce((sum, stage) => sum + totalOf(stage.backward), 0),
})

/** A hop of the tree by which all learn that all are done. */
const HOP_SECONDS = 30e-6

export function stepEnd(load: RankLoad, input: SharedStates, links: Links, prices: Prices): StepEnd {
  const { layout, software } = input
  const { reduce, gather } = exchanges(load, input, links)
  const buckets = bucketsOf(load.dense, links.data.size) + bucketsOf(load.experts, links.expertData.size)
  const exposed = (communication: number, hides: boolean, behind: number): number => {
    const hiding = hides ? prices.constants.dataHidden * behind : 0
    const unhidden = exposedDataSeconds({
      communicationSeconds: communication,
      hidingSeconds: hiding,
      chunks: load.chunks,
      turn: load.chunks > 1 ? layout.pipeline : 1,
      buckets,
      ranks: links.data.size,
      doublingSeconds: HOP_SECONDS,
    })
    return unhidden + stolen('reduce-scatter', prices, links) * Math.max(0, communication - unhidden)
  }
  const owned = (elements: number, ranks: number): number => (layout.zero === 0 ? elements : elements / ranks)
  const updated = owned(load.dense, links.shard.size) + owned(load.experts, links.expertShard.size)
  const away = offloadedShare(layout)
  return {
    dataSeconds:
      exposed(reduce, software.features.overlapGradients, load.backwardSeconds) +
      exposed(gather, software.features.overlapParameters, load.forwardSeconds),
    optimizerSeconds:
      updateSeconds((1 - away) * updated, input, prices) +
      hostOptimizerSeconds(away * updated, input.workload, links.pool),
  }
}

/** Of so many parameters of this rank. */
function updateSeconds(updated: number, input: SharedStates, { device, constants }: Prices): number {
  if (device.measured) return measuredUpdateSeconds(device.measured, input.workload.optimizer.name, updated)
  return constants.optimizerPasses * optimizerSeconds(device, updated, updateBytes(input))
}

/** Gradient read, states read and written, the working copy written. */
const updateBytes = ({ workload: { precision, optimizer } }: SharedStates): number =>
  precision.gradientBytes + 2 * optimizer.stateBytes + 2

/** ZeRO-2 and -3 have exchanged each unit while they computed; what is left is to average over the copies (HSDP), with the last micro-batch. */
function exchanges(
  load: RankLoad,
  { layout, workload }: SharedStates,
  links: Links,
): { readonly reduce: number; readonly gather: number } {
  const both = (op: 'all-gather' | 'reduce-scatter' | 'all-reduce', bytes: number): number =>
    collectiveSeconds(op, load.dense * bytes, links.data, links.pool, links.fleet).seconds +
    collectiveSeconds(op, load.experts * bytes, links.expertData, links.pool, links.fleet).seconds
  const { gradientBytes } = workload.precision
  if (layout.zero === 0) return { reduce: both('all-reduce', gradientBytes), gather: 0 }
  if (layout.zero === 1)
    return {
      reduce: both('reduce-scatter', gradientBytes),
      gather: both('all-gather', elementBytesOf(workload.precision)),
    }
  const copies = (elements: number, shard: Links['shard'], replicas: Links['replicas']): number =>
    collectiveSeconds('all-reduce', (elements * gradientBytes) / shard.size, replicas, links.pool, links.fleet).seconds
  return {
    reduce:
      copies(load.dense, links.shard, links.replicas) + copies(load.experts, links.expertShard, links.expertReplicas),
    gather: 0,
  }
}
