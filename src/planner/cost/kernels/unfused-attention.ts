/**
 * Attention as PyTorch and Megatron-LM computed it before FlashAttention: two batched products with the score matrix written and read between
 * them. Nothing is skipped under a causal mask. Time is mostly memory traffic, so bytes a score decide (bf16, scale, mask and softmax in one kernel).
 */
import type { Device } from '../../fleet/device.ts'
import type { AttentionShape, Direction } from './attention-shape.ts'
import { gemmSeconds } from './gemm.ts'

/** Forward: written by QK^T, read (the lower half) and written by the masked softmax, read and written by dropout with a mask of a byte, read by PV. */
const FORWARD_BYTES = 2 + 3 + 5 + 2
/** Backward: dP written, dropout 2 + 1 + 2, softmax's halves of 2 + 2 and 2 written, dS read twice, P read for dV. */
const BACKWARD_BYTES = 2 + 5 + 4 + 4 + 2
const MEMORY_EFFICIENCY = 0.8
const LAUNCH_SECONDS = 3e-6

export function unfusedAttentionSeconds(device: Device, shape: AttentionShape, direction: Direction): number {
  const { batch, heads, headDim, valueDim, sequenceQ, sequenceKv } = shape
  const scores = batch * heads * sequenceQ * sequenceKv
  const products = direction === 'forward' ? 1 : 2
  // Batched: as one product whose rows are all heads'. Its output or input is the score matrix, already counted below.
  const rows = batch * heads * sequenceQ
  const qk = gemmSeconds(device, { m: rows, n: sequenceKv, k: headDim }, 'bf16')
  const pv = gemmSeconds(device, { m: rows, n: valueDim, k: sequenceKv }, 'bf16')
  const rest = (direction === 'forward' ? FORWARD_BYTES : BACKWARD_BYTES) - 2 * 2 * products
  const bytes = rest * scores
  return (
    misaligned(headDim) * products * (qk + pv) +
    bytes / (MEMORY_EFFICIENCY * device.memoryBytesPerSecond) +
    4 * LAUNCH_SECONDS
  )
}

/**
 * Tensor cores load 16 bytes at a time: heads of a size that 8 does not divide (BLOOM's first runs had 145) fall back to smaller steps (NVIDIA,
 * Matrix Multiplication Background, tensor core requirements: about two thirds, half and a quarter of the rate).
 */
function misaligned(headDim: number): number {
  return headDim % 8 === 0 ? 1 : headDim % 4 === 0 ? 1.5 : headDim % 2 === 0 ? 2 : 4
}
