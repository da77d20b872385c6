/** Fleets as they are declared, and where they are looked for. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatProblem, type Result } from '../../base/problem.ts'
import { checkDeclaration } from '../../spec/check/check-declaration.ts'
import type { Fleet as FleetObject, FleetSpec } from '../../spec/fleet.ts'
import { declarationInfo } from '../../spec/schema/kinds-table.ts'
import { fleetFromDeclaration } from './declared-fleet.ts'
import { devicesOf } from './fleet.ts'
import { presetFleet } from './preset.ts'
import { resolveFleet } from './resolve-fleet.ts'

const must = <T>(result: Result<T>): T => {
  if (!result.ok) throw new Error(result.problems.map(formatProblem).join('\n'))
  return result.value
}
const shown = (result: Result<unknown>): readonly string[] => (result.ok ? [] : result.problems.map(formatProblem))
const fleetOf = (spec: FleetSpec) => must(fleetFromDeclaration(spec, 'ours'))

test('a pool that says only device and nodes is as many reference hosts', () => {
  expect(fleetOf({ pools: [{ device: 'h100', nodes: 8 }] })).toEqual({ ...presetFleet('h100x64'), name: 'ours' })
  expect(fleetOf({ pools: [{ device: 'gb200', nodes: 36 }] }).pools[0]).toMatchObject({ domainDevices: 72 })
})

test('what is given replaces what the reference host has', () => {
  const pool = {
    device: 'h100',
    nodes: 4,
    devicesPerNode: 4,
    memoryGibibytes: 94,
    nicGigabitsPerSecond: 100,
    scaleUpGigabytesPerSecond: 300,
    railAligned: false,
    pricePerDeviceHour: 2.5,
    failuresPerDeviceHour: 1e-6,
  }
  const tiers = [{ name: 'leaf', nodes: 2, oversubscription: 3 }]
  const fleet = fleetOf({ pools: [pool], tiers, inNetworkReduction: true })
  expect(fleet).toMatchObject({ tiers, inNetworkReduction: true })
  expect(fleet.pools[0]).toMatchObject({
    device: { name: 'H100-80GB SXM', memoryBytes: 94 * 2 ** 30 },
    devicesPerNode: 4,
    domainDevices: 4,
    nicBytesPerSecond: 12.5e9,
    scaleUpBytesPerSecond: 300e9,
    railAligned: false,
    pricePerDeviceHour: 2.5,
    failuresPerDeviceHour: 1e-6,
  })
})

test('a preset keeps all but the switches that are declared', () => {
  const fleet = fleetOf({ preset: 'h100x1024', tiers: [{ name: 'pod', nodes: 16, oversubscription: 7 }] })
  expect(devicesOf(fleet)).toBe(1024)
  expect(fleet.tiers).toEqual([{ name: 'pod', nodes: 16, oversubscription: 7 }])
})

test('every unknown device is told at its place', () => {
  const pools = [
    { device: 'h1000', nodes: 1 },
    { device: 'a100', nodes: 1 },
    { device: 'b20', nodes: 1 },
  ]
  expect(shown(fleetFromDeclaration({ pools }, 'ours', 'spec.fleet'))).toEqual([
    'spec.fleet.pools[0].device is "h1000", but no device of that name is known. Did you mean "h100"?',
    'spec.fleet.pools[2].device is "b20", but no device of that name is known. Did you mean "b200"?',
  ])
})

const racks: FleetObject = {
  apiVersion: 'solvent.dev/v1alpha1',
  kind: 'Fleet',
  metadata: { name: 'racks' },
  spec: { preset: 'gb200-nvl72x2' },
}

test('a job has its own fleet, one that it names, or the nodes of its cluster', () => {
  expect(must(resolveFleet({ preset: 'h100x8' }, {})).fleet.name).toBe('h100x8')
  const pools = [
    { device: 'h100', nodes: 4 },
    { device: 'a100', nodes: 8, devicesPerNode: 4 },
  ]
  expect(must(resolveFleet({ pools }, {})).fleet.name).toBe('h100x32+a100x32')
  expect(devicesOf(must(resolveFleet({ name: 'racks' }, { declared: [racks] })).fleet)).toBe(144)
  const labels = { 'nvidia.com/gpu.product': 'NVIDIA-H100-80GB-HBM3' }
  const nodes = [{ name: 'a', labels, allocatable: { 'nvidia.com/gpu': '8' } }]
  expect(must(resolveFleet(undefined, { nodes })).fleet.pools[0]).toMatchObject({ nodes: 1, devicesPerNode: 8 })
})

test('a fleet that is nowhere is told with what to write', () => {
  expect(shown(resolveFleet({ name: 'rack' }, { declared: [racks] }))).toEqual([
    'spec.fleet.name is "rack", but there is no Fleet of that name. Did you mean "racks"?',
  ])
  expect(shown(resolveFleet({ name: 'h100' }, {}))).toEqual([
    'spec.fleet.name is "h100", but there is no Fleet of that name. Write a preset such as h100x64, or declare a Fleet of this name in the same file.',
  ])
  expect(shown(resolveFleet(undefined, { nodes: [{ name: 'a', labels: {}, allocatable: {} }] }))).toEqual([
    'spec.fleet is not given, but no node of this cluster has an accelerator. Say what to plan for, such as fleet: h100x64, or give the degrees under parallelism.',
  ])
})

test('any fleet that breaks no rule has as many devices as it says, and none is priced below zero', () => {
  const pool = fc.record(
    {
      device: fc.constantFrom('h100', 'a100', 'gb200', 'mi300x', 'tpu-v5p', 'v100'),
      nodes: fc.integer({ min: 1, max: 500 }),
      devicesPerNode: fc.constantFrom(1, 2, 4, 8, 16),
      nicGigabitsPerSecond: fc.integer({ min: 1, max: 1600 }),
      memoryGibibytes: fc.integer({ min: 1, max: 300 }),
      pricePerDeviceHour: fc.integer({ min: 0, max: 20 }),
    },
    { requiredKeys: ['device', 'nodes'] },
  )
  fc.assert(
    fc.property(fc.array(pool, { minLength: 1, maxLength: 3 }), pools => {
      const metadata = { name: 'ours' }
      const object = { apiVersion: 'solvent.dev/v1alpha1', kind: 'Fleet', metadata, spec: { pools } }
      expect(checkDeclaration(declarationInfo('Fleet')!, object)).toEqual([])
      const fleet = fleetOf({ pools })
      const expected = fleet.pools.reduce((sum, each, i) => sum + pools[i]!.nodes * each.devicesPerNode, 0)
      expect(devicesOf(fleet)).toBe(expected)
      for (const each of fleet.pools) {
        expect(each.domainDevices).toBeGreaterThanOrEqual(each.devicesPerNode)
        expect(each.pricePerDeviceHour ?? 0).toBeGreaterThanOrEqual(0)
      }
    }),
  )
})
