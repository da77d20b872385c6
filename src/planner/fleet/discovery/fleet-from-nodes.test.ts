/** Fleets found in labels as GPU feature discovery, clouds and NVIDIA's topograph write them, and in DRA slices. */
import { expect, test } from 'vitest'
import { formatProblem } from '../../../base/problem.ts'
import { devicesOf } from '../fleet.ts'
import { type DiscoveredFleet, fleetFromNodes } from './fleet-from-nodes.ts'
import type { NodeFacts, SliceFacts } from './node-facts.ts'

const H100 = { 'nvidia.com/gpu.product': 'NVIDIA-H100-80GB-HBM3', 'nvidia.com/gpu.memory': '81559' }

const node = (name: string, labels: NodeFacts['labels'], allocatable: NodeFacts['allocatable']): NodeFacts => ({
  name,
  labels,
  allocatable,
})
const nodes = (count: number, labels: (i: number) => NodeFacts['labels'], gpus = 8): readonly NodeFacts[] =>
  Array.from({ length: count }, (_, i) => node(`n${i}`, labels(i), { 'nvidia.com/gpu': String(gpus) }))

function found(given: readonly NodeFacts[], slices: readonly SliceFacts[] = []): DiscoveredFleet {
  const fleet = fleetFromNodes(given, slices)
  if (!fleet.ok) throw new Error(fleet.problems.map(formatProblem).join('\n'))
  return fleet.value
}

test('eight labelled nodes of eight are the preset of 64', () => {
  const { fleet, notes } = found(nodes(8, () => H100))
  expect(fleet.pools).toHaveLength(1)
  expect(fleet.pools[0]).toMatchObject({
    device: { name: 'H100-80GB SXM' },
    nodes: 8,
    domainDevices: 8,
    nicBytesPerSecond: 50e9,
  })
  expect(notes).toEqual([])
})

test.each<[string, NodeFacts, object]>([
  [
    'AWS p4d: 40 GB and 400 Gbit/s for eight',
    node('a', { 'node.kubernetes.io/instance-type': 'p4d.24xlarge' }, { 'nvidia.com/gpu': '8' }),
    { device: { name: 'A100-40GB SXM' }, nicBytesPerSecond: 6.25e9 },
  ],
  [
    'Azure ND MI300X',
    node(
      'a',
      {
        'node.kubernetes.io/instance-type': 'Standard_ND96isr_MI300X_v5',
        'amd.com/gpu.product-name': 'AMD_Instinct_MI300X_OAM',
      },
      { 'amd.com/gpu': '8' },
    ),
    { device: { name: 'MI300X' }, nicBytesPerSecond: 50e9 },
  ],
  [
    'Google a3-mega by its accelerator',
    node('a', { 'cloud.google.com/gke-accelerator': 'nvidia-h100-mega-80gb' }, { 'nvidia.com/gpu': '8' }),
    { device: { name: 'H100-80GB SXM' } },
  ],
  [
    "Google's word for the A100 of 40 GB",
    node('a', { 'cloud.google.com/gke-accelerator': 'nvidia-tesla-a100' }, { 'nvidia.com/gpu': '8' }),
    { device: { name: 'A100-40GB SXM' } },
  ],
  [
    'a TPU slice is one domain',
    node(
      'a',
      { 'cloud.google.com/gke-tpu-accelerator': 'tpu-v5p-slice', 'cloud.google.com/gke-tpu-topology': '4x4x8' },
      { 'google.com/tpu': '4' },
    ),
    { device: { name: 'TPU v5p' }, devicesPerNode: 4, domainDevices: 128 },
  ],
  [
    'memory that is not the usual one',
    node('a', { ...H100, 'nvidia.com/gpu.memory': '97871' }, { 'nvidia.com/gpu': '8' }),
    { device: { name: 'H100-80GB SXM', memoryBytes: 97_871 * 2 ** 20 } },
  ],
])('%s', (_, given, expected) => expect(found([given]).fleet.pools).toMatchObject([expected]))

