/**
 * Time of the experts' products on one rank: one GEMM a local expert, all in one launch, so that they fill waves together. Few rows an expert leave
 * tiles half empty and make weights the traffic that counts; both are in the shape, so only one constant more than a GEMM's is measured.
 */
import type { Device } from '../../fleet/device.ts'
import { EXPERTS_FITS } from './data/experts-fits.ts'
import { COLD_MEMORY_EFFICIENCY, computeSeconds, type GemmKind, overlapped, RESULT_BYTES, turned } from './gemm.ts'
import { type GemmFormat, gemmConstants } from './gemm-fit.ts'

export interface GroupedShape {
  /** On this rank. */
  readonly experts: number
  /** Of each expert, at balanced routing. */
  readonly rows: number
  readonly n: number
  readonly k: number
}

/** Of a large GEMM's rate, where no experts were measured. */
const DEFAULT_EFFICIENCY = 0.85

/** `imbalance`: rows of the most loaded rank over the mean; 1 is balanced. */
export function groupedGemmSeconds(
  device: Device,
  shape: GroupedShape,
  format: GemmFormat,
  imbalance = 1,
  kind: GemmKind = 'forward',
): number {
  const { fit, peakFlops, operandBytes, measuredOn } = gemmConstants(device, format)
  const { experts, n, k } = shape
  const m = shape.rows * imbalance
  if (m <= 0 || experts <= 0) return 0
  const [rows, columns, depth] = turned({ m, n, k }, kind)
  const bytes = experts * (operandBytes * depth * (rows + columns) + RESULT_BYTES[kind] * rows * columns)
  const memory = bytes / (Math.min(fit.memoryEfficiency, COLD_MEMORY_EFFICIENCY) * device.memoryBytesPerSecond)
  const compute = computeSeconds(fit, rows, columns, depth, peakFlops, device.processors, experts, RESULT_BYTES[kind])
  const efficiency = EXPERTS_FITS[measuredOn]?.[format]?.efficiency ?? DEFAULT_EFFICIENCY
  return fit.launchMicroseconds * 1e-6 + overlapped(compute / efficiency, memory)
}
