/** A pass over memory: what a well-written element-wise kernel reaches, from the cast of activations to fp8 (two bytes read, one written). */

import type { PassFit } from '../../src/planner/cost/kernels/fitted-pass.ts'
import type { Device } from '../../src/planner/fleet/device.ts'
import { type Parameter, robustFit } from './fit/robust-fit.ts'
import type { Measured } from './fit-kernels-measured.ts'

const PARAMETERS: readonly Parameter[] = [
  { name: 'memoryEfficiency', guess: 0.85, spread: 0.3, low: 0.3, high: 1 },
  { name: 'launchMicroseconds', guess: 2, spread: 0.5, low: 0.5, high: 10 },
]

export const castBytes = ({ shape }: Measured): number => 3 * shape.m! * shape.k!

export function benchmarkCastSeconds(fit: PassFit, device: Device, row: Measured): number {
  return fit.launchMicroseconds * 1e-6 + castBytes(row) / (fit.memoryEfficiency * device.memoryBytesPerSecond)
}

/** In a benchmark's loop what fits the cache stays there; only passes well beyond it tell the memory's rate. */
export const BEYOND_CACHE_BYTES = 200e6

export function fitPass(device: Device, rows: readonly Measured[]): PassFit {
  const named = ([memoryEfficiency, launchMicroseconds]: readonly number[]): PassFit => ({
    memoryEfficiency: memoryEfficiency!,
    launchMicroseconds: launchMicroseconds!,
  })
  const { values } = robustFit({
    parameters: PARAMETERS,
    residuals: values =>
      Float64Array.from(rows, row => Math.log(benchmarkCastSeconds(named(values), device, row) / row.seconds)),
    weights: rows.map(row =>
      row.heldOut ? 0 : castBytes(row) > BEYOND_CACHE_BYTES ? 1 : castBytes(row) < 4e6 ? 0.1 : 0,
    ),
    rounds: 30,
    priorStrength: 0.3,
  })
  return named(values)
}