test('nodes of one clique are one NVLink domain', () => {
  const rack = (i: number) => ({
    'nvidia.com/gpu.product': 'NVIDIA-GB200',
    'nvidia.com/gpu.clique': `c.${i < 18 ? 0 : 1}`,
  })
  const { fleet } = found(nodes(35, rack, 4))
  expect(fleet.pools[0]).toMatchObject({
    device: { name: 'GB200 NVL72' },
    nodes: 35,
    devicesPerNode: 4,
    domainDevices: 72,
  })
})

test('labels of switches become tiers, but for the one that all hang on', () => {
  const switches = (i: number) => ({
    ...H100,
    'network.topology.nvidia.com/leaf': `leaf${Math.floor(i / 4)}`,
    'network.topology.nvidia.com/spine': `spine${Math.floor(i / 8)}`,
    'network.topology.nvidia.com/core': 'core',
  })
  const { fleet, notes } = found(nodes(16, switches))
  expect(fleet.tiers).toEqual([
    { name: 'leaf', nodes: 4, oversubscription: 1 },
    { name: 'spine', nodes: 8, oversubscription: 1 },
  ])
  expect(notes).toEqual(['labels tell how switches join nodes but not their bandwidth: none is taken to be lost'])
})

test('a mixed cluster has several pools, the largest first, whatever the order of its nodes', () => {
  const a100 = { 'nvidia.com/gpu.product': 'NVIDIA-A100-SXM4-80GB' }
  const mixed = nodes(5, i => (i < 3 ? H100 : a100))
  const names = (given: readonly NodeFacts[]) => found(given).fleet.pools.map(pool => [pool.device.name, pool.nodes])
  expect(names(mixed)).toEqual([
    ['H100-80GB SXM', 3],
    ['A100-80GB SXM', 2],
  ])
  expect(names([...mixed].reverse())).toEqual(names(mixed))
})

test('DRA slices count whole devices and know their memory and clique', () => {
  const device = (i: number) => ({
    name: `gpu-${i}`,
    attributes: { 'gpu.nvidia.com/productName': 'NVIDIA B200', type: 'gpu', cliqueId: 'x' },
    capacity: { memory: '183359Mi' },
  })
  const mig = { name: 'mig', attributes: { type: 'mig', productName: 'NVIDIA B200' } }
  const devices = [...Array.from({ length: 8 }, (_, i) => device(i)), mig]
  const { fleet } = found([node('a', {}, {})], [{ nodeName: 'a', driver: 'gpu.nvidia.com', devices }])
  expect(fleet.pools[0]).toMatchObject({ device: { name: 'B200 SXM' }, devicesPerNode: 8 })
  expect(devicesOf(fleet)).toBe(8)
})

test('what cannot be planned for is left out and told, cordoned nodes in silence', () => {
  const given = [
    node('good', H100, { 'nvidia.com/gpu': '8' }),
    node('shared', { 'nvidia.com/gpu.product': 'NVIDIA-H100-80GB-HBM3-SHARED' }, { 'nvidia.com/gpu': '32' }),
    node('toy', { 'nvidia.com/gpu.product': 'NVIDIA-GeForce-RTX-4090' }, { 'nvidia.com/gpu': '1' }),
    node('card', { 'nvidia.com/gpu.product': 'NVIDIA-H100-PCIe' }, { 'nvidia.com/gpu': '4' }),
    node('plain', {}, { 'nvidia.com/gpu': '1' }),
    node('cpu', {}, { cpu: '8' }),
    { ...node('out', H100, { 'nvidia.com/gpu': '8' }), isOut: true },
  ]
  const { fleet, notes } = found(given)
  expect(devicesOf(fleet)).toBe(8)
  expect(notes).toEqual([
    'node shared is left out: NVIDIA-H100-80GB-HBM3-SHARED is a part of a device',
    'node toy is left out: NVIDIA-GeForce-RTX-4090 is no device that is known',
    'node card is left out: NVIDIA-H100-PCIe is no device that is known',
    'node plain is left out: no label names its accelerator (nvidia.com/gpu.product and the like)',
  ])
})
