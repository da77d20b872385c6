/** From what PyTorch calls allocated to what a device must have. */
import type { MemoryPrediction, StepInput } from '../prediction.ts'
import type { Software } from '../software.ts'
import { usesEngine } from './kernels.ts'

/**
 * Blocks that the caching allocator holds and cannot use: 43 runs of Megatron-LM (1.03 to 1.09), 20 of torchtitan, and five of a DeepSpeed
 * that flattens all parameters after they are made.
 */
const RESERVED_OVER_ALLOCATED = { engine: 1.05, deepspeed: 1.15, others: 1.065 }

export function reservedBytes(allocated: number, software: Software): number {
  if (software.onCores) return allocated
  if (usesEngine(software)) return allocated * RESERVED_OVER_ALLOCATED.engine
  return allocated * RESERVED_OVER_ALLOCATED[software.family === 'deepspeed' ? 'deepspeed' : 'others']
}

/** CUDA context, cuBLAS and NCCL channels, outside of the allocator. */
export function contextBytes(input: StepInput): number {
  const { data, context, tensor, pipeline, expert } = input.layout
  // A process with torch loaded.
  if (input.software.onCores) return 300 * 2 ** 20
  const groups = [tensor, pipeline, data * context, expert].filter(ranks => ranks > 1).length
  return (600 + 300 * groups) * 2 ** 20
}

/** Blocks are cut to sizes: even an allocator that gives all its spare ones back keeps so much. */
const LEAST_OVER_ALLOCATED = 1.02

/**
 * Below this a run dies. Before it gives up, PyTorch's allocator returns the blocks that nobody uses, so that a run fits with less than it
 * would reserve; what DeepSpeed's step has split off stays split. A plan should leave the full reserve free: `reserved + context`.
 */
export function leastBytes(memory: MemoryPrediction, software: Software): number {
  const held = software.family === 'deepspeed' ? memory.reserved : memory.allocated * LEAST_OVER_ALLOCATED
  return held + memory.context
}
