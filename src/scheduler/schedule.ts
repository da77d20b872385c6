/**
 * The scheduler's core: nodes and what waits for them, to decisions. Pure and deterministic: equal input, equal output. Whoever waits is
 * taken by priority, then by age; a gang is placed as a whole or not at all. What cannot be placed is told why, unless it was
 * told the same before, so a settled state gives no decisions.
 */
import type { Pod } from '../kube/core.ts'
import { COMPLETION_INDEX } from '../kube/names.ts'
import type { PodGroup } from '../kube/workloads.ts'
import { explain, type NodeView, refusals } from './filter.ts'
import { type Amounts, minus, timesThatFit } from './resources.ts'

export interface PendingPod {
  readonly pod: Pod
  readonly requests: Amounts
  /** Equal for pods that fit on the same nodes: when one finds no place, the others need not try. */
  readonly signature: string
  readonly priority: number
  /** Place in the queue: who came first. */
  readonly order: number
  /** What the pod's PodScheduled condition says already. */
  readonly said: string | undefined
}

export interface Gang {
  readonly name: string
  readonly namespace: string
  /** Undefined: the PodGroup is not there yet. */
  readonly group: PodGroup | undefined
  readonly pods: readonly PendingPod[]
  /** Pods of the gang that have a node already. */
  readonly numPlaced: number
}

export interface Waiting {
  readonly pods: readonly PendingPod[]
  readonly gangs: readonly Gang[]
}

export type Decision =
  | { readonly kind: 'bind'; readonly pod: Pod; readonly node: string }
  | {
      readonly kind: 'wait'
      readonly pod: Pod
      readonly reason: 'Unschedulable' | 'SchedulingGated'
      readonly message: string
    }
  | { readonly kind: 'gang-scheduled'; readonly group: PodGroup }
  | { readonly kind: 'gang-unschedulable'; readonly group: PodGroup; readonly message: string }

/** The condition of a PodGroup that says whether its gang ever started (KEP-4671); it stays True once it is. */
export const INITIALLY_SCHEDULED = 'PodGroupInitiallyScheduled'

export function schedule(nodes: readonly NodeView[], waiting: Waiting): readonly Decision[] {
  const pass = beginPass(new Map(nodes.map(view => [view.name, view])))
  const units = [
    ...waiting.pods.map(pod => ({ ...rank([pod]), place: () => placeOne(pass, pod) })),
    ...waiting.gangs.map(gang => ({ ...rank(gang.pods), place: () => placeGang(pass, gang) })),
  ]
  units.sort((a, b) => b.priority - a.priority || a.order - b.order)
  const placed = units.map(({ place }) => place())
  // Why somebody waits is said of what is left in the end, so that the next pass says the same.
  return [...placed.flatMap(({ decisions }) => decisions), ...placed.flatMap(({ explainRest }) => explainRest())]
}

/** What is left of the nodes as the pass goes on. Nothing is released within a pass, so who found no place will find none. */
interface Pass {
  views: Map<string, NodeView>
  /** Signatures that fit nowhere any more. */
  readonly full: Set<string>
  /** Why, in the end, by signature. */
  readonly reasons: Map<string, string>
}

const beginPass = (views: Map<string, NodeView>, full: ReadonlySet<string> = new Set()): Pass => ({
  views,
  full: new Set(full),
  reasons: new Map(),
})

interface Placement {
  readonly decisions: readonly Decision[]
  /** Called when all others have been placed. */
  readonly explainRest: () => readonly Decision[]
}

const rank = (pods: readonly PendingPod[]) => ({
  priority: Math.max(...pods.map(({ priority }) => priority)),
  order: Math.min(...pods.map(({ order }) => order)),
})

function placeOne(pass: Pass, pending: PendingPod): Placement {
  const node = take(pass, pending, leastAllocated)
  return node === undefined
    ? { decisions: [], explainRest: () => wait(pending, 'Unschedulable', whyNot(pass, pending)) }
    : { decisions: [{ kind: 'bind', pod: pending.pod, node }], explainRest: () => [] }
}

function placeGang(pass: Pass, gang: Gang): Placement {
  const { group, pods, numPlaced, name } = gang
  if (!group) return gated(gang, `waiting for PodGroup "${name}" to be created`)
  const minCount = group.spec.schedulingPolicy.gang?.minCount ?? 0
  const numCreated = pods.length + numPlaced
  if (numCreated < minCount) {
    return gated(gang, `PodGroup "${name}" starts with ${minCount} pods, ${numCreated} of them created`)
  }
  const attempt = tryGang(pass, gang)
  if (attempt.bound.length + numPlaced < minCount) {
    return { decisions: [], explainRest: () => explainGang(pass, gang, group, minCount) }
  }
  pass.views = attempt.views
  return {
    decisions: [...attempt.bound, ...(saysScheduled(group) ? [] : [{ kind: 'gang-scheduled', group } as const])],
    explainRest: () => attempt.missing.flatMap(pending => wait(pending, 'Unschedulable', whyNot(pass, pending))),
  }
}

