/**
 * Whether a pod may run on a node, and if not, why, in kube-scheduler's words (pkg/scheduler/framework/plugins: nodeunschedulable,
 * tainttoleration, nodeaffinity, noderesources). The first filter that refuses says why.
 */
import type { Node, Pod } from '../kube/core.ts'
import { type Amounts, shortages } from './resources.ts'

/** What of a node decides whether it takes a pod. */
export interface NodeView {
  readonly name: string
  readonly node: Node
  readonly allocatable: Amounts
  readonly free: Amounts
}

export interface Taint {
  readonly key: string
  readonly value?: string
  readonly effect: 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute'
}

interface Toleration {
  readonly key?: string
  readonly operator?: 'Exists' | 'Equal'
  readonly value?: string
  readonly effect?: string
}

/** Reasons why not; none: it fits. */
export type Filter = (pod: Pod, requests: Amounts, view: NodeView) => readonly string[]

const UNSCHEDULABLE: Taint = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' }
const NOT_READY: Taint = { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' }

const isSchedulable: Filter = (pod, _, { node }) =>
  node.spec?.unschedulable && !isTolerated(pod, UNSCHEDULABLE) ? ['node(s) were unschedulable'] : []

const taintsAreTolerated: Filter = (pod, _, { node }) => {
  const taint = [...notReady(node), ...((node.spec?.taints ?? []) as readonly Taint[])].find(
    each => each.effect !== 'PreferNoSchedule' && !isTolerated(pod, each),
  )
  return taint ? [`node(s) had untolerated taint {${taint.key}: ${taint.value ?? ''}}`] : []
}

/** Upstream's node lifecycle controller turns the condition into a taint; here the condition itself counts, so nothing lags. */
const notReady = (node: Node): readonly Taint[] =>
  node.status?.conditions?.some(({ type, status }) => type === 'Ready' && status !== 'True') ? [NOT_READY] : []

function isTolerated({ spec }: Pod, taint: Taint): boolean {
  return ((spec.tolerations ?? []) as readonly Toleration[]).some(
    ({ key = '', operator = 'Equal', value = '', effect = '' }) =>
      (effect === '' || effect === taint.effect) &&
      (key === '' ? operator === 'Exists' : key === taint.key) &&
      (operator === 'Exists' || value === (taint.value ?? '')),
  )
}

const selectorMatches: Filter = ({ spec }, _, { node }) =>
  Object.entries(spec.nodeSelector ?? {}).every(([key, value]) => node.metadata.labels?.[key] === value)
    ? []
    : ["node(s) didn't match Pod's node affinity/selector"]

const resourcesSuffice: Filter = (_, requests, { free }) =>
  shortages(free, requests).map(name => (name === 'pods' ? 'Too many pods' : `Insufficient ${name}`))

const FILTERS: readonly Filter[] = [isSchedulable, taintsAreTolerated, selectorMatches, resourcesSuffice]

export function refusals(pod: Pod, requests: Amounts, view: NodeView): readonly string[] {
  for (const filter of FILTERS) {
    const reasons = filter(pod, requests, view)
    if (reasons.length > 0) return reasons
  }
  return []
}

/** `0/3 nodes are available: 1 Insufficient cpu, 2 node(s) were unschedulable.` */
export function explain(pod: Pod, requests: Amounts, views: readonly NodeView[]): string {
  if (views.length === 0) return 'no nodes available to schedule pods'
  const counts = new Map<string, number>()
  for (const view of views) {
    for (const reason of refusals(pod, requests, view)) counts.set(reason, (counts.get(reason) ?? 0) + 1)
  }
  const reasons = [...counts].map(([reason, count]) => `${count} ${reason}`).sort()
  return `0/${views.length} nodes are available: ${reasons.join(', ')}.`
}
