/** Several makes in one fleet: the slowest under a stage sets its pace, and layers follow speed. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { devicesOf, type Fleet } from './fleet.ts'
import { asSlowest, layersBySpeed, paceOf, poolsUnder, speedOf } from './pace.ts'
import { presetFleet } from './preset.ts'

const mixed: Fleet = {
  ...presetFleet('h100x32'),
  name: 'mixed',
  pools: [...presetFleet('h100x32').pools, ...presetFleet('a100x32').pools],
}

test('a fleet of one make is even', () => {
  expect(paceOf(presetFleet('h100x64'), { ranks: 64, pipeline: 4 })).toMatchObject({ isEven: true })
})

test('stages on the slower make are slower, and a stage on both is as slow as the slower', () => {
  const halves = paceOf(mixed, { ranks: 64, pipeline: 2 })
  expect(halves.isEven).toBe(false)
  expect(halves.stages.map(({ pool, speed }) => [pool.device.name, speed])).toEqual([
    ['H100-80GB SXM', 1],
    ['A100-80GB SXM', 312 / 989],
  ])
  expect(paceOf(mixed, { ranks: 64, pipeline: 1 }).stages[0]!.pool.device.name).toBe('A100-80GB SXM')
  expect(paceOf(mixed, { ranks: 32, pipeline: 2 }).isEven).toBe(true)
})

test('ranks that all wait for each other run on a fleet as slow as the slowest of each', () => {
  const even = presetFleet('h100x64')
  expect(asSlowest(even)).toBe(even)
  const [pool] = asSlowest(mixed).pools
  expect(asSlowest(mixed).pools).toHaveLength(1)
  expect(devicesOf(asSlowest(mixed))).toBe(64)
  expect(pool).toMatchObject({
    device: { name: 'A100-80GB SXM', memoryBytes: 81_559 * 2 ** 20, memoryBytesPerSecond: 2039e9 },
    nicBytesPerSecond: 25e9,
    scaleUpBytesPerSecond: 300e9,
    pricePerDeviceHour: (3 + 1.3) / 2,
  })
})

test('the peak of a format is that of the next wider one where the device lacks it', () => {
  const device = (name: string) => presetFleet(name).pools[0]!.device
  expect(speedOf(device('v100x8'), 'bf16')).toBe(125e12)
  expect(speedOf(device('h100x8'), 'mxfp8')).toBe(1979e12)
  expect(speedOf(device('a100x8'), 'fp8')).toBe(312e12)
  expect(speedOf(device('b200x8'), 'nvfp4')).toBe(9000e12)
})

test('pools are those that a range of devices lies in', () => {
  const names = (from: number, to: number) => poolsUnder(mixed, from, to).map(pool => pool.device.generation)
  expect(names(0, 32)).toEqual(['hopper'])
  expect(names(31, 33)).toEqual(['hopper', 'ampere'])
  expect(names(32, 64)).toEqual(['ampere'])
})

test('layers follow speed: no other cut has a faster slowest stage', () => {
  const bruteForce = (layers: number, speeds: readonly number[]): number => {
    const [speed, ...rest] = speeds
    if (rest.length === 0) return layers / speed!
    const most = layers - rest.length
    return Math.min(
      ...Array.from({ length: most }, (_, i) => Math.max((i + 1) / speed!, bruteForce(layers - i - 1, rest))),
    )
  }
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(0.25, 0.3, 0.5, 1), { minLength: 1, maxLength: 4 }),
      fc.integer({ min: 0, max: 12 }),
      (speeds, more) => {
        const counts = layersBySpeed(speeds.length + more, speeds)
        expect(counts.reduce((sum, n) => sum + n)).toBe(speeds.length + more)
        const slowest = Math.max(...counts.map((count, i) => count / speeds[i]!))
        expect(slowest).toBeCloseTo(bruteForce(speeds.length + more, speeds), 9)
      },
    ),
  )
  expect(layersBySpeed(32, [1, 312 / 989])).toEqual([25, 7])
})
