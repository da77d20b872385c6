/** How a framework's kernels keep tensors for backward: the same layer costs more or less memory in another. */
import type { Precision } from '../../training/layout.ts'
import type { Software } from '../software.ts'

export interface Kernels {
  /** Of activations between products. */
  readonly elementBytes: number
  /** Of a product's kept input: 1 in fp8. */
  readonly inputBytes: number
  readonly flashAttention: boolean
  /** SwiGLU in one kernel that keeps gate and up only. */
  readonly fusedActivation: boolean
  /** The product after a norm keeps the norm's output (a compiler computes it again). */
  readonly keepsNormOutput: boolean
  readonly keepsActivationOutput: boolean
  /** Experts' outputs are weighted after them (else their probabilities are multiplied before, and nothing is kept). */
  readonly keepsExpertOutput: boolean
  readonly keepsExchangedOutput: boolean
  readonly dropout: boolean
  readonly expertImbalance: number
  /** What selective recompute means: Megatron's named modules, or torchtitan's list of operators whose outputs are kept. */
  readonly selects: 'modules' | 'operators'
  /** Of the operators: products (every second one), attention, and products whose output no backward needs. */
  readonly keepsProducts: boolean
  readonly keepsAttention: boolean
  readonly keepsUnneeded: boolean
}

/** Megatron-Core and NeMo build layers of Transformer Engine's modules. */
export const usesEngine = ({ family }: Software): boolean => family === 'megatron' || family === 'nemo'

/** Frameworks that shard with PyTorch's FSDP: no copy in the base format between uses, the sharded parameters are the optimizer's own. */
export const usesFsdp = ({ family }: Software): boolean =>
  family === 'torchtitan' || family === 'fsdp' || family === 'llm-foundry' || family === 'solvent'

/** Megatron-Core 0.12 multiplies probabilities into the activation, before the last product. */
const PROBABILITIES_FIRST = 2025.3
/** Transformer Engine 2.8. */
const EXCHANGED_OUTPUT_KEPT = 2025.75
const CUDNN_LISTED = 2026

/** `attentionKernel`: PyTorch's own choice is cuDNN's on Blackwell, which torchtitan's list names only since 2026. */
export function kernelsOf(
  software: Software,
  precision: Precision,
  expertImbalance: number,
  attentionKernel: 'flash' | 'cudnn' = 'flash',
): Kernels {
  const isEngine = usesEngine(software)
  const { compile } = software.features
  const elementBytes = precision.base === 'fp32' ? 4 : 2
  return {
    elementBytes,
    inputBytes: isEngine ? inputBytesOf(precision, elementBytes) : elementBytes,
    flashAttention: software.features.flashAttention,
    fusedActivation: isEngine || compile,
    keepsNormOutput: isEngine || !compile,
    keepsActivationOutput: isEngine || !compile,
    keepsExpertOutput: isEngine ? software.year < PROBABILITIES_FIRST : true,
    keepsExchangedOutput: isEngine && software.year >= EXCHANGED_OUTPUT_KEPT,
    // Who had no flash attention yet also trained with dropout.
    dropout: !software.features.flashAttention,
    expertImbalance,
    selects: usesFsdp(software) ? 'operators' : 'modules',
    // Products in four bits are operators of another name, which the list does not have.
    keepsProducts: precision.gemm !== 'nvfp4',
    keepsAttention: attentionKernel === 'flash' || software.year >= CUDNN_LISTED,
    keepsUnneeded: !compile,
  }
}

/** Transformer Engine keeps a product's input as it was multiplied. */
function inputBytesOf({ gemm }: Precision, elementBytes: number): number {
  if (gemm === 'nvfp4') return 0.5625
  return gemm === 'fp8' || gemm === 'mxfp8' ? 1 : elementBytes
}
