/**
 * Of the groups of an axis, the one that lies worst: all work at once, so it sets the pace. Where groups are not alike, every axis of every
 * order is looked at group by group, so parts are looked up and counted in typed arrays.
 */
import type { Fleet } from '../fleet/fleet.ts'
import { devicesBelow, usedOfDomain } from '../fleet/span.ts'

type Groups = readonly (readonly number[])[]
/** `split`: into the parts of a group that talk at once. */
type FindWorst = (groups: Groups, split?: (group: readonly number[]) => Groups) => readonly number[]

/** `device[rank]`, in one order of the axes. */
export function worstGroupFinder(fleet: Fleet, device: Int32Array): FindWorst {
  const node = Math.min(...fleet.pools.map(pool => pool.devicesPerNode))
  const domain = usedOfDomain(fleet, device.length)
  const partsOf = (unit: number): Int32Array => device.map(at => (at / unit) | 0)
  // From the highest tier to the node: the first difference decides.
  const levels = [
    ...fleet.tiers.map(tier => devicesBelow(fleet, tier.nodes, node, domain)).reverse(),
    domain,
    node,
  ].map(partsOf)
  const places = device.map(at => at % node)
  const count = partCounter(device.length)
  const badness = (ranks: readonly number[]): readonly number[] => {
    const parts = levels.map((level, i) =>
      i < fleet.tiers.length ? Math.min(2, count(ranks, level)) : count(ranks, level),
    )
    // A group that has the same places in all its nodes keeps to its rails.
    const nodes = parts.at(-1)!
    return [...parts, nodes === 1 ? 0 : count(ranks, places) * nodes - ranks.length]
  }
  const areAlike = [device.length, node, domain, ...fleet.tiers.map(tier => tier.nodes)].every(isPowerOfTwo)
  return (groups, split = whole) => {
    const step = areAlike ? groups.length : Math.ceil(groups.length / MOST_GROUPS)
    const looked = groups.filter((_, i) => i % step === 0).flatMap(split)
    const [first, ...others] = looked
    if (others.length === 0) return first!
    return others.reduce(
      (worst, group) => {
        const its = badness(group)
        return isAbove(its, worst.badness) ? { group, badness: its } : worst
      },
      { group: first!, badness: badness(first!) },
    ).group
  }
}

const whole = (group: readonly number[]): Groups => [group]

/** Of a pipeline, two at a time talk. */
export const neighbours = (stages: readonly number[]): Groups =>
  stages.length === 1 ? [stages] : stages.slice(1).map((rank, i) => [stages[i]!, rank])

/** Groups of an axis that are looked at: beyond it, every second, third and so on, which meet every kind of border just as well. */
const MOST_GROUPS = 512

/** Where all sizes are powers of two, borders never cut a group unevenly, and all groups of an axis lie alike. */
const isPowerOfTwo = (n: number): boolean => n > 0 && 2 ** Math.round(Math.log2(n)) === n

function isAbove(a: readonly number[], b: readonly number[]): boolean {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return a[i]! > b[i]!
  return false
}

/** How many different parts a group has ranks in. */
function partCounter(mostParts: number): (ranks: readonly number[], partOfRank: Int32Array) => number {
  const stamps = new Int32Array(mostParts)
  let stamp = 0
  return (ranks, partOfRank) => {
    stamp++
    let parts = 0
    for (let i = 0; i < ranks.length; i++) {
      const part = partOfRank[ranks[i]!]!
      if (stamps[part] === stamp) continue
      stamps[part] = stamp
      parts++
    }
    return parts
  }
}
