/** Several makes in one fleet: the slowest under a stage sets its pace, and layers follow speed. */
import { expect, test } from 'vitest'
import { cutStages } from '../schedule/cut-stages.ts'
import { devicesOf, type Fleet } from './fleet.ts'
import { asSlowest, paceOf, poolsUnder, speedOf } from './pace.ts'
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
  expect(halves.stages.map(({ pool, slowness }) => [pool.device.name, slowness])).toEqual([
    ['H100-80GB SXM', 1],
    ['A100-80GB SXM', 989 / 312],
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

test('layers follow speed when stages are cut', () => {
  const slowness = paceOf(mixed, { ranks: 64, pipeline: 2 }).stages.map(stage => stage.slowness)
  expect(cutStages(Array(32).fill(1), 2, { slowness })).toEqual([25, 7])
})
