/**
 * The scheduler's core: nodes and what waits for them, to decisions. Pure and deterministic: equal input, equal output. Whoever waits is
 * taken by priority, then by age; a gang is placed as a whole or not at all. What cannot be placed is told why, unless it was
 * told the same before, so a settled state gives no decisions.
 */
import type { Decision, PendingPod, Surroundings, Waiting } from './decision.ts'
import { placeGang } from './gang.ts'
import type { NodeView } from './node-view.ts'
import { beginPass, bound, hadItsTurn, makeRoom, type Pass, type Placement, takeNode, wait, whyNot } from './pass.ts'

export { type Decision, type Gang, INITIALLY_SCHEDULED, type PendingPod, type Waiting } from './decision.ts'

export function schedule(
  nodes: readonly NodeView[],
  waiting: Waiting,
  surroundings: Surroundings = {},
): readonly Decision[] {
  const pass = beginPass(nodes, waiting, surroundings)
  const units = [
    ...waiting.pods.map(pod => ({ ...rank([pod]), place: () => placeOne(pass, pod) })),
    ...waiting.gangs.map(gang => ({ ...rank(gang.pods), place: () => placeGang(pass, gang) })),
  ]
  units.sort((a, b) => b.priority - a.priority || a.nominated - b.nominated || a.order - b.order)
  const placed = units.map(({ place }) => place())
  // Why somebody waits is said of what is left in the end, so that the next pass says the same.
  return [...placed.flatMap(({ decisions }) => decisions), ...placed.flatMap(({ explainRest }) => explainRest())]
}

/** Of equal priority those come first for whom room was made. */
const rank = (pods: readonly PendingPod[]) => ({
  priority: Math.max(...pods.map(({ view }) => view.priority)),
  nominated: pods.some(({ view }) => view.pod.status?.nominatedNodeName) ? 0 : 1,
  order: Math.min(...pods.map(({ order }) => order)),
})

function placeOne(pass: Pass, pending: PendingPod): Placement {
  const node = takeNode(pass, pending)
  if (node !== undefined) {
    const decision = bound(pass, pending, node)
    hadItsTurn(pass, pending)
    return { decisions: [decision], explainRest: () => [] }
  }
  const room = makeRoom(pass, pending)
  if (room?.kind === 'found') return displace(pass, pending, room.candidate)
  const { pod } = pending.view
  const nominated = pod.status?.nominatedNodeName
  if (nominated) return keepOrGiveUp(pass, pending, nominated)
  return { decisions: [], explainRest: () => wait(pending, 'Unschedulable', whyNot(pass, pending, true)) }
}

/** The room that will be made is taken from now on; less important pods come after this one and do not get it. */
function displace(pass: Pass, pending: PendingPod, { node, victims }: CandidateOf): Placement {
  const by = pending.view.pod
  const why = `${whyNow(pass, pending)} preemption: found a potential placement for pod on node ${node}, preempting ${victims.length} victims`
  pass.board.put(pending.view, node)
  const leaving = victims.filter(({ isTerminating }) => !isTerminating)
  return {
    decisions: [
      ...leaving.map(({ pod }) => ({ kind: 'preempt', pod, node, by }) as const),
      ...wait(pending, 'Unschedulable', why, node),
    ],
    explainRest: () => [],
  }
}

type CandidateOf = Extract<NonNullable<ReturnType<typeof makeRoom>>, { kind: 'found' }>['candidate']

const whyNow = (pass: Pass, pending: PendingPod): string => whyNot({ ...pass, reasons: new Map() }, pending, false)

/** While somebody is leaving on its account it keeps its claim; otherwise the claim is void. */
function keepOrGiveUp(pass: Pass, pending: PendingPod, nominated: string): Placement {
  const view = pass.board.nodes.get(nominated)
  const isAwaited = view?.pods.some(({ isTerminating, priority }) => isTerminating && priority < pending.view.priority)
  // Said before it takes its place: with itself there, it would be told that its own pod is in the way.
  const message = whyNot(pass, pending, true)
  if (isAwaited) pass.board.put(pending.view, nominated)
  return {
    decisions: isAwaited ? wait(pending, 'Unschedulable', message) : wait(pending, 'Unschedulable', message, ''),
    explainRest: () => [],
  }
}
