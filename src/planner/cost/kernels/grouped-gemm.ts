/**
 * Time of the experts' products on one rank: one GEMM a local expert, side by side, so that they fill waves together. Few rows an expert leave
 * tiles half empty and make weights the traffic that counts; both are in the shape, so only one constant more than a GEMM's is measured.
 */
import type { Device } from '../../fleet/device.ts'
import { EXPERTS_FITS } from './data/experts-fits.ts'
import { computeSeconds, type GemmKind, gemmSeconds, memorySeconds, overlapped, turned, widerBytes } from './gemm.ts'
import { type GemmFormat, gemmConstants } from './gemm-fit.ts'

export interface GroupedShape {
  /** On this rank. */
  readonly experts: number
  /** Of each expert, at balanced routing. */
  readonly rows: number
  readonly n: number
  readonly k: number
}

/**
 * Transformer Engine calls cuBLAS once an expert on a few streams: on B200 a layer of 160 or 80 small experts takes 9 microseconds each, whatever
 * their rows (SimuMax's tables).
 */
const EXPERT_LAUNCH_SECONDS = 9e-6

/** Of a large GEMM's rate, where no experts were measured. */
const DEFAULT_EFFICIENCY = 0.95

/** `imbalance`: rows of the most loaded rank over the mean; 1 is balanced. */
export function groupedGemmSeconds(
  device: Device,
  shape: GroupedShape,
  format: GemmFormat,
  imbalance = 1,
  kind: GemmKind = 'forward',
): number {
  if (device.measured) return shape.experts * gemmSeconds(device, { ...shape, m: shape.rows * imbalance }, format, kind)
  const { fit, peakFlops, operandBytes, measuredOn } = gemmConstants(device, format)
  const { experts, n, k } = shape
  const m = shape.rows * imbalance
  if (m <= 0 || experts <= 0) return 0
  const [rows, columns, depth] = turned({ m, n, k }, kind)
  const results = experts * rows * columns
  const bytes = experts * operandBytes * depth * (rows + columns) + 2 * results
  const [exposed, memory] = memorySeconds(device, fit, bytes, widerBytes(kind) * results)
  const compute = computeSeconds(fit, rows, columns, depth, peakFlops, device.processors, experts)
  const efficiency = EXPERTS_FITS[measuredOn]?.[format]?.efficiency ?? DEFAULT_EFFICIENCY
  const onDevice = overlapped(compute / efficiency + exposed, memory)
  return fit.launchMicroseconds * 1e-6 + overlapped(onDevice, experts * EXPERT_LAUNCH_SECONDS)
}
