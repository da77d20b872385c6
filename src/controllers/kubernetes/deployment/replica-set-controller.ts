/** The ReplicaSet controller's shell. */
import type { Pod } from '../../../kube/core.ts'
import { controllerOf, keyOf } from '../../../kube/object.ts'
import type { ReplicaSet } from '../../../kube/workloads.ts'
import type { ControllerContext } from '../../runtime/context.ts'
import type { Controller } from '../../runtime/run-controller.ts'
import { reconcileReplicaSet } from './reconcile-replica-set.ts'

export function replicaSetController(context: ControllerContext): Controller {
  const { clock, informers, newQueue, log } = context
  const { perform } = context.performerFor('replicaset-controller')
  const sets = informers.of<ReplicaSet>('apps/v1', 'ReplicaSet')
  const pods = informers.of<Pod>('v1', 'Pod')
  const queue = newQueue()
  const podsOf = pods.index(pod => setKeysOf(pod).map(() => controllerOf(pod)!.uid))

  for (const event of ['add', 'update', 'delete'] as const) {
    sets.on(event, (set: ReplicaSet) => queue.add(keyOf(set)))
    pods.on(event, (pod: Pod) => {
      for (const key of setKeysOf(pod)) queue.add(key)
    })
  }

  async function reconcile(key: string): Promise<number | undefined> {
    const [namespace, name = ''] = key.split('/')
    const set = sets.get(namespace, name)
    if (!set) return undefined
    return perform(reconcileReplicaSet(set, podsOf(set.metadata.uid!), clock.now()))
  }

  return { name: 'replicaset', queue, ready: () => Promise.all([sets.synced, pods.synced]), reconcile, log }
}

function setKeysOf(pod: Pod): readonly string[] {
  const owner = controllerOf(pod)
  return owner?.kind === 'ReplicaSet' ? [`${pod.metadata.namespace}/${owner.name}`] : []
}
