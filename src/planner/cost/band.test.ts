import { expect, test } from 'vitest'
import { type Likeness, narrowed, spreadOf } from './band.ts'
import type { BandTable } from './band-table.ts'

const TABLE: BandTable = {
  low: -0.1,
  high: 0.12,
  moeWider: 1.5,
  deviceWider: 2,
  cells: [
    {
      family: 'nemo',
      device: 'H100-80GB SXM',
      isMoe: false,
      isNarrow: false,
      yearFrom: 2024.9,
      yearTo: 2025,
      devices: 64,
      rows: 18,
      low: -0.04,
      high: 0.01,
    },
  ],
}
const NEMO: Likeness = {
  family: 'nemo',
  year: 2025.1,
  device: 'H100-80GB SXM',
  isMoe: false,
  isNarrow: false,
  devices: 64,
}

test('a run like calibrated ones has their spread, more devices a little more', () => {
  expect(spreadOf(NEMO, TABLE)).toEqual({ low: -0.04, high: 0.01 })
  const larger = spreadOf({ ...NEMO, devices: 2048 }, TABLE)
  expect(larger.low).toBeLessThan(-0.04)
  expect(larger.high).toBeGreaterThan(0.01)
})

test('another release, software or device has the spread of groups that were held out', () => {
  for (const other of [{ year: 2024 }, { family: 'megatron' }, { device: 'B200 SXM' }])
    expect(spreadOf({ ...NEMO, ...other }, TABLE)).toEqual({ low: -0.1, high: 0.12 })
})

test('what is known less is wider: experts, devices without microbenchmarks, power limits', () => {
  const width = (change: Partial<Likeness>): number => {
    const { low, high } = spreadOf({ ...NEMO, family: 'other', ...change }, TABLE)
    return high - low
  }
  expect(width({ isMoe: true })).toBeCloseTo(1.5 * width({}), 9)
  expect(width({ device: 'MI300X' })).toBeCloseTo(2 * width({}), 9)
  expect(width({ device: 'H100-80GB SXM, limited to 85 %' })).toBeCloseTo(2 * width({}), 9)
})

test('a measurement of the user moves the band and narrows it', () => {
  const after = narrowed({ low: 0.9, high: 1.1 }, 1.2)
  expect(after.high / after.low).toBeLessThan(1.1 / 0.9)
  expect(Math.sqrt(after.low * after.high)).toBeCloseTo(1.2 * Math.sqrt(0.99), 9)
})
