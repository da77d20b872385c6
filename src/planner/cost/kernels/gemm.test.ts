import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Device } from '../../fleet/device.ts'
import { KNOWN_DEVICES } from '../../fleet/devices.ts'
import { gemmSeconds } from './gemm.ts'
import { gemmConstants } from './gemm-fit.ts'
import { groupedGemmSeconds } from './grouped-gemm.ts'

const named = (name: string): Device => KNOWN_DEVICES.find(({ host }) => host.device.name === name)!.host.device
const h100 = named('H100-80GB SXM')

// Medians of three inference engines (aiconfigurator-core 0.12.0, Apache-2.0), microseconds; 10 % is what engines differ by among themselves.
test.each([
  { device: 'A100-80GB SXM', m: 8192, n: 8192, k: 8192, microseconds: 4180 },
  { device: 'H100-80GB SXM', m: 4096, n: 4096, k: 4096, microseconds: 174 },
  { device: 'H100-80GB SXM', m: 8192, n: 4096, k: 12288, microseconds: 1080 },
  { device: 'B200 SXM', m: 8192, n: 8192, k: 8192, microseconds: 700 },
])('$device multiplies $m x $n x $k in about $microseconds us', ({ device, m, n, k, microseconds }) => {
  const seconds = gemmSeconds(named(device), { m, n, k }, 'bf16')
  expect(Math.abs(seconds / (microseconds * 1e-6) - 1)).toBeLessThan(0.1)
})

const sizes = fc.integer({ min: 1, max: 65536 })
const devices = fc.constantFrom(...KNOWN_DEVICES.map(({ host }) => host.device))
const formats = fc.constantFrom('bf16', 'fp16', 'fp32', 'fp8', 'fp8Block', 'mxfp8', 'nvfp4' as const)
const kinds = fc.constantFrom('forward', 'dgrad', 'wgrad' as const)

describe('for every device, format and shape', () => {
  test('no GEMM beats the data sheet', () => {
    fc.assert(
      fc.property(devices, formats, kinds, sizes, sizes, sizes, (device, format, kind, m, n, k) => {
        const seconds = gemmSeconds(device, { m, n, k }, format, kind)
        expect(seconds).toBeGreaterThan((2 * m * n * k) / gemmConstants(device, format).peakFlops)
      }),
    )
  })
  test('four times the rows of a large product take at least 2.5 times as long', () => {
    fc.assert(
      fc.property(devices, formats, fc.integer({ min: 4096, max: 16384 }), (device, format, m) => {
        const [one, four] = [m, 4 * m].map(rows => gemmSeconds(device, { m: rows, n: 4096, k: 4096 }, format))
        expect(four! / one!).toBeGreaterThan(2.5)
      }),
    )
  })
})

test('an empty product takes no time', () => {
  expect(gemmSeconds(h100, { m: 0, n: 4096, k: 4096 }, 'bf16')).toBe(0)
})

test('a weight gradient that is added in fp32 costs a small matrix more than its forward', () => {
  const shape = { m: 512, n: 8192, k: 8192 }
  expect(gemmSeconds(h100, shape, 'bf16', 'wgrad')).toBeGreaterThan(1.5 * gemmSeconds(h100, shape, 'bf16'))
})

test('a device that was not measured borrows from its relative, scaled by its own peak', () => {
  const [h800, a100] = [named('H800-80GB SXM'), named('A100-40GB SXM')]
  const shape = { m: 8192, n: 8192, k: 8192 }
  expect(gemmConstants(h800, 'bf16').measuredOn).toBe('H100-80GB SXM')
  expect(gemmSeconds(h800, shape, 'bf16')).toBe(gemmSeconds(h100, shape, 'bf16'))
  expect(gemmConstants(a100, 'bf16').measuredOn).toBe('A100-80GB SXM')
})

test('a format that the device lacks is computed in the next wider one', () => {
  const a100 = named('A100-80GB SXM')
  const shape = { m: 8192, n: 8192, k: 8192 }
  expect(gemmSeconds(a100, shape, 'fp8')).toBe(gemmSeconds(a100, shape, 'bf16'))
})

test('8 experts of 512 rows cost less than 8 launches and more than one product of 4096 rows', () => {
  const experts = groupedGemmSeconds(h100, { experts: 8, rows: 512, n: 14336, k: 4096 }, 'bf16')
  expect(experts).toBeLessThan(8 * gemmSeconds(h100, { m: 512, n: 14336, k: 4096 }, 'bf16'))
  expect(experts).toBeGreaterThan(gemmSeconds(h100, { m: 4096, n: 14336, k: 4096 }, 'bf16'))
})

test('twice the imbalance of well-filled experts takes about twice as long', () => {
  const shape = { experts: 8, rows: 4096, n: 14336, k: 4096 }
  const ratio = groupedGemmSeconds(h100, shape, 'bf16', 2) / groupedGemmSeconds(h100, shape, 'bf16')
  expect(ratio).toBeGreaterThan(1.9)
  expect(ratio).toBeLessThan(2.15)
})

test('a device of the same name with another peak is another device', () => {
  const shape = { m: 8192, n: 8192, k: 8192 }
  const slow = { ...h100, peakFlops: { ...h100.peakFlops, bf16: h100.peakFlops.bf16! / 2 } }
  const [before, other, after] = [h100, slow, h100].map(device => gemmSeconds(device, shape, 'bf16'))
  expect(other! / before!).toBeGreaterThan(1.9)
  expect(after).toBe(before)
})
