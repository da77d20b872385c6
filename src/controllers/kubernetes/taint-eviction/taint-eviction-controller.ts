/** The shell of taint eviction: remembers which pods are to leave and when, and ends those whose time is over. */
import type { Node, Pod } from '../../../kube/core.ts'
import { isSame } from '../../../kube/equal.ts'
import { keyOf } from '../../../kube/object.ts'
import type { ControllerContext } from '../../runtime/context.ts'
import type { Controller } from '../../runtime/run-controller.ts'
import { decideEviction, evict, evictionEvent, type Leave, noExecuteTaints } from './decide-eviction.ts'

export function taintEvictionController(context: ControllerContext): Controller {
  const { clock, informers, newQueue, log } = context
  const { perform } = context.performerFor('taint-eviction-controller')
  const nodes = informers.of<Node>('v1', 'Node')
  const pods = informers.of<Pod>('v1', 'Pod')
  const queue = newQueue()
  const podsOn = pods.index(pod => (pod.spec.nodeName ? [pod.spec.nodeName] : []))
  /** By pod and uid: a later pod of the same name has a stay of its own. */
  const leaves = new Map<string, Leave & { readonly uid: string | undefined }>()

  const touchAll = ({ metadata }: Node): void => {
    for (const pod of podsOn(metadata.name ?? '')) queue.add(keyOf(pod))
  }
  nodes.on('add', node => noExecuteTaints(node).length > 0 && touchAll(node))
  nodes.on('update', (node, before) => {
    if (!isSame(noExecuteTaints(node), noExecuteTaints(before))) touchAll(node)
  })
  const isOnTainted = ({ spec }: Pod): boolean =>
    spec.nodeName !== undefined && noExecuteTaints(nodes.get(undefined, spec.nodeName)).length > 0
  pods.on('add', pod => isOnTainted(pod) && queue.add(keyOf(pod)))
  pods.on('update', (pod, before) => {
    const isNews = pod.spec.nodeName !== before.spec.nodeName || pod.spec.tolerations !== before.spec.tolerations
    if (isNews && (isOnTainted(pod) || leaves.has(keyOf(pod)))) queue.add(keyOf(pod))
  })
  pods.on('delete', pod => leaves.delete(keyOf(pod)))

  async function reconcile(key: string): Promise<number | undefined> {
    const [namespace, name = ''] = key.split('/')
    const pod = pods.get(namespace, name)
    if (!pod?.spec.nodeName || pod.metadata.deletionTimestamp) return undefined
    const known = leaves.get(key)
    const before = known?.uid === pod.metadata.uid ? known : undefined
    const nowMs = clock.monotonicMs()
    const leave = decideEviction(pod, noExecuteTaints(nodes.get(undefined, pod.spec.nodeName)), before, nowMs)
    if (leave === undefined) {
      leaves.delete(key)
      return before && perform([evictionEvent(pod, 'Cancelling deletion of')])
    }
    leaves.set(key, { ...leave, uid: pod.metadata.uid })
    if (leave.atMs > nowMs) return leave.atMs - nowMs
    return perform(evict(pod, clock.now()))
  }

  return { name: 'taint-eviction', queue, ready: () => Promise.all([nodes.synced, pods.synced]), reconcile, log }
}
