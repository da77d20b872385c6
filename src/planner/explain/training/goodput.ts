/**
 * Useful work under failures and the best time between checkpoints. A job of many devices fails at a constant rate (Llama 3's 419 in 54 days);
 * after each failure it is found out, scheduled and loaded again, and the work since the last checkpoint is lost. The share that is useful is
 * exact for exponential failures: tau / (M e^(R/M) (e^((tau + C)/M) - 1)), with M the time between failures, tau the work between checkpoints,
 * C the stall of one and R the recovery (training/elasticity.md 3, checked there against Monte Carlo).
 */
import type { Fleet } from '../../fleet/fleet.ts'
import type { ModelSpec } from '../../model/model.ts'
import { parameters } from '../../model/parameters.ts'
import type { Workload } from '../../training/layout.ts'
import type { Candidate, Goodput } from './analysis.ts'
import { priceOf } from './candidate.ts'

/** Copying to the host's memory; the disk is written beside the training. PyTorch's and Megatron's asynchronous checkpoints. */
const STALL_BYTES_PER_SECOND_AND_DEVICE = 20e9
const LEAST_STALL_SECONDS = 0.5
/** Found out, scheduled, started: half a minute for torchelastic, minutes for NCCL and the first step at scale. */
const RESTART_SECONDS = 240
/** Shared storage that all nodes read a checkpoint from, a node. */
const LOAD_BYTES_PER_SECOND_AND_NODE = 2e9

export function usefulShare(tau: number, failures: number, stall: number, recovery: number): number {
  return tau / (failures * Math.exp(recovery / failures) * Math.expm1((tau + stall) / failures))
}

/** Daly's interval (2006), the optimum of the above to high order; never beyond the time between failures. */
export function bestInterval(failures: number, stall: number): number {
  if (stall >= 2 * failures) return failures
  const x = stall / (2 * failures)
  return Math.sqrt(2 * stall * failures) * (1 + Math.sqrt(x) / 3 + x / 9) - stall
}

export function goodputOf(
  candidate: Candidate,
  fleet: Fleet,
  model: ModelSpec,
  workload: Workload,
  tokens?: number,
): Goodput {
  const { devices, stepSeconds } = candidate
  const pool = fleet.pools[0]!
  const failures = 3600 / (Math.max(1e-12, meanRate(fleet)) * devices)
  // Parameters in the base format and the optimizer's states; gradients are not kept.
  const checkpointBytes = parameters(model).total * (2 + workload.optimizer.stateBytes)
  const stall = Math.max(LEAST_STALL_SECONDS, checkpointBytes / devices / STALL_BYTES_PER_SECOND_AND_DEVICE)
  const nodes = Math.max(1, devices / pool.devicesPerNode)
  const recovery = RESTART_SECONDS + checkpointBytes / nodes / LOAD_BYTES_PER_SECOND_AND_NODE
  const steps = Math.max(1, Math.round(bestInterval(failures, stall) / stepSeconds))
  const interval = steps * stepSeconds
  const goodput = usefulShare(interval, failures, stall, recovery)
  const trainingSeconds =
    tokens === undefined ? undefined : ((tokens / (workload.sequence * workload.globalBatch)) * stepSeconds) / goodput
  const price = priceOf(fleet)
  return {
    meanSecondsBetweenFailures: failures,
    checkpointBytes,
    checkpointStallSeconds: stall,
    recoverySeconds: recovery,
    checkpointIntervalSeconds: interval,
    checkpointIntervalSteps: steps,
    goodput,
    ...(trainingSeconds === undefined ? {} : { trainingSeconds }),
    ...(trainingSeconds === undefined || price === undefined
      ? {}
      : { trainingDollars: (trainingSeconds / 3600) * price * devices }),
  }
}

function meanRate({ pools }: Fleet): number {
  const devices = pools.reduce((sum, pool) => sum + pool.nodes * pool.devicesPerNode, 0)
  return pools.reduce((sum, pool) => sum + pool.failuresPerDeviceHour * pool.nodes * pool.devicesPerNode, 0) / devices
}
