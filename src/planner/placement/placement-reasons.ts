/** Why ranks lie where they lie: one line for the order, one for each axis that talks. */
import { plural } from '../../base/units.ts'
import type { Fleet } from '../fleet/fleet.ts'
import type { GroupSpan } from '../fleet/span.ts'
import type { Reason } from '../training/plan.ts'
import { type AxisOrder, MEGATRON_ORDER } from './axis-orders.ts'
import type { GroupName, GroupSpans } from './group-spans.ts'
import type { GroupedLayout } from './rank-groups.ts'

interface Candidate {
  readonly order: AxisOrder
  readonly spans: GroupSpans
  readonly seconds: number
}

const TOLD: readonly (readonly [group: GroupName, words: string])[] = [
  ['tensor', 'tensor'],
  ['context', 'context'],
  ['expert', 'expert'],
  ['data', 'data'],
  ['pipeline', 'pipeline'],
]

export function placementReasons(
  fleet: Fleet,
  layout: GroupedLayout,
  best: Candidate,
  baseline: Candidate,
  all: readonly Candidate[],
): readonly Reason[] {
  const long = best.order.filter(axis => layout[axis] > 1)
  const order =
    long.length > 1 ? [{ choice: `order = ${long.join(', ')}`, because: orderReason(best, baseline, all) }] : []
  const axes = TOLD.filter(([group]) => best.spans[group].size > 1).map(([group, words]) => ({
    choice: `${words} ${group === 'pipeline' ? 'neighbours' : `groups of ${best.spans[group].size}`}`,
    because: whereabouts(best.spans[group], fleet),
  }))
  return [...order, ...axes]
}

function orderReason(best: Candidate, baseline: Candidate, all: readonly Candidate[]): string {
  if (best === baseline) {
    const other = all.slice(1).reduce((least, each) => Math.min(least, each.seconds), Number.POSITIVE_INFINITY)
    const more = other - best.seconds
    if (more <= 0.001 * best.seconds) return "Megatron's order, and no other is faster"
    return `Megatron's order; the next best takes ${milliseconds(more)} a step longer`
  }
  const saved = milliseconds(baseline.seconds - best.seconds)
  const usual = MEGATRON_ORDER.filter(axis => best.order.includes(axis)).join(', ')
  return `saves ${saved} a step over Megatron's ${usual}: ${gained(best, baseline)}`
}

/** The axis that lies nearer than before. */
function gained(best: Candidate, baseline: Candidate): string {
  const nearer = TOLD.filter(([group]) => distance(best.spans[group]) < distance(baseline.spans[group]))
  return nearer.length > 0
    ? `${nearer.map(([, words]) => words).join(' and ')} ranks are nearer to each other`
    : 'groups share fewer links'
}

const distance = ({ tier, domains, nodes }: GroupSpan): number => (tier + 1) * 1e8 + domains * 1e4 + nodes

function milliseconds(seconds: number): string {
  if (seconds >= 1) return `${seconds.toFixed(2)} s`
  const ms = seconds * 1e3
  return `${ms >= 10 ? Math.round(ms) : Number(ms.toPrecision(2))} ms`
}

/** `inside a node`; `4 ranks a node over 8 nodes, each on its rail, below one leaf switch`. */
function whereabouts(span: GroupSpan, fleet: Fleet): string {
  if (span.nodes === 1) return 'inside a node'
  if (span.domains === 1) return `inside one scale-up domain, over ${plural(span.nodes, 'node')}`
  const spread = `${span.perNode === 1 ? 'one rank' : plural(span.perNode, 'rank')} a node over ${span.nodes} nodes`
  const rails = span.isRailAligned ? ', each on its rail' : ''
  return `${spread}${rails}${crossing(span, fleet)}`
}

function crossing({ tier, oversubscription }: GroupSpan, { tiers }: Fleet): string {
  const lost = oversubscription > 1 ? ` at 1/${Number(oversubscription.toPrecision(3))} of the bandwidth` : ''
  if (tiers.length === 0) return ''
  return tier < 0 ? `, below one ${tiers[0]!.name} switch` : `, across ${tiers[tier]!.name} switches${lost}`
}
