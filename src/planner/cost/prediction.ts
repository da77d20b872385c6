/** What the cost model answers for one layout. Seconds and bytes. */
import type { Fleet } from '../fleet/fleet.ts'
import type { ModelSpec } from '../model/model.ts'
import type { Layout, Workload } from '../training/layout.ts'
import type { Software } from './software.ts'

export interface StepInput {
  readonly model: ModelSpec
  readonly fleet: Fleet
  readonly workload: Workload
  readonly layout: Layout
  readonly software: Software
}

/** Parts of the step's critical path; they add up to the step. */
export type Effect =
  | 'gemm'
  | 'experts'
  | 'attention'
  | 'memoryBound'
  | 'recompute'
  | 'host'
  | 'tensorComm'
  | 'contextComm'
  | 'expertComm'
  | 'pipelineComm'
  | 'bubble'
  | 'dataComm'
  | 'optimizer'
  | 'other'

export interface StagePrediction {
  /** Time of one micro-batch's forward and backward, communication in it included. */
  readonly forwardSeconds: number
  readonly backwardSeconds: number
  readonly memory: MemoryPrediction
}

/** Of one rank of a pipeline stage at its worst moment. */
export interface MemoryPrediction {
  readonly parameters: number
  readonly gradients: number
  readonly optimizerStates: number
  readonly activations: number
  /** Buffers of collectives and kernels, unsharded FSDP units, logits. */
  readonly working: number
  /** What PyTorch calls allocated: the sum of the above. */
  readonly allocated: number
  /** With the allocator's fragmentation. */
  readonly reserved: number
  /** Outside of the allocator: CUDA context, NCCL, cuBLAS. */
  readonly context: number
}

export interface StepPrediction {
  readonly seconds: number
  readonly breakdown: Readonly<Record<Effect, number>>
  /** One a pipeline rank. */
  readonly stages: readonly StagePrediction[]
  readonly fits: boolean
}
