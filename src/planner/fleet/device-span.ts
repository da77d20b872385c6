/** The span of a group whose devices are named one by one: what `span.ts` says of regular groups, for permuted ranks. */
import { devicesOf, type Fleet } from './fleet.ts'
import { devicesBelow, type GroupSpan, usedOfDomain } from './span.ts'

/** Indexes of the fleet's used devices in its order. `world`: how many are used, as in `RankGroup`. */
export function spanOfDevices(fleet: Fleet, devices: ArrayLike<number>, world = devicesOf(fleet)): GroupSpan {
  const { pools } = fleet
  const nodeDevices = Math.min(...pools.map(pool => pool.devicesPerNode))
  const domainDevices = usedOfDomain(fleet, world)
  const domains = partsOf(devices, domainDevices)
  const nodes = partsOf(devices, nodeDevices)
  const crossed =
    domains === 1
      ? []
      : fleet.tiers.filter(tier => partsOf(devices, devicesBelow(fleet, tier.nodes, nodeDevices, domainDevices)) > 1)
  const size = devices.length
  const perNode = Math.ceil(size / nodes)
  return {
    size,
    perDomain: Math.ceil(size / domains),
    domains,
    perNode,
    nodes,
    tier: crossed.length - 1,
    oversubscription: crossed.reduce((product, tier) => product * tier.oversubscription, 1),
    concurrent: Math.max(1, Math.floor(nodeDevices / perNode)),
    isRailAligned: domains === 1 || (pools.every(pool => pool.railAligned) && onRails(devices, nodeDevices)),
  }
}

function partsOf(devices: ArrayLike<number>, unit: number): number {
  const parts = new Set<number>()
  for (let i = 0; i < devices.length; i++) parts.add(Math.floor(devices[i]! / unit))
  return parts.size
}

/** Whether the group has the same places in each of its nodes. */
function onRails(devices: ArrayLike<number>, nodeDevices: number): boolean {
  const places = new Map<number, number>()
  const nodes = new Set<number>()
  for (let i = 0; i < devices.length; i++) {
    const place = devices[i]! % nodeDevices
    places.set(place, (places.get(place) ?? 0) + 1)
    nodes.add(Math.floor(devices[i]! / nodeDevices))
  }
  return [...places.values()].every(count => count === nodes.size)
}
