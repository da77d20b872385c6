/**
 * Time of one matrix product C[m,n] = A[m,k] B[k,n] on one device. A kernel cuts C into tiles and the processors work through them in waves; what
 * costs more than the peak rate says is a last wave that does not fill the device, the filling of each tile's pipeline, and above about 1e12
 * operations the power limit, which lowers the clock (H100: 80 % of the peak at 5e11 operations, 70 % at 1e13). Small products wait for memory.
 */
import type { Device } from '../../fleet/device.ts'
import { measuredGemmSeconds } from '../measured/kernels.ts'
import type { GemmFit, GemmFormat } from './fitted-gemm.ts'
import { gemmConstants } from './gemm-fit.ts'
import type { GemmKind, GemmShape } from './gemm-shape.ts'

export type { GemmKind, GemmShape } from './gemm-shape.ts'

/** Read and written for each element of the result. */
const RESULT_BYTES: Readonly<Record<GemmKind, number>> = { forward: 2, dgrad: 2, wgrad: 8, plainWgrad: 2 }
/** Of the products that the constants are measured on. */
const MEASURED_RESULT_BYTES = 2
/**
 * How much of a wider result's traffic does not hide behind the next tile: accumulating weight gradients of 4k tokens are 5 % slower than the
 * forward product on A100, 8 % on B200 (Transformer Engine, SimuMax's tables): .5 and .8 of the time that the memory needs for it.
 */
const EXPOSED_RESULT = 0.65

export function turned({ m, n, k }: GemmShape, kind: GemmKind): readonly [number, number, number] {
  return kind === 'forward' ? [m, n, k] : kind === 'dgrad' ? [m, k, n] : [n, k, m]
}

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
const COLD_MEMORY_EFFICIENCY = 0.88

export function gemmSeconds(device: Device, shape: GemmShape, format: GemmFormat, kind: GemmKind = 'forward'): number {
  if (device.measured) return measuredGemmSeconds(device.measured, shape, format, kind)
  const { fit, peakFlops, operandBytes } = gemmConstants(device, format)
  const { m, n, k } = shape
  if (m <= 0 || n <= 0 || k <= 0) return 0
  const [rows, columns, depth] = turned(shape, kind)
  const compute = computeSeconds(fit, rows, columns, depth, peakFlops, device.processors)
  const bytes = operandBytes * depth * (rows + columns) + MEASURED_RESULT_BYTES * rows * columns
  const [exposed, memory] = memorySeconds(device, fit, bytes, widerBytes(kind) * rows * columns)
  return fit.launchMicroseconds * 1e-6 + overlapped(compute + exposed, memory)
}

/** Of a result beyond 16 bits, read and written. */
export const widerBytes = (kind: GemmKind): number => RESULT_BYTES[kind] - MEASURED_RESULT_BYTES

/** What `wider` bytes of a result add to computing, and what all bytes take by themselves. */
export function memorySeconds(device: Device, fit: GemmFit, bytes: number, wider: number): readonly [number, number] {
  const operands = bytes / (Math.min(fit.memoryEfficiency, COLD_MEMORY_EFFICIENCY) * device.memoryBytesPerSecond)
  const result = wider / (COLD_MEMORY_EFFICIENCY * device.memoryBytesPerSecond)
  return [EXPOSED_RESULT * result, operands + result]
}

/**
 * Of the fastest tile; a deep product is cut along its depth as well, which fills the last wave. `groups` products of the same shape share the
 * waves.
 */
export function computeSeconds(
  fit: GemmFit,
  rows: number,
  columns: number,
  depth: number,
  peakFlops: number,
  processors: number,
  groups = 1,
): number {
  const share = fit.waveShare / (1 + depth / fit.splitDepth)
  let best = Number.POSITIVE_INFINITY
  for (const [height, width] of TILES) {
    const waves = (groups * Math.ceil(rows / height) * Math.ceil(columns / width)) / processors
    const waited = share * Math.ceil(waves) + (1 - share) * waves
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
