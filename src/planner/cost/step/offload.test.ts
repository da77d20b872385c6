import { expect, test } from 'vitest'
import { presetFleet } from '../../fleet/preset.ts'
import { hostOptimizerSeconds, withCopies } from './offload.ts'
import { noParts, totalOf } from './parts.ts'

const poolOf = (preset: string) => presetFleet(preset).pools[0]!
const WORKLOAD = {
  precision: { gemm: 'bf16', base: 'bf16', gradientBytes: 4 },
  optimizer: { name: 'adam', stateBytes: 12 },
} as const

test('the host updates 1.9e9 parameters in the seconds that Megatron-Bridge published (4,189 - 996 ms on eight H100)', () => {
  const seconds = hostOptimizerSeconds(1.9e9, WORKLOAD, poolOf('h100x16'))
  expect(seconds / 3.193).toBeGreaterThan(2 / 3)
  expect(seconds / 3.193).toBeLessThan(4 / 3)
})

test('on NVLink to the host the same takes less', () => {
  const pcie = hostOptimizerSeconds(1e9, WORKLOAD, poolOf('h100x16'))
  expect(hostOptimizerSeconds(1e9, WORKLOAD, poolOf('gb200-nvl72x1'))).toBeLessThan(pcie)
})

test('copies behind longer compute are free, longer ones set the pace, and each pass is charged', () => {
  const pass = { ...noParts(), gemm: 1e-2 }
  const times = { forward: pass, backward: { ...pass, gemm: 2e-2 }, weightSeconds: 0 }
  const short = withCopies(times, 1e6, poolOf('h100x16'))
  expect(totalOf(short.forward)).toBeCloseTo(1e-2, 6)
  const long = withCopies(times, 5e9, poolOf('h100x16'))
  expect(totalOf(long.forward)).toBeGreaterThan(0.09)
  expect(totalOf(long.backward)).toBeGreaterThanOrEqual(totalOf(long.forward))
})
