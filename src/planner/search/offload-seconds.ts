/**
 * States in the host's memory: gradients go down and parameters come up over PCIe, and the host's cores do the optimizer's arithmetic. It hides
 * behind nothing. Megatron-LM's offloading optimizer was measured at 1.9 times the step with a quarter and 4.2 times with all of the states
 * (formulas.md 9); DeepSpeed's ZeRO-Offload paper (2101.06840) gives about a second for 10^9 parameters on one socket's Adam.
 */

import { predictMemory } from '../cost/memory/memory.ts'
import { shardsOf } from '../cost/memory/states.ts'
import type { StepPrediction } from '../cost/prediction.ts'
import type { Software } from '../cost/software.ts'
import type { Fleet } from '../fleet/fleet.ts'
import type { ModelSpec } from '../model/model.ts'
import type { Layout, Workload } from '../training/layout.ts'

/** PCIe 5.0 x16, as much as copies reach of it. */
const LINK_BYTES_PER_SECOND = 45e9
/** Host memory that one device's share of the sockets moves: Adam in fp32 is bound by it. */
const HOST_BYTES_PER_SECOND = 40e9

interface Offloaded {
  readonly model: ModelSpec
  readonly fleet: Fleet
  readonly workload: Workload
  readonly software: Software
}

export function offloadSeconds(
  elements: { readonly dense: number; readonly experts: number },
  layout: Layout,
  { workload }: Offloaded,
): number {
  if (layout.offload !== 'optimizer') return 0
  const shards = shardsOf(layout)
  return secondsOf(elements.dense / shards.dense + elements.experts / shards.experts, workload)
}

/** `stretch`: by what jitter stretches the step. The prediction with what the fullest rank's host does, in the optimizer's share. */
export function withOffload(
  prediction: StepPrediction,
  layout: Layout,
  given: Offloaded,
  stretch: number,
): StepPrediction {
  if (layout.offload !== 'optimizer') return prediction
  const onDevice = predictMemory(
    { ...given, layout: { ...layout, offload: 'none' } },
    prediction.stages.map(() => 0),
  )
  const most = onDevice.reduce((sum, memory) => Math.max(sum, memory.optimizerStates), 0)
  const seconds = stretch * secondsOf(most / given.workload.optimizer.stateBytes, given.workload)
  return {
    ...prediction,
    seconds: prediction.seconds + seconds,
    breakdown: { ...prediction.breakdown, optimizer: prediction.breakdown.optimizer + seconds },
  }
}

/** `own`: parameters whose states this rank keeps. */
const secondsOf = (own: number, { precision, optimizer }: Workload): number =>
  (own * (precision.gradientBytes + 2)) / LINK_BYTES_PER_SECOND +
  (2 * own * optimizer.stateBytes) / HOST_BYTES_PER_SECOND
