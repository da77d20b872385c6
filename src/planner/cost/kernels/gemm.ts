/** Time of one matrix product C[m,n] = A[m,k] B[k,n] on one device. */
import type { Device, NumberFormat } from '../../fleet/device.ts'
import { gemmConstants } from './gemm-constants.ts'

export interface GemmShape {
  readonly m: number
  readonly n: number
  readonly k: number
}

/** `m` counts tokens in all three; a weight gradient sums over them in fp32 and adds to a buffer that lives from micro-batch to micro-batch. */
export type GemmKind = 'forward' | 'dgrad' | 'wgrad'

/** The shape is that of the forward product; the gradients turn it: dgrad is (m,k,n), wgrad (n,k,m). */
export function gemmSeconds(
  device: Device,
  shape: GemmShape,
  format: NumberFormat,
  kind: GemmKind = 'forward',
): number {
  const { m, n, k } = shape
  const c = gemmConstants(device, format)
  const compute = (2 * m * n * k) / (c.efficiency * c.peakFlops)
  const outBytes = kind === 'wgrad' ? 8 * n * k : kind === 'dgrad' ? 2 * m * k : 2 * m * n
  const inBytes = c.operandBytes * (kind === 'wgrad' ? m * (n + k) : kind === 'dgrad' ? m * n + n * k : m * k + n * k)
  const memory = (inBytes + outBytes) / (c.memoryEfficiency * device.memoryBytesPerSecond)
  return c.launchSeconds + Math.max(compute, memory)
}
