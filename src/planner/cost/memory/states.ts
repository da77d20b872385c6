/**
 * Bytes that a rank holds between steps: parameters, gradients, optimizer states, by what ZeRO (Rajbhandari et al., 1910.02054) shards.
 * Experts are averaged over a group of their own, so they are sharded over fewer ranks.
 */
import type { Layout, Workload } from '../../training/layout.ts'
import type { Software } from '../software.ts'
import { usesEngine, usesFsdp } from './kernels.ts'

/** Parameters on one rank before ZeRO. */
export interface RankElements {
  readonly dense: number
  readonly experts: number
}

export interface StateBytes {
  readonly parameters: number
  readonly gradients: number
  readonly optimizerStates: number
  /** Reserved by the optimizer's step and of no use in the backward: copies of the gradients, buckets of collectives. */
  readonly stranded: number
}

/** What the states depend on; nothing of the schedule or the micro-batch. */
export type StateLayout = Pick<
  Layout,
  | 'data'
  | 'context'
  | 'tensor'
  | 'pipeline'
  | 'expert'
  | 'expertTensor'
  | 'zero'
  | 'shardRanks'
  | 'offload'
  | 'offloadShare'
>

/** Part of the optimizer's states that the host keeps. */
export const offloadedShare = ({ offload, offloadShare = 1 }: Pick<Layout, 'offload' | 'offloadShare'>): number =>
  offload === 'optimizer' ? offloadShare : 0

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
  const isWhole = staysWhole(layout, software)
  return {
    parameters: split(per.parameter, layout.zero >= 3) + (isWhole ? split(per.base, false) : 0),
    gradients: split(per.gradient, layout.zero >= 2) + (isWhole ? split(4, false) : 0),
    optimizerStates: (1 - offloadedShare(layout)) * split(per.optimizer, layout.zero >= 1),
    stranded: per.step > 0 ? split(per.step, layout.zero >= 1) + bucketBytes(elements, layout) : 0,
  }
}

/**
 * With a pipeline, torchtitan gathers a stage's parameters once a step and adds its gradients up in fp32 before it reduces them: neither is
 * sharded while micro-batches run.
 */
export const staysWhole = (layout: StateLayout, software: Software): boolean =>
  usesFsdp(software) && layout.zero === 3 && layout.pipeline > 1 && shardsOf(layout).dense > 1

/**
 * DeepSpeed's buckets of 5e8 elements, two that fill in turns and one to gather; of a small model, copies of its gradients in all. None when
 * there is nobody to reduce with. (Peaks of BigScience's 1.3B on 1 to 8 data ranks.)
 */
const bucketBytes = ({ dense, experts }: RankElements, layout: StateLayout): number =>
  shardsOf(layout).dense > 1 ? Math.min(3 * 2 * 5e8, 2.5 * (dense + experts)) : 0

function bytesPerParameter(
  { zero }: StateLayout,
  { precision, optimizer }: Workload,
  software: Software,
): { base: number; parameter: number; gradient: number; optimizer: number; step: number } {
  const base = precision.base === 'fp32' ? 4 : 2
  // FSDP's sharded parameters are the optimizer's own.
  const shares = usesFsdp(software) && zero === 3
  // Loss scaling has the gradients unscaled in fp32: Megatron adds them up there, DeepSpeed copies them (flat, then wide) for its step.
  const isScaled = precision.base === 'fp16'
  const copies = isScaled && software.family === 'deepspeed'
  return {
    base,
    parameter: shares ? 0 : base,
    // FSDP's gradients have the sharded parameters' format.
    gradient:
      shares || (isScaled && usesEngine(software)) ? Math.max(precision.gradientBytes, 4) : precision.gradientBytes,
    optimizer: optimizer.stateBytes - (keepsRemainder(software, precision) ? 2 : 0),
    step: copies ? 2 + 4 : 0,
  }
}

/** NeMo 1's optimizer (Apex) keeps of an fp32 master only the 16 bits that the bf16 parameter lacks. */
const keepsRemainder = ({ family, year }: Software, { base }: Workload['precision']): boolean =>
  family === 'nemo' && year < 2025 && base === 'bf16'
