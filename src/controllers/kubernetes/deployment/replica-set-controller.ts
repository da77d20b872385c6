/** The ReplicaSet controller's shell. */
import type { Pod } from '../../../kube/core.ts'
import { controllerOf, type KubeObject, keyOf } from '../../../kube/object.ts'
import { selects } from '../../../kube/selector.ts'
import { isApiError } from '../../../kube/status.ts'
import type { ReplicaSet } from '../../../kube/workloads.ts'
import { updateStatus } from '../../runtime/action.ts'
import { candidatesFor, claim, mayAdopt, ownersKey } from '../../runtime/claim.ts'
import type { ControllerContext } from '../../runtime/context.ts'
import type { Controller } from '../../runtime/run-controller.ts'
import { isActive, reconcileReplicaSet, replicaSetStatus } from './reconcile-replica-set.ts'

export function replicaSetController(context: ControllerContext): Controller {
  const { api, clock, informers, newQueue, log } = context
  const { perform } = context.performerFor('replicaset-controller')
  const sets = informers.of<ReplicaSet>('apps/v1', 'ReplicaSet')
  const pods = informers.of<Pod>('v1', 'Pod')
  const queue = newQueue()
  const setsIn = sets.index(({ metadata }) => [metadata.namespace ?? ''])
  const siblingsOf = sets.index(set => [controllerOf(set)?.uid ?? []].flat())
  const podsOf = pods.index(ownersKey)

  function touch(pod: KubeObject): void {
    const { namespace = '', labels } = pod.metadata
    const owner = controllerOf(pod)
    if (owner) {
      if (owner.kind === 'ReplicaSet') queue.add(`${namespace}/${owner.name}`)
      return
    }
    for (const set of setsIn(namespace)) if (selects(set.spec.selector, labels)) queue.add(keyOf(set))
  }

  for (const event of ['add', 'update', 'delete'] as const) {
    sets.on(event, (set: ReplicaSet) => queue.add(keyOf(set)))
    pods.on(event, touch)
  }
  pods.on('update', (pod, before) => {
    if (controllerOf(pod)?.uid !== controllerOf(before)?.uid) touch(before)
  })

  /** The pods of all sets of its owner. */
  const kinOf = (set: ReplicaSet): readonly Pod[] | undefined => {
    const owner = controllerOf(set)
    return owner && siblingsOf(owner.uid).flatMap(each => podsOf(each.metadata.uid ?? ''))
  }

  async function reconcile(key: string): Promise<number | undefined> {
    const [namespace, name = ''] = key.split('/')
    const set = sets.get(namespace, name)
    if (!set) return undefined
    // Those that are over, or leave, are nobody's to take; its own ones count all the same.
    const candidates = candidatesFor(set, podsOf).filter(pod => controllerOf(pod) !== undefined || isActive(pod))
    const own = claim(set, candidates, pod => selects(set.spec.selector, pod.metadata.labels))
    if (own.adopts && !(await mayAdopt(api, set))) return undefined
    await perform(own.actions)
    const actions = reconcileReplicaSet(set, own.owned, clock.now(), kinOf(set))
    try {
      return await perform(actions)
    } catch (error) {
      const changes = actions.some(({ kind }) => kind === 'create' || kind === 'delete')
      const why = isApiError(error) ? error.message : undefined
      if (changes && why !== undefined && !isApiError(error, 'Conflict')) await say(set, why)
      throw error
    }
  }

  async function say(before: ReplicaSet, failure: string): Promise<void> {
    const set = sets.get(before.metadata.namespace, before.metadata.name ?? '')
    if (set?.metadata.uid !== before.metadata.uid || set === undefined) return
    const own = podsOf(set.metadata.uid ?? '')
    await perform([updateStatus(set, replicaSetStatus(set, own, clock.now(), failure))]).catch(() => {})
  }

  return { name: 'replicaset', queue, ready: () => Promise.all([sets.synced, pods.synced]), reconcile, log }
}
