/** One pass over all that waits: the board, and what was learnt of kinds of pods that find no place. */
import { Board } from './board.ts'
import type { Decision, PendingPod, Surroundings, Waiting } from './decision.ts'
import { explain, tooLarge } from './explain.ts'
import { JUDGES } from './judges/all.ts'
import type { NodeView } from './node-view.ts'
import { type Preemption, preempt } from './preempt.ts'

export interface Pass {
  readonly board: Board
  readonly surroundings: Surroundings
  /** Signatures that fit nowhere any more, whatever else is placed. */
  readonly full: Set<string>
  /** Signatures for which no room can be made. */
  readonly helpless: Set<string>
  /** Why, in the end, by signature. */
  readonly reasons: Map<string, string>
  /** Pods of a signature that have not had their turn. */
  readonly left: Map<string, number>
}

export function beginPass(nodes: readonly NodeView[], waiting: Waiting, surroundings: Surroundings): Pass {
  const judges = surroundings.devices ? [...JUDGES, surroundings.devices.judge] : JUDGES
  const left = new Map<string, number>()
  let hasChoosers = false
  for (const { signature, view } of [...waiting.pods, ...waiting.gangs.flatMap(({ pods }) => pods)]) {
    left.set(signature, (left.get(signature) ?? 0) + 1)
    hasChoosers ||= view.terms !== undefined
  }
  return {
    board: new Board(nodes, { judges, hasChoosers, namespaceLabels: surroundings.namespaceLabels }),
    surroundings,
    full: new Set(),
    helpless: new Set(),
    reasons: new Map(),
    left,
  }
}

export interface Placement {
  readonly decisions: readonly Decision[]
  /** Called when all others have been placed. */
  readonly explainRest: () => readonly Decision[]
}

export type Score = (view: NodeView) => number

/** Takes the best node that fits, by the judges' scores or by `score`; ties go to the first by name. */
export function takeNode(pass: Pass, pending: PendingPod, score?: Score): string | undefined {
  const { board, full } = pass
  if (full.has(pending.signature)) return undefined
  const node = find(pass, pending, score)
  if (node) board.put(pending.view, node.name)
  else if (!mayFitLater(pending)) full.add(pending.signature)
  return node?.name
}

function find({ board }: Pass, { view, signature }: PendingPod, score: Score | undefined): NodeView | undefined {
  const opinion = board.about(signature, view)
  const nominated = board.nodes.get(view.pod.status?.nominatedNodeName ?? '')
  if (nominated && !opinion.refusalOf(nominated)) return nominated
  if (!score) return opinion.best(board.list)
  let best: NodeView | undefined
  let bestScore = Number.NEGATIVE_INFINITY
  for (const node of board.list) {
    if (opinion.refusalOf(node)) continue
    const value = score(node)
    if (!best || value > bestScore) [best, bestScore] = [node, value]
  }
  return best
}

/** Pods that are placed bring company, and fill the emptiest domain; apart from that a pass only takes away. */
const mayFitLater = ({ view: { terms, pod } }: PendingPod): boolean =>
  (terms?.required.length ?? 0) > 0 ||
  (pod.spec.topologySpreadConstraints ?? []).some(each => each.whenUnsatisfiable === 'DoNotSchedule')

export function bound({ surroundings }: Pass, { view: { pod, uid } }: PendingPod, node: string): Bind {
  const claims = surroundings.devices?.assignmentsOf(uid) ?? []
  return claims.length > 0 ? { kind: 'bind', pod, node, claims } : { kind: 'bind', pod, node }
}

export type Bind = Extract<Decision, { kind: 'bind' }>

/** Had its turn: what is known of its kind is dropped with the last of them. */
export function hadItsTurn({ left, board }: Pass, { signature }: PendingPod): void {
  const rest = (left.get(signature) ?? 1) - 1
  left.set(signature, rest)
  if (rest === 0) board.forget(signature)
}

export function makeRoom(
  { board, surroundings, helpless }: Pass,
  { view, signature }: PendingPod,
): Preemption | undefined {
  if (helpless.has(signature)) return undefined
  const made = preempt(board, view, board.about(signature, view), surroundings.budgets ?? [])
  if (made.kind === 'none') helpless.add(signature)
  return made
}

/** Of the board as it is in the end, so that the next pass says the same. */
export function whyNot({ board, reasons, surroundings }: Pass, pending: PendingPod, tellsPreemption: boolean): string {
  const { signature, view } = pending
  const known = reasons.get(signature)
  if (known !== undefined) return known
  const nodes = board.list
  const opinion = board.about(signature, view)
  const why = explain(opinion, nodes)
  const room =
    tellsPreemption && nodes.length > 0 ? preempt(board, view, opinion, surroundings.budgets ?? []) : undefined
  const tried = room?.kind === 'none' ? ` preemption: ${room.why}` : ''
  const message = `${why}${tried}${tooLarge(view, nodes)}`
  reasons.set(signature, message)
  return message
}

export const wait = (
  { view: { pod }, said }: PendingPod,
  reason: 'Unschedulable' | 'SchedulingGated',
  message: string,
  nominatedNode?: string,
): Decision[] => {
  const isSame = nominatedNode === undefined || nominatedNode === (pod.status?.nominatedNodeName ?? '')
  if (isSame) return said === message ? [] : [{ kind: 'wait', pod, reason, message }]
  return [{ kind: 'wait', pod, reason, message, nominatedNode }]
}
