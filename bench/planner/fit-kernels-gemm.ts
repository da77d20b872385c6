/** GEMM: nine constants a device and format. What the benchmark does and training does not (operands left in the cache) is kept apart. */

import type { GemmFit } from '../../src/planner/cost/kernels/fitted-gemm.ts'
import { computeSeconds, overlapped } from '../../src/planner/cost/kernels/gemm.ts'
import type { Device } from '../../src/planner/fleet/device.ts'
import { type Parameter, robustFit } from './fit/robust-fit.ts'
import type { Measured } from './fit-kernels-measured.ts'

/** All rows of a weight's shape are kept out together. */
export const GEMM_HELD_OUT_BY = ['n', 'k'] as const

const PARAMETERS: readonly Parameter[] = [
  { name: 'launchMicroseconds', guess: 3, spread: 1, low: 1, high: 15 },
  { name: 'efficiency', guess: 0.75, spread: 0.3, low: 0.2, high: 1 },
  { name: 'smallTile', guess: 0.93, spread: 0.1, low: 0.6, high: 1.1 },
  { name: 'waveShare', guess: 0.2, spread: 1, low: 0.02, high: 1 },
  { name: 'splitDepth', guess: 16_384, spread: 1, low: 256, high: 1e6 },
  { name: 'fillSteps', guess: 100, spread: 1, low: 5, high: 600 },
  { name: 'memoryEfficiency', guess: 0.8, spread: 0.4, low: 0.3, high: 2 },
  { name: 'throttle', guess: 0.08, spread: 1, low: 0.001, high: 0.6 },
  { name: 'throttleAt', guess: 12.3, spread: 0.05, low: 11, high: 14 },
]

/** Bytes of an operand's element, and of quantising one input element where the measurement contains that. */
const BYTES: Readonly<Record<string, { operand: number; quantise: number }>> = {
  bf16: { operand: 2, quantise: 0 },
  fp8: { operand: 1, quantise: 0 },
  fp8_block: { operand: 1, quantise: 3 },
  nvfp4: { operand: 0.5, quantise: 2.5 },
}

/** Of quantising inside of a measured product; fixed, so that the fits do not depend on one another. */
const QUANTISE_EFFICIENCY = 0.8
const QUANTISE_LAUNCH_SECONDS = 2e-6

export const peakOf = (device: Device, format: string): number =>
  (format === 'bf16' ? device.peakFlops.bf16 : format === 'nvfp4' ? device.peakFlops.nvfp4 : device.peakFlops.fp8)!

export function benchmarkGemmSeconds(fit: GemmFit, device: Device, format: string, row: Measured): number {
  const { m, n, k } = row.shape as { m: number; n: number; k: number }
  const { operand, quantise } = BYTES[format]!
  const bytes = operand * k * (m + n) + 2 * m * n
  return (
    fit.launchMicroseconds * 1e-6 +
    overlapped(
      computeSeconds(fit, m, n, k, peakOf(device, format), device.processors),
      bytes / (fit.memoryEfficiency * device.memoryBytesPerSecond),
    ) +
    (quantise > 0
      ? QUANTISE_LAUNCH_SECONDS + (quantise * m * k) / (QUANTISE_EFFICIENCY * device.memoryBytesPerSecond)
      : 0)
  )
}

export function fitGemm(device: Device, format: string, rows: readonly Measured[]): GemmFit {
  const named = (values: readonly number[]) =>
    Object.fromEntries(PARAMETERS.map(({ name }, i) => [name, values[i]!])) as unknown as GemmFit
  const { values } = robustFit({
    parameters: PARAMETERS,
    residuals: values => {
      const fit = named(values)
      return Float64Array.from(rows, row => Math.log(benchmarkGemmSeconds(fit, device, format, row) / row.seconds))
    },
    weights: rows.map(row => (row.heldOut ? 0 : 1)),
    rounds: 40,
    knee: 0.03,
    priorStrength: 0.3,
  })
  return named(values)
}
