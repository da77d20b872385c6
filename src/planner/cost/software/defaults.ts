/**
 * What a software family does by default in a year, from its documentation and release notes: the features that nobody states. Megatron-Core
 * hides gradient and parameter collectives with `--overlap-grad-reduce/--overlap-param-gather`; NeMo's recipes turn them on, and
 * Transformer Engine's user buffers for tensor parallelism as well; FSDP prefetches by construction; torchtitan compiles since 2024.
 */
import type { Family, Features, Software } from '../software.ts'

const NOTHING: Features = {
  compile: false,
  cudaGraphs: false,
  flashAttention: true,
  fusedCrossEntropy: false,
  fusedRouter: false,
  fusedPermute: false,
  overlapTensor: false,
  overlapGradients: false,
  overlapParameters: false,
  overlapPipeline: false,
  overlapExpert: false,
  delayWeightGradient: false,
}

function defaultsOf(family: Family, year: number): Partial<Features> {
  const shards = { overlapGradients: true, overlapParameters: true }
  switch (family) {
    case 'nemo':
      return {
        ...shards,
        overlapTensor: true,
        overlapPipeline: true,
        fusedCrossEntropy: year >= 2025,
        fusedRouter: year >= 2025.5,
        fusedPermute: year >= 2025.5,
      }
    case 'megatron':
      return year < 2023
        ? { flashAttention: false }
        : {
            ...shards,
            overlapPipeline: true,
            fusedCrossEntropy: year >= 2025,
            fusedRouter: year >= 2025,
            fusedPermute: year >= 2025,
          }
    case 'torchtitan':
      return {
        ...shards,
        compile: year >= 2024.4,
        overlapPipeline: true,
        fusedRouter: year >= 2026,
        fusedPermute: year >= 2026,
      }
    case 'fsdp':
      return { ...shards, compile: year >= 2024 }
    case 'llm-foundry':
      return { ...shards, fusedCrossEntropy: true }
    case 'solvent':
      return shards
    case 'deepspeed':
      return { overlapGradients: true, overlapParameters: true, flashAttention: year >= 2023 }
    case 'other':
      return { ...shards, overlapPipeline: true }
  }
}

/** On cores nothing runs beside what computes. */
export const onCores = (software: Software): Software => ({
  ...software,
  onCores: true,
  features: {
    ...software.features,
    overlapTensor: false,
    overlapGradients: false,
    overlapParameters: false,
    overlapPipeline: false,
    overlapExpert: false,
  },
})

export const softwareOf = (family: Family, year: number, stated: Partial<Features> = {}): Software => ({
  family,
  year,
  features: { ...NOTHING, ...defaultsOf(family, year), ...stated },
})
