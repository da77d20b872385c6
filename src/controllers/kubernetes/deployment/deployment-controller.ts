/** The Deployment controller's shell. */
import { contentHash8 } from '../../../kube/content-name.ts'
import { controllerOf, keyOf } from '../../../kube/object.ts'
import type { Deployment, ReplicaSet } from '../../../kube/workloads.ts'
import type { ControllerContext } from '../../runtime/context.ts'
import type { Controller } from '../../runtime/run-controller.ts'
import { reconcileDeployment } from './reconcile-deployment.ts'

export function deploymentController(context: ControllerContext): Controller {
  const { clock, informers, newQueue, log } = context
  const { perform } = context.performerFor('deployment-controller')
  const deployments = informers.of<Deployment>('apps/v1', 'Deployment')
  const sets = informers.of<ReplicaSet>('apps/v1', 'ReplicaSet')
  const queue = newQueue()
  const setsOf = sets.index(set => keysOf(set).map(() => controllerOf(set)!.uid))

  for (const event of ['add', 'update', 'delete'] as const) {
    deployments.on(event, (deployment: Deployment) => queue.add(keyOf(deployment)))
    sets.on(event, (set: ReplicaSet) => {
      for (const key of keysOf(set)) queue.add(key)
    })
  }

  async function reconcile(key: string): Promise<number | undefined> {
    const [namespace, name = ''] = key.split('/')
    const deployment = deployments.get(namespace, name)
    if (!deployment) return undefined
    return perform(reconcileDeployment(deployment, setsOf(deployment.metadata.uid!), contentHash8, clock.now()))
  }

  return { name: 'deployment', queue, ready: () => Promise.all([deployments.synced, sets.synced]), reconcile, log }
}

function keysOf(set: ReplicaSet): readonly string[] {
  const owner = controllerOf(set)
  return owner?.kind === 'Deployment' ? [`${set.metadata.namespace}/${owner.name}`] : []
}
