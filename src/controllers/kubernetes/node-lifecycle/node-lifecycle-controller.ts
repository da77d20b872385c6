/** The shell of node lifecycle: looks at all nodes every now and then, and at one when it changes. */
import type { Node, Pod } from '../../../kube/core.ts'
import { isApiError } from '../../../kube/status.ts'
import type { Lease } from '../../../kube/workloads.ts'
import type { Action } from '../../runtime/action.ts'
import type { ControllerContext } from '../../runtime/context.ts'
import type { Controller } from '../../runtime/run-controller.ts'
import { createNodeMonitor, type NodesObserved } from './monitor-nodes.ts'
import { reconcileNode } from './node-taints.ts'
import type { NodeTimes } from './node-times.ts'

const LEASE = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', namespace: 'kube-node-lease' }
/** The key that stands for all nodes; no node can be called so. */
const ALL = '*'

export function nodeLifecycleController(context: ControllerContext, times: NodeTimes): Controller {
  const { api, clock, informers, newQueue, log } = context
  const { perform } = context.performerFor('node-controller')
  const nodes = informers.of<Node>('v1', 'Node')
  const pods = informers.of<Pod>('v1', 'Pod')
  const leases = informers.of<Lease>(LEASE.apiVersion, LEASE.kind)
  const queue = newQueue()
  const podsOn = pods.index(pod => (pod.spec.nodeName ? [pod.spec.nodeName] : []))
  const monitor = createNodeMonitor(times)

  nodes.on('add', ({ metadata }) => queue.add(metadata.name ?? ''))
  nodes.on('update', ({ metadata }) => queue.add(metadata.name ?? ''))
  queue.add(ALL)

  const now = () => ({ wallMs: clock.now(), monotonicMs: clock.monotonicMs() })

  /** The view of Leases may be behind: before a node is called silent, the server has the last word. */
  async function look(): Promise<NodesObserved> {
    const asked = new Map<string, Lease | undefined>()
    const leaseOf = (name: string): Lease | undefined => asked.get(name) ?? leases.get(LEASE.namespace, name)
    const observed = { nodes: nodes.list(), leaseOf, podsOn }
    for (const { metadata } of monitor.listen(observed, now())) {
      const { name = '' } = metadata
      const lease = await api.get<Lease>({ ...LEASE, name }).catch(error => {
        if (isApiError(error, 'NotFound')) return undefined
        throw error
      })
      asked.set(name, lease)
    }
    if (asked.size > 0) monitor.listen(observed, now())
    return observed
  }

  /** Whoever refuses one node's change (it has just changed) does not keep the others waiting: the next pass sees it anew. */
  async function performAll(lists: readonly (readonly Action[])[]): Promise<void> {
    for (const actions of lists) {
      await perform(actions).catch(error => {
        if (!isApiError(error, 'Conflict', 'NotFound')) log(`node-lifecycle: ${(error as Error).message}`)
      })
    }
  }

  async function pass(): Promise<number> {
    try {
      await performAll(monitor.tell(await look(), now()))
      await performAll(monitor.taint(nodes.list(), now()))
    } catch (error) {
      log(`node-lifecycle: ${(error as Error).message}`)
    }
    return times.monitorPeriodMs
  }

  async function reconcile(key: string): Promise<number | undefined> {
    if (key === ALL) return pass()
    const node = nodes.get(undefined, key)
    return node && perform(reconcileNode(node, clock.now()))
  }

  const all = [nodes, pods, leases]
  return { name: 'node-lifecycle', queue, ready: () => Promise.all(all.map(({ synced }) => synced)), reconcile, log }
}
