/**
 * Why a pod has no node, in kube-scheduler's words (framework.FitError), and what would mend it where those are silent:
 *
 *     0/3 nodes are available: 1 Insufficient cpu, 2 node(s) were unschedulable. preemption: 0/3 nodes are available: ...
 */
import type { Refusal } from './judges/judge.ts'
import type { NodeView } from './node-view.ts'
import type { Opinion } from './opinion.ts'
import type { PodView } from './pod-view.ts'

export const NO_NODES = 'no nodes available to schedule pods'

export function explain(opinion: Opinion, nodes: readonly NodeView[]): string {
  if (nodes.length === 0) return NO_NODES
  return histogram(nodes.map(node => opinion.refusalOf(node)))
}

/** `0/4 nodes are available: 1 Insufficient cpu, 3 Too many pods.` */
export function histogram(refusals: readonly (Refusal | undefined)[]): string {
  const counts = new Map<string, number>()
  for (const refused of refusals) {
    for (const reason of refused?.reasons ?? []) counts.set(reason, (counts.get(reason) ?? 0) + 1)
  }
  const reasons = [...counts].map(([reason, count]) => `${count} ${reason}`).sort()
  return `0/${refusals.length} nodes are available: ${reasons.join(', ')}.`
}

/** Said only where waiting is in vain: no node has as much, even with nobody on it. */
export function tooLarge({ requests }: PodView, nodes: readonly NodeView[]): string {
  const missing = Object.keys(requests).filter(
    name =>
      name !== 'pods' &&
      requests[name]! > 0 &&
      nodes.every(({ allocatable }) => (allocatable[name] ?? 0) < requests[name]!),
  )
  return nodes.length === 0 ? '' : missing.map(name => ` ${largest(name, requests[name]!, nodes)}`).join('')
}

function largest(name: string, asked: number, nodes: readonly NodeView[]): string {
  const best = nodes.reduce((a, b) => ((b.allocatable[name] ?? 0) > (a.allocatable[name] ?? 0) ? b : a))
  const most = best.allocatable[name] ?? 0
  const mend = `lower the pod's request for ${name} or add a larger node`
  return most === 0
    ? `No node has any ${name}, and the pod asks for ${printed(name, asked)}.`
    : `No node is large enough: the pod asks for ${printed(name, asked)} ${name}, ${best.name} has the most with ${printed(name, most)}; ${mend}.`
}

const STEPS = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi']

function printed(name: string, amount: number): string {
  if (name === 'cpu') return amount % 1000 === 0 ? String(amount / 1000) : `${amount}m`
  if (!(name === 'memory' || name === 'ephemeral-storage' || name.startsWith('hugepages-'))) return String(amount)
  let [rest, step] = [amount, 0]
  while (rest >= 1024 && rest % 1024 === 0 && step < STEPS.length - 1) {
    rest /= 1024
    step++
  }
  return `${rest}${STEPS[step]}`
}
