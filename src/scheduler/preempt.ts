/**
 * Room for a pod at the expense of less important ones: on each node the fewest and least important that must go, then the node where that
 * hurts least (framework/preemption/preemption.go, plugins/defaultpreemption). Tried on the board, and undone.
 */
import type { PodDisruptionBudget } from '../kube/apps.ts'
import { selects } from '../kube/selector.ts'
import type { Board } from './board.ts'
import { histogram } from './explain.ts'
import { hopeless, type Refusal } from './judges/judge.ts'
import type { NodeView } from './node-view.ts'
import type { Opinion } from './opinion.ts'
import type { PodView } from './pod-view.ts'

export interface Candidate {
  readonly node: string
  /** The most important first. */
  readonly victims: readonly PodView[]
  /** Victims whose budget does not allow it. */
  readonly numViolating: number
}

export type Preemption =
  | { readonly kind: 'found'; readonly candidate: Candidate }
  | { readonly kind: 'none'; readonly why: string }

const NOT_HELPFUL = hopeless('Preemption is not helpful for scheduling')
const NO_VICTIMS = hopeless('No preemption victims found for incoming pod')

export function preempt(
  board: Board,
  pod: PodView,
  opinion: Opinion,
  budgets: readonly PodDisruptionBudget[],
): Preemption {
  const ineligible = whyIneligible(board, pod, opinion)
  if (ineligible !== undefined) return { kind: 'none', why: ineligible }
  const candidates: Candidate[] = []
  const refusals: Refusal[] = []
  for (const node of [...board.list]) {
    const refused = opinion.refusalOf(node)
    const found = !refused || refused.isHopeless ? NOT_HELPFUL : victimsOn(board, pod, node, opinion, budgets)
    if ('victims' in found) candidates.push(found)
    else refusals.push(found)
  }
  const candidate = leastHarm(candidates)
  return candidate ? { kind: 'found', candidate } : { kind: 'none', why: histogram(refusals) }
}

/** Once room is being made for a pod, it waits for that (PodEligibleToPreemptOthers). */
function whyIneligible({ nodes }: Board, { pod, priority }: PodView, opinion: Opinion): string | undefined {
  if (pod.spec.preemptionPolicy === 'Never') return 'not eligible due to preemptionPolicy=Never.'
  const nominated = nodes.get(pod.status?.nominatedNodeName ?? '')
  if (!nominated || opinion.refusalOf(nominated)?.isHopeless) return undefined
  return nominated.pods.some(other => other.priority < priority && isLeaving(other))
    ? 'not eligible due to a terminating pod on the nominated node.'
    : undefined
}

const isLeaving = ({ isTerminating, pod: { status } }: PodView): boolean =>
  isTerminating &&
  (status?.conditions?.some(({ type, reason }) => type === 'DisruptionTarget' && reason === PREEMPTED) ?? false)

/** Reason of the condition DisruptionTarget on a pod that has to make room. */
export const PREEMPTED = 'PreemptionByScheduler'

function victimsOn(
  board: Board,
  pod: PodView,
  node: NodeView,
  opinion: Opinion,
  budgets: readonly PodDisruptionBudget[],
): Candidate | Refusal {
  const possible = node.pods.filter(({ priority }) => priority < pod.priority).sort(byImportance)
  if (possible.length === 0) return NO_VICTIMS
  const mark = board.mark()
  const refused = (): Refusal | undefined => opinion.refusalOf(board.nodes.get(node.name) ?? node)
  try {
    for (const victim of possible) board.take(victim, node.name)
    const inVain = refused()
    if (inVain) return inVain
    const { violating, allowed } = byBudget(possible, budgets)
    const victims: PodView[] = []
    let numViolating = 0
    // Whoever may stay stays: first those whose budget forbids to take them, the most important first.
    for (const [i, victim] of [...violating, ...allowed].entries()) {
      const before = board.mark()
      board.put(victim, node.name)
      if (!refused()) continue
      board.undoTo(before)
      victims.push(victim)
      if (i < violating.length) numViolating++
    }
    return { node: node.name, victims: victims.sort(byImportance), numViolating }
  } finally {
    board.undoTo(mark)
  }
}

const startOf = ({ pod }: PodView): number => Date.parse(pod.status?.startTime ?? '') || Number.MAX_SAFE_INTEGER

/** The higher priority, then who has been there longer. */
const byImportance = (a: PodView, b: PodView): number =>
  b.priority - a.priority || startOf(a) - startOf(b) || (a.uid < b.uid ? -1 : 1)

/** Who goes first uses up what a budget allows (filterPodsWithPDBViolation). */
function byBudget(pods: readonly PodView[], budgets: readonly PodDisruptionBudget[]) {
  const left = budgets.map(({ status }) => status?.disruptionsAllowed ?? 0)
  const [violating, allowed]: [PodView[], PodView[]] = [[], []]
  for (const pod of pods) {
    let isViolating = false
    for (const [i, { metadata, spec, status }] of budgets.entries()) {
      if (metadata.namespace !== pod.namespace || !selects(spec.selector, pod.labels)) continue
      if (Object.keys(spec.selector ?? {}).length === 0 || Object.keys(pod.labels).length === 0) continue
      // One that is being disrupted already was paid for.
      if (status?.disruptedPods?.[pod.pod.metadata.name ?? ''] !== undefined) continue
      left[i]!--
      if (left[i]! < 0) isViolating = true
    }
    if (isViolating) violating.push(pod)
    else allowed.push(pod)
  }
  return { violating, allowed }
}

/** pickOneNodeForPreemption: the first that tells two nodes apart decides; the smaller is better. */
const HARM: readonly ((candidate: Candidate) => number)[] = [
  ({ numViolating }) => numViolating,
  ({ victims }) => victims[0]?.priority ?? Number.NEGATIVE_INFINITY,
  ({ victims }) => victims.reduce((sum, { priority }) => sum + priority + 2 ** 31, 0),
  ({ victims }) => victims.length,
  ({ victims }) => -Math.min(...victims.filter(({ priority }) => priority === victims[0]?.priority).map(startOf)),
]

export function leastHarm(candidates: readonly Candidate[]): Candidate | undefined {
  return candidates.reduce<Candidate | undefined>(
    (best, each) => (best && !isLess(each, best) ? best : each),
    undefined,
  )
}

function isLess(a: Candidate, b: Candidate): boolean {
  for (const harm of HARM) {
    const [x, y] = [harm(a), harm(b)]
    if (x !== y) return x < y
  }
  return a.node < b.node
}
