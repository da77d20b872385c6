/**
 * Bytes that a rank holds between steps: parameters, gradients, optimizer states, by what ZeRO (Rajbhandari et al., 1910.02054) shards.
 * Experts are averaged over a group of their own, so they are sharded over fewer ranks.
 */
import type { Layout, Workload } from '../../training/layout.ts'
import type { Software } from '../software.ts'
import { usesFsdp } from './kernels.ts'

/** Parameters on one rank before ZeRO. */
export interface RankElements {
  readonly dense: number
  readonly experts: number
}

export interface StateBytes {
  readonly parameters: number
  readonly gradients: number
  readonly optimizerStates: number
}

/** What the states depend on; nothing of the schedule or the micro-batch. */
export type StateLayout = Pick<
  Layout,
  'data' | 'context' | 'tensor' | 'expert' | 'expertTensor' | 'zero' | 'shardRanks' | 'offload'
>

/** Ranks over which a dense and an expert parameter are sharded. */
export function shardsOf(layout: StateLayout): { readonly dense: number; readonly experts: number } {
  const dense = layout.zero === 0 ? 1 : Math.max(1, layout.shardRanks)
  return { dense, experts: Math.max(1, (dense * layout.tensor) / (layout.expert * layout.expertTensor)) }
}

export function stateBytes(
  elements: RankElements,
  layout: StateLayout,
  workload: Workload,
  software: Software,
): StateBytes {
  const per = bytesPerParameter(layout, workload, software)
  const shards = shardsOf(layout)
  const split = (bytes: number, isSharded: boolean): number =>
    bytes * (elements.dense / (isSharded ? shards.dense : 1) + elements.experts / (isSharded ? shards.experts : 1))
  return {
    parameters: split(per.parameter, layout.zero >= 3),
    gradients: split(per.gradient, layout.zero >= 2),
    optimizerStates: layout.offload === 'optimizer' ? 0 : split(per.optimizer, layout.zero >= 1),
  }
}

function bytesPerParameter(
  { zero }: StateLayout,
  { precision, optimizer }: Workload,
  software: Software,
): { parameter: number; gradient: number; optimizer: number } {
  const base = precision.base === 'fp32' ? 4 : 2
  // FSDP's sharded parameters are the optimizer's own.
  const shares = usesFsdp(software) && zero === 3
  return {
    parameter: shares ? 0 : base,
    // FSDP's gradients have the sharded parameters' format.
    gradient: shares ? Math.max(precision.gradientBytes, 4) : precision.gradientBytes,
    optimizer: optimizer.stateBytes,
  }
}
