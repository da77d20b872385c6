/** The StatefulSet controller's shell. */
import type { ControllerRevision, StatefulSet } from '../../../kube/apps.ts'
import { contentHash8 } from '../../../kube/content-name.ts'
import type { Pod } from '../../../kube/core.ts'
import { controllerOf, type KubeObject, keyOf, type UnknownObject } from '../../../kube/object.ts'
import { selects } from '../../../kube/selector.ts'
import { candidatesFor, claim, mayAdopt, ownersKey } from '../../runtime/claim.ts'
import type { ControllerContext } from '../../runtime/context.ts'
import type { Controller } from '../../runtime/run-controller.ts'
import { reconcileStatefulSet } from './reconcile-stateful-set.ts'
import { isMember } from './stateful-pod.ts'

export function statefulSetController(context: ControllerContext): Controller {
  const { api, clock, informers, newQueue, log } = context
  const { perform } = context.performerFor('statefulset-controller')
  const sets = informers.of<StatefulSet>('apps/v1', 'StatefulSet')
  const pods = informers.of<Pod>('v1', 'Pod')
  const revisions = informers.of<ControllerRevision>('apps/v1', 'ControllerRevision')
  const claims = informers.of<UnknownObject>('v1', 'PersistentVolumeClaim')
  const queue = newQueue()
  const setsIn = sets.index(set => [set.metadata.namespace ?? ''])
  const podsOf = pods.index(ownersKey)
  const revisionsOf = revisions.index(ownersKey)

  /** Its controller's set, or those that may want it. */
  function touch(object: KubeObject): void {
    const { namespace = '', labels } = object.metadata
    const owner = controllerOf(object)
    if (owner) {
      if (owner.kind === 'StatefulSet') queue.add(`${namespace}/${owner.name}`)
      return
    }
    for (const set of setsIn(namespace)) if (selects(set.spec.selector, labels)) queue.add(keyOf(set))
  }

  for (const event of ['add', 'update', 'delete'] as const) {
    sets.on(event, (set: StatefulSet) => queue.add(keyOf(set)))
    pods.on(event, touch)
    revisions.on(event, touch)
  }
  pods.on('update', (_, before) => touch(before))
  // A claim that goes may be what a pod waits for.
  claims.on('delete', ({ metadata }) => {
    for (const set of setsIn(metadata.namespace ?? '')) if (set.spec.volumeClaimTemplates) queue.add(keyOf(set))
  })

  async function reconcile(key: string): Promise<number | undefined> {
    const [namespace, name = ''] = key.split('/')
    const set = sets.get(namespace, name)
    if (!set) return undefined
    const isOurs = ({ metadata }: KubeObject): boolean => selects(set.spec.selector, metadata.labels)
    const ownPods = claim(set, candidatesFor(set, podsOf), pod => isOurs(pod) && isMember(set, pod))
    const ownRevisions = claim(set, candidatesFor(set, revisionsOf), isOurs)
    if ((ownPods.adopts || ownRevisions.adopts) && !(await mayAdopt(api, set))) return undefined
    await perform([...ownPods.actions, ...ownRevisions.actions])
    return perform(
      reconcileStatefulSet(
        { set, pods: ownPods.owned, revisions: ownRevisions.owned, claim: each => claims.get(namespace, each) },
        contentHash8,
        clock.now(),
      ),
    )
  }

  const all = [sets, pods, revisions, claims]
  return { name: 'statefulset', queue, ready: () => Promise.all(all.map(({ synced }) => synced)), reconcile, log }
}