const gated = ({ pods }: Gang, message: string): Placement => ({
  decisions: [],
  explainRest: () => pods.flatMap(pod => wait(pod, 'SchedulingGated', message)),
})

/** On a copy: a gang that does not fit leaves no trace. */
function tryGang(pass: Pass, { pods }: Gang) {
  const attempt = beginPass(new Map(pass.views), pass.full)
  const bound: Extract<Decision, { kind: 'bind' }>[] = []
  const missing: PendingPod[] = []
  for (const [i, pending] of [...pods].sort(byRank).entries()) {
    const node = take(attempt, pending, beside(bound.at(-1)?.node, pods.length - i))
    if (node === undefined) missing.push(pending)
    else bound.push({ kind: 'bind', pod: pending.pod, node })
  }
  return { bound, missing, views: attempt.views, whyNot: (pending: PendingPod) => whyNot(attempt, pending) }
}

function explainGang(pass: Pass, gang: Gang, group: PodGroup, minCount: number): readonly Decision[] {
  const attempt = tryGang(pass, gang)
  const numFitting = Math.min(minCount - 1, attempt.bound.length + gang.numPlaced)
  const why = attempt.whyNot(attempt.missing[0] ?? gang.pods[0]!)
  const message = `${why} The ${minCount} pods of PodGroup "${gang.name}" start together; ${numFitting} would fit now.`
  return [
    ...gang.pods.flatMap(pending => wait(pending, 'Unschedulable', message)),
    ...(saysScheduled(group) || saidOf(group) === message
      ? []
      : [{ kind: 'gang-unschedulable', group, message } as const]),
  ]
}

const conditionOf = (group: PodGroup) => group.status?.conditions?.find(({ type }) => type === INITIALLY_SCHEDULED)
const saysScheduled = (group: PodGroup): boolean => conditionOf(group)?.status === 'True'
const saidOf = (group: PodGroup): string | undefined => conditionOf(group)?.message

const wait = ({ pod, said }: PendingPod, reason: 'Unschedulable' | 'SchedulingGated', message: string): Decision[] =>
  said === message ? [] : [{ kind: 'wait', pod, reason, message }]

function whyNot({ views, reasons }: Pass, { pod, requests, signature }: PendingPod): string {
  const known = reasons.get(signature)
  if (known !== undefined) return known
  const why = explain(pod, requests, [...views.values()])
  reasons.set(signature, why)
  return why
}

type Score = (view: NodeView, requests: Amounts) => number

/** Takes the best node that fits out of the pass; ties go to the first by name. */
function take(pass: Pass, { pod, requests, signature }: PendingPod, score: Score): string | undefined {
  if (pass.full.has(signature)) return undefined
  let best: NodeView | undefined
  let bestScore = Number.NEGATIVE_INFINITY
  for (const view of pass.views.values()) {
    if (refusals(pod, requests, view).length > 0) continue
    const value = score(view, requests)
    if (value > bestScore || (value === bestScore && view.name < best!.name)) {
      best = view
      bestScore = value
    }
  }
  if (!best) {
    pass.full.add(signature)
    return undefined
  }
  pass.views.set(best.name, { ...best, free: minus(best.free, requests) })
  return best.name
}

const SCORED = ['cpu', 'memory', 'pods']

/** Spreads single pods: the node with most left over (noderesources/least_allocated.go). */
const leastAllocated: Score = ({ free, allocatable }, requests) =>
  SCORED.reduce((sum, name) => {
    const total = allocatable[name] ?? 0
    return total > 0 ? sum + ((free[name] ?? 0) - (requests[name] ?? 0)) / total : sum
  }, 0)

/**
 * Keeps neighbouring ranks together: the node of the rank before while it has room, then the tightest that takes all that are left, then
 * the one that takes most (best fit over whole nodes; Kueue's KEP-2724 chooses domains so).
 */
const beside =
  (previous: string | undefined, remaining: number): Score =>
  (view, requests) => {
    if (view.name === previous) return Number.POSITIVE_INFINITY
    const room = timesThatFit(view.free, requests)
    return room >= remaining ? Number.MAX_SAFE_INTEGER - room : room
  }

const completionIndex = ({ pod }: PendingPod): number => Number(pod.metadata.labels?.[COMPLETION_INDEX] ?? 0)
const byRank = (a: PendingPod, b: PendingPod): number => completionIndex(a) - completionIndex(b) || a.order - b.order
