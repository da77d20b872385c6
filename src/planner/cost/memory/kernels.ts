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
}

export function kernelsOf(software: Software, precision: Precision, expertImbalance: number): Kernels {
  const usesEngine = software.family === 'megatron' || software.family === 'nemo'
  const elementBytes = precision.base === 'fp32' ? 4 : 2
  const isEightBit = precision.gemm === 'fp8' || precision.gemm === 'mxfp8'
  return {
    elementBytes,
    inputBytes: precision.gemm === 'nvfp4' ? 0.5625 : isEightBit ? 1 : elementBytes,
    flashAttention: software.features.flashAttention,
    fusedActivation: usesEngine || software.features.compile,
    keepsNormOutput: usesEngine || !software.features.compile,
    keepsActivationOutput: usesEngine || !software.features.compile,
    keepsExpertOutput: usesEngine ? software.year < 2025 : true,
    keepsExchangedOutput: usesEngine && software.year >= 2025,
    dropout: false,
    expertImbalance,
  }
}
