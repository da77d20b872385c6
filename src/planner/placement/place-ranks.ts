/**
 * Ranks onto devices: every order of the axes over the topology is tried and the cheapest is taken, Megatron's unless another is truly
 * faster. The cost is asked of the caller, who knows volumes and what hides behind what; here only where each group then lies is known.
 */
import { spanOfDevices } from '../fleet/device-span.ts'
import type { Fleet } from '../fleet/fleet.ts'
import { type GroupSpan, usedOfDomain } from '../fleet/span.ts'
import type { Reason } from '../training/plan.ts'
import { type AxisOrder, axisOrders, devicesOfRanks, MEGATRON_ORDER } from './axis-orders.ts'
import { GROUP_NAMES, type GroupName, type GroupSpans } from './group-spans.ts'
import { placementReasons } from './placement-reasons.ts'
import { type GroupedLayout, type RankGroups, rankGroups } from './rank-groups.ts'
import { neighbours, worstGroupFinder } from './worst-group.ts'

export interface Placement {
  /** From the axis whose ranks are neighbours to the one whose ranks are farthest apart. */
  readonly order: AxisOrder
  readonly spans: GroupSpans
  /** Device of each rank among those that are used, in the fleet's order. Absent: rank r is on device r. */
  readonly deviceOfRank?: readonly number[]
  /** Devices used of each scale-up domain, where not all are. */
  readonly ranksPerDomain?: number
  readonly seconds: number
  /** Of Megatron's order. */
  readonly baselineSeconds: number
  readonly reasons: readonly Reason[]
}

/** What another order must save for ranks to be moved: a permutation is one more thing to understand when something fails. */
const WORTHWHILE = 0.001

/** `secondsOf`: of a step, or of what ranks say to each other in one, when groups lie so. */
export function placeRanks(fleet: Fleet, layout: GroupedLayout, secondsOf: (spans: GroupSpans) => number): Placement {
  const groups = rankGroups(layout)
  const candidates = axisOrders(layout).map(order => {
    const spans = spansIn(fleet, groups, devicesOfRanks(order, layout))
    return { order, spans, seconds: secondsOf(spans) }
  })
  const baseline = candidates[0]!
  const cheapest = candidates.reduce((best, each) => (each.seconds < best.seconds ? each : best), baseline)
  const best = cheapest.seconds < baseline.seconds * (1 - WORTHWHILE) ? cheapest : baseline
  return {
    ...best,
    ...(best === baseline ? {} : { deviceOfRank: [...devicesOfRanks(best.order, layout)] }),
    ...unusedOfDomains(fleet, layout),
    baselineSeconds: baseline.seconds,
    reasons: placementReasons(fleet, layout, best, baseline, candidates),
  }
}

/** Groups of ranks in Megatron's order, without asking what they cost. */
export const megatronSpans = (fleet: Fleet, layout: GroupedLayout): GroupSpans =>
  spansIn(fleet, rankGroups(layout), devicesOfRanks(MEGATRON_ORDER, layout))

function spansIn(fleet: Fleet, groups: RankGroups, deviceOfRank: Int32Array): GroupSpans {
  const world = deviceOfRank.length
  const worst = worstGroupFinder(fleet, deviceOfRank)
  const spanOfAxis = (name: GroupName): GroupSpan =>
    spanOfDevices(
      fleet,
      worst(groups[name], name === 'pipeline' ? neighbours : undefined).map(rank => deviceOfRank[rank]!),
      world,
    )
  return Object.fromEntries(GROUP_NAMES.map(name => [name, spanOfAxis(name)])) as unknown as GroupSpans
}

function unusedOfDomains(fleet: Fleet, layout: GroupedLayout): Pick<Placement, 'ranksPerDomain'> {
  const world = layout.tensor * layout.context * layout.data * layout.pipeline
  const whole = Math.min(...fleet.pools.map(pool => pool.domainDevices))
  const used = usedOfDomain(fleet, world)
  return world > whole && used < whole ? { ranksPerDomain: used } : {}
}
