/** A layer of gated experts as an inference engine runs it: two grouped products, and passes that permute, activate and gather. */

import type { ExpertsFit } from '../../src/planner/cost/kernels/fitted-experts.ts'
import type { GemmFit } from '../../src/planner/cost/kernels/fitted-gemm.ts'
import { computeSeconds, overlapped } from '../../src/planner/cost/kernels/gemm.ts'
import type { Device } from '../../src/planner/fleet/device.ts'
import { type Parameter, robustFit } from './fit/robust-fit.ts'
import { peakOf } from './fit-kernels-gemm.ts'
import { type Measured, measured } from './fit-kernels-measured.ts'

const PARAMETERS: readonly Parameter[] = [
  { name: 'efficiency', guess: 0.85, spread: 0.3, low: 0.3, high: 1 },
  { name: 'launchMicroseconds', guess: 40, spread: 0.7, low: 5, high: 200 },
  { name: 'passEfficiency', guess: 0.6, spread: 0.5, low: 0.1, high: 1.5 },
]

/** Training's: no slices of a few columns, no handful of rows an expert. */
export function expertsRows(column: string): Measured[] {
  return measured('experts', column, ['hidden', 'ffn', 'experts']).filter(
    ({ shape }) => shape.ffn! / shape.moe_tp! >= 512 && (shape.tokens! * shape.top_k!) / shape.experts! >= 64,
  )
}

export function benchmarkExpertsSeconds(
  fit: ExpertsFit,
  gemm: GemmFit,
  device: Device,
  format: string,
  row: Measured,
): number {
  const {
    tokens,
    hidden,
    ffn,
    top_k: topK,
    experts,
    moe_tp: tensor,
    moe_ep: expert,
  } = row.shape as Record<string, number>
  const groups = experts! / expert!
  const rows = (tokens! * topK!) / experts!
  const width = ffn! / tensor!
  const operand = format === 'bf16' ? 2 : 1
  const product = (n: number, k: number) =>
    overlapped(
      computeSeconds(gemm, rows, n, k, peakOf(device, format), device.processors, groups) / fit.efficiency,
      (groups * (operand * k * (rows + n) + 2 * rows * n)) / (0.8 * device.memoryBytesPerSecond),
    )
  const copies = rows * groups
  const passBytes = copies * (2 + operand) * hidden! + copies * (4 + operand) * width + 2 * (copies + tokens!) * hidden!
  return (
    fit.launchMicroseconds * 1e-6 +
    product(2 * width, hidden!) +
    product(hidden!, width) +
    passBytes / (fit.passEfficiency * device.memoryBytesPerSecond)
  )
}

export function fitExperts(gemm: GemmFit, device: Device, format: string, rows: readonly Measured[]): ExpertsFit {
  const named = (values: readonly number[]) =>
    Object.fromEntries(PARAMETERS.map(({ name }, i) => [name, values[i]!])) as unknown as ExpertsFit
  const { values } = robustFit({
    parameters: PARAMETERS,
    residuals: values => {
      const fit = named(values)
      return Float64Array.from(rows, row =>
        Math.log(benchmarkExpertsSeconds(fit, gemm, device, format, row) / row.seconds),
      )
    },
    weights: rows.map(row => (row.heldOut ? 0 : 1)),
    rounds: 40,
    knee: 0.05,
    priorStrength: 0.3,
  })
  return named(values)
}
