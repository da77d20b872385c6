/** The software that runs the plan: it decides what overlaps, what is fused and what the host costs. */

export type Family = 'megatron' | 'nemo' | 'torchtitan' | 'fsdp' | 'deepspeed' | 'llm-foundry' | 'solvent' | 'other'

export interface Software {
  readonly family: Family
  /** Of the release; features that are not stated take that year's default. */
  readonly year: number
  readonly features: Features
  /** Devices are cores: no context, no workspaces, and collectives take the time of the cores that compute. */
  readonly onCores?: boolean
}

export interface Features {
  readonly compile: boolean
  readonly cudaGraphs: boolean
  readonly flashAttention: boolean
  readonly fusedCrossEntropy: boolean
  readonly fusedRouter: boolean
  readonly fusedPermute: boolean
  /** Tensor-parallel collectives hide behind the GEMMs beside them (TE user buffers, torch async TP). */
  readonly overlapTensor: boolean
  readonly overlapGradients: boolean
  readonly overlapParameters: boolean
  readonly overlapPipeline: boolean
  /** The dispatch of one micro-batch behind the compute of another. */
  readonly overlapExpert: boolean
  readonly delayWeightGradient: boolean
}
