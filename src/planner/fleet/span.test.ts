/** Spans of groups against a slow count over all ranks, and against what people who run clusters expect. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { devicesOf, type Fleet, type NodePool, type Tier } from './fleet.ts'
import { neighbourSpanOf, type RankGroup, spanOf } from './span.ts'

const fleetOf = (pool: Partial<NodePool>, tiers: readonly Tier[] = []): Fleet => ({
  name: 'test',
  pools: [
    {
      device: {
        name: 'H100-80GB SXM',
        generation: 'hopper',
        peakFlops: { bf16: 989e12 },
        memoryBytes: 85e9,
        memoryBytesPerSecond: 3350e9,
        processors: 132,
        source: 'test',
      },
      nodes: 8,
      devicesPerNode: 8,
      domainDevices: 8,
      scaleUpBytesPerSecond: 450e9,
      nicBytesPerSecond: 50e9,
      railAligned: true,
      failuresPerDeviceHour: 0,
      ...pool,
    },
  ],
  tiers,
  inNetworkReduction: false,
})

/** The most parts that any group of the axis falls into, by looking at every rank. */
function slowParts({ size, stride }: RankGroup, world: number, unit: number): number {
  let most = 1
  for (let first = 0; first + (size - 1) * stride < world; first++) {
    if (Math.floor(first / stride) % size !== 0) continue
    const units = Array.from({ length: size }, (_, i) => Math.floor((first + i * stride) / unit))
    most = Math.max(most, new Set(units).size)
  }
  return most
}

test('nodes and domains of a group are those of a slow count, for sizes that divide and for others', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(1, 2, 4, 6, 8),
      fc.constantFrom(1, 2, 9),
      fc.integer({ min: 1, max: 12 }),
      fc.integer({ min: 1, max: 12 }),
      fc.integer({ min: 1, max: 6 }),
      (devicesPerNode, nodesPerDomain, size, stride, rest) => {
        const world = size * stride * rest
        const nodes = Math.ceil(world / devicesPerNode / nodesPerDomain) * nodesPerDomain
        const fleet = fleetOf({ devicesPerNode, nodes, domainDevices: devicesPerNode * nodesPerDomain })
        const span = spanOf(fleet, { size, stride, world })
        expect(span.nodes).toBe(slowParts({ size, stride }, world, devicesPerNode))
        if (nodesPerDomain < 9)
          expect(span.domains).toBeLessThanOrEqual(slowParts({ size, stride }, world, devicesPerNode * nodesPerDomain))
        expect(span.perNode * span.nodes).toBeGreaterThanOrEqual(size)
      },
    ),
  )
})

test.each<[string, RankGroup, object]>([
  ['tensor 8 fills a node', { size: 8, stride: 1 }, { perNode: 8, nodes: 1, domains: 1, tier: -1, concurrent: 1 }],
  ['tensor 2 lies in a node', { size: 2, stride: 1 }, { perNode: 2, nodes: 1, concurrent: 4, isRailAligned: true }],
  ['tensor 16 takes two nodes', { size: 16, stride: 1 }, { perNode: 8, nodes: 2, domains: 2, concurrent: 1 }],
  ['data 8 beside tensor 8 has a rank a node', { size: 8, stride: 8 }, { perNode: 1, nodes: 8, concurrent: 8 }],
  ['data 16 beside tensor 4 has two ranks a node', { size: 16, stride: 4 }, { perNode: 2, nodes: 8, concurrent: 4 }],
  ['three nodes of eight for 24 ranks', { size: 24, stride: 1, world: 48 }, { nodes: 3, perNode: 8 }],
  ['six ranks do not stay in a node of eight', { size: 6, stride: 1, world: 48 }, { nodes: 2, perNode: 3 }],
  ['but six alone do', { size: 6, stride: 1, world: 6 }, { nodes: 1, perNode: 6 }],
  ['a stride that no node size divides leaves its rail', { size: 4, stride: 12, world: 48 }, { isRailAligned: false }],
])('%s', (_, group, expected) => expect(spanOf(fleetOf({}), group)).toMatchObject(expected))

test('a pipeline that goes on in the next node is as far apart as its farthest neighbours', () => {
  const fleet = fleetOf({})
  expect(neighbourSpanOf(fleet, { size: 2, stride: 4, world: 8 })).toMatchObject({ nodes: 1 })
  expect(neighbourSpanOf(fleet, { size: 4, stride: 4, world: 16 })).toMatchObject({ size: 2, nodes: 2, domains: 2 })
  expect(neighbourSpanOf(fleet, { size: 4, stride: 2, world: 8 })).toMatchObject({ nodes: 1 })
  expect(neighbourSpanOf(fleet, { size: 1, stride: 8, world: 8 })).toMatchObject({ size: 1, nodes: 1 })
})

test('a rack of 72 is one domain of 18 nodes, and a job of a power of two uses 64 of each', () => {
  const racks = fleetOf({ nodes: 36, devicesPerNode: 4, domainDevices: 72 })
  expect(devicesOf(racks)).toBe(144)
  expect(spanOf(racks, { size: 64, stride: 1, world: 128 })).toMatchObject({
    domains: 1,
    perDomain: 64,
    nodes: 16,
    perNode: 4,
  })
  expect(spanOf(racks, { size: 64, stride: 1 })).toMatchObject({ domains: 2 })
  expect(spanOf(racks, { size: 2, stride: 64, world: 128 })).toMatchObject({ domains: 2, perDomain: 1 })
  expect(spanOf(racks, { size: 72, stride: 1 })).toMatchObject({ domains: 1, tier: -1, oversubscription: 1 })
})

test('a group pays the oversubscription of every tier that it does not fit below', () => {
  const tiers: Tier[] = [
    { name: 'leaf', nodes: 2, oversubscription: 2 },
    { name: 'spine', nodes: 4, oversubscription: 7 },
    { name: 'core', nodes: 8, oversubscription: 1 },
  ]
  const fleet = fleetOf({}, tiers)
  const paid = (size: number, stride: number) => {
    const { tier, oversubscription } = spanOf(fleet, { size, stride })
    return [tier, oversubscription]
  }
  expect(paid(8, 1)).toEqual([-1, 1])
  expect(paid(16, 1)).toEqual([-1, 1])
  expect(paid(4, 8)).toEqual([0, 2])
  expect(paid(8, 8)).toEqual([1, 14])
  expect(paid(2, 32)).toEqual([1, 14])
})
