/**
 * Where a group of ranks lies in the fleet: how many of it share a scale-up domain, a node, a switch. Collectives are priced by this and by
 * nothing else of the topology. Ranks fill devices in their order (training/rank-map.ts), so the members of a group are `stride` devices
 * apart and all groups of an axis look alike; where sizes do not divide, the group that lies worst stands for all, since all wait for it.
 */
import { invariant } from '../../base/invariant.ts'
import { devicesOf, type Fleet } from './fleet.ts'

/** Ranks `first, first + stride, …` of one axis; neighbours on the axis are `stride` ranks apart. */
export interface RankGroup {
  readonly size: number
  readonly stride: number
  /**
   * Ranks of the whole job. Given, and fewer than the fleet has devices, they fill scale-up domains evenly: 128 ranks on two racks of 72 use
   * 64 of each, as schedulers' segments do, so that groups of a power of two do not straddle racks.
   */
  readonly world?: number
}

export interface GroupSpan {
  readonly size: number
  /** Members in one scale-up domain. */
  readonly perDomain: number
  readonly domains: number
  /** Members in one node. */
  readonly perNode: number
  readonly nodes: number
  /** The highest tier whose uplinks the group needs, an index into `fleet.tiers`; -1: its nodes hang on one switch, or it is one node. */
  readonly tier: number
  /** Product over the tiers that it crosses: what is left of a NIC is its rate over this. */
  readonly oversubscription: number
  /** Groups of this axis that have members in one node: they use its NICs at the same time. */
  readonly concurrent: number
  /** NIC i of a node only meets NIC i of others: no traffic between rails. True inside a scale-up domain. */
  readonly isRailAligned: boolean
}

export const spanOf = (fleet: Fleet, group: RankGroup): GroupSpan => spanFrom(fleet, group, group.size * group.stride)

/** Of two neighbours in a group: of a pipeline that goes on in another node after two stages, it is the step between the nodes. */
export const neighbourSpanOf = (fleet: Fleet, { size, ...group }: RankGroup): GroupSpan =>
  spanFrom(fleet, { ...group, size: Math.min(2, size) }, size > 2 ? group.stride : size * group.stride)

/** `every`: groups begin so many ranks apart (and `stride` of them beside each other). */
function spanFrom(fleet: Fleet, group: RankGroup, every: number): GroupSpan {
  const { size, stride, world = devicesOf(fleet) } = group
  invariant(size >= 1 && stride >= 1, `a group of ${size} ranks, ${stride} apart`)
  const nodeDevices = smallest(fleet, pool => pool.devicesPerNode)
  const domainDevices = usedOfDomain(fleet, world)
  const parts = (unit: number): number => partsOf(group, unit, world, every)
  const domains = parts(domainDevices)
  const nodes = parts(nodeDevices)
  const crossed =
    domains === 1
      ? []
      : fleet.tiers.filter(tier => parts(devicesBelow(fleet, tier.nodes, nodeDevices, domainDevices)) > 1)
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
    isRailAligned: domains === 1 || (isRailAligned(fleet) && isMultiple(stride, nodeDevices)),
  }
}

/**
 * Into how many parts of `unit` devices the worst group falls. A group is `reach` devices long, so it crosses floor(reach / unit) borders, and
 * one more when it begins late enough in a part: groups begin at multiples of `every`, `stride` of them beside each other.
 */
function partsOf({ size, stride }: RankGroup, unit: number, world: number, every: number): number {
  if (stride >= unit) return size
  const reach = (size - 1) * stride
  const distinct = unit / greatestCommonDivisor(every, unit)
  const starts = Math.min(distinct, Math.max(1, Math.floor((world - reach - stride) / every) + 1))
  let latest = starts === distinct ? unit - unit / distinct + stride - 1 : 0
  if (starts < distinct)
    for (let at = 0; at < starts; at++) latest = Math.max(latest, ((at * every) % unit) + stride - 1)
  return Math.floor(reach / unit) + (Math.min(latest, unit - 1) + (reach % unit) >= unit ? 1 : 0) + 1
}

/** Devices of a scale-up domain that ranks are put on: all, or as many as divide the job evenly over the domains that there are. */
export function usedOfDomain(fleet: Fleet, world: number): number {
  const whole = smallest(fleet, pool => Math.max(pool.domainDevices, 1))
  const node = smallest(fleet, pool => pool.devicesPerNode)
  const all = devicesOf(fleet)
  if (world <= whole || whole <= node || world % whole === 0) return whole
  const domains = Math.ceil(all / whole)
  for (let devices = whole; devices * domains >= world; devices -= node) if (world % devices === 0) return devices
  return whole
}

/** Devices below one switch of a tier, counted as ranks are laid: whole domains where the switch is above domains. */
export function devicesBelow(fleet: Fleet, nodes: number, nodeDevices: number, domainDevices: number): number {
  const whole = smallest(fleet, pool => pool.domainDevices)
  const devices = nodes * nodeDevices
  return devices < whole ? devices : Math.floor(devices / whole) * domainDevices
}

const isRailAligned = (fleet: Fleet): boolean => fleet.pools.every(pool => pool.railAligned)

const isMultiple = (a: number, b: number): boolean => a % b === 0 || b % a === 0

/** A group may lie in any pool; the narrowest one sets its pace. */
const smallest = (fleet: Fleet, of: (pool: Fleet['pools'][number]) => number): number =>
  fleet.pools.reduce((least, pool) => Math.min(least, of(pool)), Number.POSITIVE_INFINITY)

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b)
}
