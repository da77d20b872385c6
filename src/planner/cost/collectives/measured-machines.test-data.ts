/** Fleets of the machines that the tests' measurements were made on. */
import type { Generation } from '../../fleet/device.ts'
import type { Fleet, NodePool, Tier } from '../../fleet/fleet.ts'

const MACHINES = {
  A100: { name: 'A100-80GB SXM', generation: 'ampere', links: 300e9, nic: 25e9 },
  H100: { name: 'H100-80GB SXM', generation: 'hopper', links: 450e9, nic: 50e9 },
  H200: { name: 'H200-141GB SXM', generation: 'hopper', links: 450e9, nic: 50e9 },
  B200: { name: 'B200 SXM', generation: 'blackwell', links: 900e9, nic: 50e9 },
  GB200: { name: 'GB200 NVL72', generation: 'blackwell', links: 900e9, nic: 50e9 },
} as const satisfies Record<string, { name: string; generation: Generation; links: number; nic: number }>

export type Machine = keyof typeof MACHINES

export function fleetOf(machine: Machine, pool: Partial<NodePool>, tiers: readonly Tier[] = []): Fleet {
  const { name, generation, links, nic } = MACHINES[machine]
  return {
    name: machine,
    pools: [
      {
        device: {
          name,
          generation,
          peakFlops: {},
          memoryBytes: 80e9,
          memoryBytesPerSecond: 3e12,
          processors: 132,
          source: 'test',
        },
        nodes: 1,
        devicesPerNode: 8,
        domainDevices: 8,
        scaleUpBytesPerSecond: links,
        nicBytesPerSecond: nic,
        railAligned: true,
        failuresPerDeviceHour: 0,
        ...pool,
      },
    ],
    tiers,
    inNetworkReduction: false,
  }
}

export const boxes = (machine: Machine, nodes = 1, tiers: readonly Tier[] = []): Fleet =>
  fleetOf(machine, { nodes }, tiers)

export const racks = (machine: Machine, count: number): Fleet =>
  fleetOf(machine, { nodes: 18 * count, devicesPerNode: 4, domainDevices: 72 })
