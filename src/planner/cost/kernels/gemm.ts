/**
 * Time of one matrix product C[m,n] = A[m,k] B[k,n] on one device. A kernel cuts C into tiles and the processors work through them in waves; what
 * costs more than the peak rate says is a last wave that does not fill the device, the filling of each tile's pipeline, and above about 1e12
 * operations the power limit, which lowers the clock (H100: 80 % of the peak at 5e11 operations, 70 % at 1e13). Small products wait for memory.
 */
import type { Device } from '../../fleet/device.ts'
import type { GemmFit, GemmFormat } from './fitted-gemm.ts'
import { gemmConstants } from './gemm-fit.ts'

/** The forward product's sizes: `m` tokens, `k` features in, `n` out. */
export interface GemmShape {
  readonly m: number
  readonly n: number
  readonly k: number
}

/** The gradients turn the shape: that of the input is (m,k,n), that of the weight (n,k,m). */
export type GemmKind = 'forward' | 'dgrad' | 'wgrad'

/** Rows and columns; the kernel library picks the fastest. */
const TILES = [
  [128, 256],
  [256, 128],
  [128, 128],
  [64, 256],
  [256, 64],
] as const
const SMALL_TILE = 128 * 128

/** In training another kernel has run in between: no operand waits in the cache, so bandwidth stays below the data sheet's. */
export const COLD_MEMORY_EFFICIENCY = 0.88

export function gemmSeconds(device: Device, shape: GemmShape, format: GemmFormat, kind: GemmKind = 'forward'): number {
  const { fit, peakFlops, operandBytes } = gemmConstants(device, format)
  const { m, n, k } = shape
  if (m <= 0 || n <= 0 || k <= 0) return 0
  const [rows, columns, depth] = kind === 'forward' ? [m, n, k] : kind === 'dgrad' ? [m, k, n] : [n, k, m]
  // A weight's gradient is added in fp32 to what earlier micro-batches left.
  const resultBytes = kind === 'wgrad' ? 8 : 2
  const bytes = operandBytes * depth * (rows + columns) + resultBytes * rows * columns
  const memory = bytes / (Math.min(fit.memoryEfficiency, COLD_MEMORY_EFFICIENCY) * device.memoryBytesPerSecond)
  const compute = computeSeconds(fit, rows, columns, depth, peakFlops, device.processors)
  return fit.launchMicroseconds * 1e-6 + overlapped(compute, memory)
}

/** Of the fastest tile; `groups` products of the same shape share the waves. */
export function computeSeconds(
  fit: GemmFit,
  rows: number,
  columns: number,
  depth: number,
  peakFlops: number,
  processors: number,
  groups = 1,
): number {
  let best = Number.POSITIVE_INFINITY
  for (const [height, width] of TILES) {
    const waves = (groups * Math.ceil(rows / height) * Math.ceil(columns / width)) / processors
    const waited = fit.waveShare * Math.ceil(waves) + (1 - fit.waveShare) * waves
    const area = height * width
    const work = (waited * area) / (area <= SMALL_TILE ? fit.smallTile : 1)
    if (work < best) best = work
  }
  const seconds = (best * 2 * (depth + fit.fillSteps) * processors) / (fit.efficiency * peakFlops)
  return seconds * throttled(fit, 2 * groups * rows * columns * depth)
}

/** The clock falls within a decade of operations around `throttleAt`. */
function throttled(fit: GemmFit, flops: number): number {
  return 1 + fit.throttle / (1 + Math.exp(4 * (fit.throttleAt - Math.log10(flops))))
}

/** Computing and loading run at once but not perfectly where both take the same time: the fourth norm is 19 % above the larger there. */
export function overlapped(compute: number, memory: number): number {
  const ratio = compute > memory ? memory / compute : compute / memory
  if (ratio < 0.3) return Math.max(compute, memory)
  const square = ratio * ratio
  return Math.max(compute, memory) * Math.sqrt(Math.sqrt(1 + square * square))
}
