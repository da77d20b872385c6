/**
 * What is left of a GEMM's measured rate when the device computes without a pause: benchmarks of a few milliseconds run at clocks that the
 * power limit does not allow for seconds. Read off the microbenchmarks themselves: median efficiency of products of 10^14 operations (some
 * 70 ms each) over that at 10^12 (planner/data/microbench-gemm-summary.json).
 */
import type { Device, NumberFormat } from '../../fleet/device.ts'

const WIDE: readonly (readonly [RegExp, number])[] = [
  [/^A100/, 0.99],
  [/^H100/, 0.94],
  [/^(H200|GH200)/, 0.9],
  [/^H800/, 0.94],
  [/^B200/, 0.82],
  [/^B300/, 0.91],
  [/^GB200/, 0.86],
  [/^GB300/, 0.89],
]
const NARROW: readonly (readonly [RegExp, number])[] = [
  [/^H/, 0.99],
  [/^GH/, 0.97],
  [/^B200/, 0.91],
  [/^B300/, 0.94],
  [/^GB200/, 0.95],
  [/^GB300/, 0.96],
]

/** Devices without such measurements: as Hopper. */
const UNKNOWN = 0.94

export function sustainedShare(device: Device, format: NumberFormat): number {
  const isNarrow = format === 'fp8' || format === 'mxfp8' || format === 'nvfp4'
  for (const [name, share] of isNarrow ? NARROW : WIDE) if (name.test(device.name)) return share
  return device.generation === 'volta' || device.generation === 'ampere' ? 0.99 : UNKNOWN
}
