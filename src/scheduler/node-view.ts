/** A node as the scheduler sees it: what is left of it and who is there. A value; whoever places a pod gets a new one. */
import type { Node, Taint } from '../kube/core.ts'
import { NOT_READY, UNREACHABLE } from '../kube/taints.ts'
import type { PodView } from './pod-view.ts'
import { type Amounts, amountsOf, minus, plus, type ScoredRequests } from './resources.ts'

export interface NodeView {
  readonly name: string
  readonly node: Node
  readonly labels: Readonly<Record<string, string>>
  readonly taints: readonly Taint[]
  readonly allocatable: Amounts
  readonly free: Amounts
  /** What is taken, with something for those that ask for nothing. */
  readonly scoredUse: ScoredRequests
  readonly pods: readonly PodView[]
  /** Those of `pods` that choose their company. */
  readonly choosers: readonly PodView[]
}

export function viewOfNode(node: Node, pods: Iterable<PodView>): NodeView {
  const allocatable = amountsOf(node.status?.allocatable)
  const all = [...pods]
  return {
    name: node.metadata.name ?? '',
    node,
    labels: node.metadata.labels ?? {},
    taints: [...saidByCondition(node), ...(node.spec?.taints ?? [])],
    allocatable,
    free: all.reduce((free, { requests }) => minus(free, requests), allocatable),
    scoredUse: all.reduce((sum, { scored }) => added(sum, scored, 1), { cpu: 0, memory: 0 }),
    pods: all,
    choosers: all.filter(({ terms }) => terms !== undefined),
  }
}

export const withPod = (view: NodeView, pod: PodView): NodeView => ({
  ...view,
  free: minus(view.free, pod.requests),
  scoredUse: added(view.scoredUse, pod.scored, 1),
  pods: [...view.pods, pod],
  choosers: pod.terms ? [...view.choosers, pod] : view.choosers,
})

export const withoutPod = (view: NodeView, pod: PodView): NodeView => ({
  ...view,
  free: plus(view.free, pod.requests),
  scoredUse: added(view.scoredUse, pod.scored, -1),
  pods: view.pods.filter(({ uid }) => uid !== pod.uid),
  choosers: pod.terms ? view.choosers.filter(({ uid }) => uid !== pod.uid) : view.choosers,
})

const added = (a: ScoredRequests, b: ScoredRequests, by: 1 | -1): ScoredRequests => ({
  cpu: a.cpu + by * b.cpu,
  memory: a.memory + by * b.memory,
})

/** The node lifecycle controller turns the condition into a taint; here the condition itself counts, so nothing lags. */
function saidByCondition({ status, spec }: Node): readonly Taint[] {
  const ready = status?.conditions?.find(({ type }) => type === 'Ready')
  if (!ready || ready.status === 'True') return []
  const key = ready.status === 'Unknown' ? UNREACHABLE : NOT_READY
  const isThere = spec?.taints?.some(taint => taint.key === key && taint.effect === 'NoSchedule')
  return isThere ? [] : [{ key, effect: 'NoSchedule' }]
}
