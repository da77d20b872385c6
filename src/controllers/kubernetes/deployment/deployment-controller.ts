/** The Deployment controller's shell. */
import { contentHash8 } from '../../../kube/content-name.ts'
import type { Pod } from '../../../kube/core.ts'
import { controllerOf, type KubeObject, keyOf } from '../../../kube/object.ts'
import { selects } from '../../../kube/selector.ts'
import { isApiError } from '../../../kube/status.ts'
import type { Deployment, ReplicaSet } from '../../../kube/workloads.ts'
import type { Action } from '../../runtime/action.ts'
import { candidatesFor, claim, mayAdopt, ownersKey } from '../../runtime/claim.ts'
import type { ControllerContext } from '../../runtime/context.ts'
import type { Controller } from '../../runtime/run-controller.ts'
import { newestSet } from './deployment-sets.ts'
import { creationFailed, reconcileDeployment } from './reconcile-deployment.ts'

export function deploymentController(context: ControllerContext): Controller {
  const { api, clock, informers, newQueue, log } = context
  const { perform } = context.performerFor('deployment-controller')
  const deployments = informers.of<Deployment>('apps/v1', 'Deployment')
  const sets = informers.of<ReplicaSet>('apps/v1', 'ReplicaSet')
  const pods = informers.of<Pod>('v1', 'Pod')
  const queue = newQueue()
  const deploymentsIn = deployments.index(({ metadata }) => [metadata.namespace ?? ''])
  const setsOf = sets.index(ownersKey)
  const podsOf = pods.index(pod => [controllerOf(pod)?.uid ?? []].flat())

  function touch(set: KubeObject): void {
    const { namespace = '', labels } = set.metadata
    const owner = controllerOf(set)
    if (owner) {
      if (owner.kind === 'Deployment') queue.add(`${namespace}/${owner.name}`)
      return
    }
    for (const each of deploymentsIn(namespace)) if (selects(each.spec.selector, labels)) queue.add(keyOf(each))
  }

  for (const event of ['add', 'update', 'delete'] as const) {
    deployments.on(event, (deployment: Deployment) => queue.add(keyOf(deployment)))
    sets.on(event, touch)
  }
  sets.on('update', (_, before) => touch(before))
  // Whoever recreates waits for the last old pod to be gone, which no ReplicaSet tells.
  pods.on('delete', pod => {
    const owner = controllerOf(pod)
    const set = owner?.kind === 'ReplicaSet' ? sets.get(pod.metadata.namespace, owner.name) : undefined
    if (set) touch(set)
  })

  async function reconcile(key: string): Promise<number | undefined> {
    const [namespace, name = ''] = key.split('/')
    const deployment = deployments.get(namespace, name)
    if (!deployment) return undefined
    const { selector } = deployment.spec
    const own = claim(deployment, candidatesFor(deployment, setsOf), set => selects(selector, set.metadata.labels))
    if (own.adopts && !(await mayAdopt(api, deployment))) return undefined
    await perform(own.actions)
    const actions = reconcileDeployment(deployment, own.owned, contentHash8, clock.now(), podsOf)
    const made = actions.flatMap(action => (action.kind === 'create' ? [action.object as ReplicaSet] : []))[0]
    if (!made) return perform(actions)
    await makeSet(deployment, made)
    return perform(actions.filter(({ kind }) => kind !== 'create'))
  }

  /** Before anything is said of it: a set that cannot be made, or whose name is another's, stops the roll-out here. */
  async function makeSet(deployment: Deployment, made: ReplicaSet): Promise<void> {
    try {
      await perform([{ kind: 'create', object: made }])
    } catch (error) {
      if (isApiError(error, 'AlreadyExists')) await perform(await nameTaken(deployment, made))
      else if (isApiError(error)) await perform(creationFailed(deployment, made, error.message, clock.now()))
      throw error
    }
  }

  /** Ours, and only not yet seen; or another template's, whose hash happens to be the same. */
  async function nameTaken(deployment: Deployment, made: ReplicaSet): Promise<readonly Action[]> {
    const { name = '', namespace = '' } = made.metadata
    const present = await api.get<ReplicaSet>({ apiVersion: 'apps/v1', kind: 'ReplicaSet', namespace, name })
    const isOurs = controllerOf(present)?.uid === deployment.metadata.uid
    if (isOurs && newestSet(deployment, [present])) return []
    const collisionCount = (deployment.status?.collisionCount ?? 0) + 1
    return [
      {
        kind: 'update-status',
        object: { ...deployment, status: { ...deployment.status, collisionCount } } as KubeObject,
      },
    ]
  }

  const all = [deployments, sets, pods]
  return { name: 'deployment', queue, ready: () => Promise.all(all.map(({ synced }) => synced)), reconcile, log }
}
