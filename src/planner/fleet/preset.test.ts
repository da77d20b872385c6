/** Presets: what a short name stands for, and what is said when it stands for nothing. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatProblem } from '../../base/problem.ts'
import { KNOWN_DEVICES } from './devices.ts'
import { devicesOf } from './fleet.ts'
import { fleetFromPreset, looksLikePreset, presetFleet } from './preset.ts'

test('h100x64 is eight hosts of eight', () => {
  const fleet = presetFleet('h100x64')
  expect(fleet).toMatchObject({
    name: 'h100x64',
    tiers: [],
    pools: [{ nodes: 8, devicesPerNode: 8, domainDevices: 8, nicBytesPerSecond: 50e9 }],
  })
  expect(fleet.pools[0]!.failuresPerDeviceHour).toBeCloseTo(1.97e-5, 6)
})

test('gb200-nvl72x8 is eight racks of 18 hosts of four, one NVLink domain each', () => {
  const fleet = presetFleet('gb200-nvl72x8')
  expect(devicesOf(fleet)).toBe(576)
  expect(fleet.pools[0]).toMatchObject({ nodes: 144, devicesPerNode: 4, domainDevices: 72 })
})

test('a few devices are one smaller host', () => {
  expect(presetFleet('a100-40gbx4').pools[0]).toMatchObject({ nodes: 1, devicesPerNode: 4, domainDevices: 4 })
  expect(presetFleet('gb200x8').pools[0]).toMatchObject({ nodes: 2, devicesPerNode: 4, domainDevices: 8 })
  expect(presetFleet('mi300xx16').pools[0]).toMatchObject({ nodes: 2, device: { name: 'MI300X' } })
  expect(presetFleet('mi300x16').pools[0]!.nodes).toBe(2)
})

test('beyond 32 hosts there are leaves and a spine', () => {
  expect(presetFleet('h100x16384').tiers).toEqual([
    { name: 'leaf', nodes: 32, oversubscription: 1 },
    { name: 'spine', nodes: 2048, oversubscription: 1 },
  ])
})

test.each([
  ['h100x0', 'spec.fleet is "h100x0", but a fleet needs at least one device. Write h100x8.'],
  ['h100x12', 'spec.fleet is "h100x12", but a node holds 8 devices. Write h100x8 or h100x16.'],
  ['h101x64', 'spec.fleet is "h101", but no device of that name is known. Did you mean "h100"?'],
  ['gb200-nvl0x8', 'spec.fleet is "gb200-nvl0x8", but a fleet needs at least one device. Write gb200x4.'],
  [
    'lots',
    'spec.fleet is "lots", but a preset is a device and how many of them there are. Write h100x64, or gb200-nvl72x8 for eight racks.',
  ],
])('%s is refused with what would work', (name, expected) => {
  const fleet = fleetFromPreset(name)
  expect(fleet.ok ? [] : fleet.problems.map(formatProblem)).toEqual([expected])
})

test('a preset has as many devices as it says, and a refusal names presets that work', () => {
  fc.assert(
    fc.property(fc.constantFrom(...KNOWN_DEVICES), fc.integer({ min: 0, max: 3000 }), ({ aliases }, count) => {
      const name = `${aliases[0]}x${count}`
      expect(looksLikePreset(name)).toBe(true)
      const fleet = fleetFromPreset(name)
      if (fleet.ok) expect(devicesOf(fleet.value)).toBe(count)
      else
        for (const [proposed] of fleet.problems[0]!.fix!.matchAll(/\S+x\d+/g))
          expect(fleetFromPreset(proposed.replace(/\.$/, ''))).toMatchObject({ ok: true })
    }),
  )
})
