/** The chunked state-space scan of Mamba-2 (Dao and Gu, 2405.21060, §6): matrix products within chunks, a short scan over them. */
import type { Device } from '../../fleet/device.ts'

export interface ScanShape {
  readonly batch: number
  readonly sequence: number
  readonly heads: number
  readonly headDim: number
  readonly stateDim: number
  readonly groups: number
}

const chunk = 256
/** Small products that wait on each other's results: a third of what a large GEMM reaches. */
const efficiency = 0.25

export function scanSeconds(device: Device, shape: ScanShape, direction: 'forward' | 'backward'): number {
  const { batch, sequence, heads, headDim, stateDim, groups } = shape
  const tokens = batch * sequence
  // Within a chunk: C B^T a group and its product with x a head (causal); states in and out.
  const flops = tokens * (groups * chunk * stateDim + heads * chunk * headDim + heads * 4 * headDim * stateDim)
  const bytes =
    tokens * (4 * 2 * heads * headDim + 4 * 2 * groups * stateDim + 4 * heads) +
    (tokens / chunk) * heads * headDim * stateDim * 4 * 3
  const peak = device.peakFlops.bf16 ?? device.peakFlops.fp16 ?? 1e14
  const forward = 20e-6 + flops / (efficiency * peak) + bytes / (0.7 * device.memoryBytesPerSecond)
  return direction === 'forward' ? forward : 2.5 * forward
}
