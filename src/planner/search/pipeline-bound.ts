/**
 * The least time that a schedule can take over uneven stages. A rank cannot start before the first micro-batch has come through the stages
 * before its first one, must do all its work, and where its last action is a whole backward, that gradient still has to go back through the
 * stages before it. For even stages this is the closed form of GPipe, 1F1B and interleaving (Narayanan et al., 2104.04473), and of ZB-H1
 * and ZBV when the parts of the backward are as long as the forward.
 */
import type { PipelineOption } from './pipeline-options.ts'
import type { Stages } from './stages.ts'

/** Of one micro-batch by virtual stage. */
export interface StageSeconds {
  readonly forward: Float64Array
  /** Whole backward, weight part included. */
  readonly backward: Float64Array
  readonly weight: Float64Array
}

export function pipelineBound(
  { schedule }: PipelineOption,
  pipeline: number,
  microBatches: number,
  { rankOfPlace, stages, timeShare }: Stages,
  seconds: StageSeconds,
  sendSeconds: number,
): number {
  const { forward, backward, weight } = seconds
  const depth = stages.length
  let through = 0
  const busy = new Float64Array(pipeline)
  for (let place = 0; place < rankOfPlace.length; place++) {
    const rank = rankOfPlace[place]!
    const stage = place % depth
    busy[rank] = busy[rank]! + timeShare * (forward[stage]! + backward[stage]!)
  }
  for (let stage = 0; stage < depth; stage++) through += forward[stage]! + backward[stage]! - weight[stage]!
  const splits = schedule === 'zb-h1' || schedule === 'zb-h2' || schedule === 'zbv' || schedule.startsWith('dualpipe')
  let least = through + 2 * (pipeline - 1) * sendSeconds
  let before = 0
  for (let rank = 0; rank < pipeline; rank++) {
    // With two directions a rank starts with whichever arrives first.
    least = Math.max(least, (timeShare < 1 ? 0 : before) + microBatches * busy[rank]!)
    before += forward[rank]! + sendSeconds + (splits ? 0 : backward[rank]! + sendSeconds)
  }
  return least
}
