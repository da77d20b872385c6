/** Gangs: the pods of a PodGroup start together or not at all, and its ranks stay near one another. */
import { COMPLETION_INDEX } from '../kube/names.ts'
import type { PodGroup } from '../kube/workloads.ts'
import { type Decision, type Gang, INITIALLY_SCHEDULED, type PendingPod } from './decision.ts'
import { type Bind, bound, hadItsTurn, type Pass, type Placement, type Score, takeNode, wait, whyNot } from './pass.ts'
import { timesThatFit } from './resources.ts'

export function placeGang(pass: Pass, gang: Gang): Placement {
  const { group, pods, numPlaced, name } = gang
  if (!group) return gated(gang, `waiting for PodGroup "${name}" to be created`)
  const minCount = group.spec.schedulingPolicy.gang?.minCount ?? 0
  const numCreated = pods.length + numPlaced
  if (numCreated < minCount) {
    return gated(gang, `PodGroup "${name}" starts with ${minCount} pods, ${numCreated} of them created`)
  }
  const mark = pass.board.mark()
  const full = new Set(pass.full)
  const attempt = tryGang(pass, gang)
  if (attempt.bound.length + numPlaced < minCount) {
    // What did not fit beside its own gang may fit without it.
    pass.board.undoTo(mark)
    pass.full.clear()
    for (const signature of full) pass.full.add(signature)
    return { decisions: [], explainRest: () => explainGang(pass, gang, group, minCount) }
  }
  for (const pod of pods) hadItsTurn(pass, pod)
  return {
    decisions: [...attempt.bound, ...(saysScheduled(group) ? [] : [{ kind: 'gang-scheduled', group } as const])],
    explainRest: () => attempt.missing.flatMap(pending => wait(pending, 'Unschedulable', whyNot(pass, pending, false))),
  }
}

const gated = ({ pods }: Gang, message: string): Placement => ({
  decisions: [],
  explainRest: () => pods.flatMap(pod => wait(pod, 'SchedulingGated', message)),
})

function tryGang(pass: Pass, { pods }: Gang) {
  const placed: Bind[] = []
  const missing: PendingPod[] = []
  for (const [i, pending] of [...pods].sort(byRank).entries()) {
    const node = takeNode(pass, pending, beside(placed.at(-1)?.node, pods.length - i, pending))
    if (node === undefined) missing.push(pending)
    else placed.push(bound(pass, pending, node))
  }
  return { bound: placed, missing }
}

function explainGang(pass: Pass, gang: Gang, group: PodGroup, minCount: number): readonly Decision[] {
  const mark = pass.board.mark()
  const attempt = tryGang(pass, gang)
  const numFitting = Math.min(minCount - 1, attempt.bound.length + gang.numPlaced)
  const why = whyNot({ ...pass, reasons: new Map() }, attempt.missing[0] ?? gang.pods[0]!, false)
  pass.board.undoTo(mark)
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

/**
 * Keeps neighbouring ranks together: the node of the rank before while it has room, then the tightest that takes all that are left, then
 * the one that takes most (best fit over whole nodes; Kueue's KEP-2724 chooses domains so).
 */
const beside =
  (previous: string | undefined, remaining: number, { view: { requests } }: PendingPod): Score =>
  ({ name, free }) => {
    if (name === previous) return Number.POSITIVE_INFINITY
    const room = timesThatFit(free, requests)
    return room >= remaining ? Number.MAX_SAFE_INTEGER - room : room
  }

const completionIndex = ({ view: { labels } }: PendingPod): number => Number(labels[COMPLETION_INDEX] ?? 0)
const byRank = (a: PendingPod, b: PendingPod): number => completionIndex(a) - completionIndex(b) || a.order - b.order
