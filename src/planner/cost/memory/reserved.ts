/** From what PyTorch calls allocated to what a device must have. */
import type { StepInput } from '../prediction.ts'
import type { Software } from '../software.ts'
import { usesEngine } from './kernels.ts'

/** Blocks that the caching allocator holds and cannot use: 43 runs of Megatron-LM (1.03 to 1.09), 20 of torchtitan. */
const RESERVED_OVER_ALLOCATED = { engine: 1.05, others: 1.065 }

export const reservedBytes = (allocated: number, software: Software): number =>
  allocated * (usesEngine(software) ? RESERVED_OVER_ALLOCATED.engine : RESERVED_OVER_ALLOCATED.others)

/** CUDA context, cuBLAS and NCCL channels, outside of the allocator. */
export function contextBytes(input: StepInput): number {
  const { data, context, tensor, pipeline, expert } = input.layout
  const groups = [tensor, pipeline, data * context, expert].filter(ranks => ranks > 1).length
  return (600 + 300 * groups) * 2 ** 20
}
