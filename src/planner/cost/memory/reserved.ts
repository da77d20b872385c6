/** From what PyTorch calls allocated to what a device must have. */
import type { StepInput } from '../prediction.ts'
import type { Software } from '../software.ts'

/** Blocks that the caching allocator holds and cannot use: SimuMax's ratio over 43 runs of Megatron-LM. */
const RESERVED_OVER_ALLOCATED = 1.05

export const reservedBytes = (allocated: number, _software: Software): number => allocated * RESERVED_OVER_ALLOCATED

/** CUDA context, cuBLAS and NCCL channels, outside of the allocator. */
export function contextBytes(input: StepInput): number {
  const { data, context, tensor, pipeline, expert } = input.layout
  const groups = [tensor, pipeline, data * context, expert].filter(ranks => ranks > 1).length
  return (600 + 300 * groups) * 2 ** 20
}
