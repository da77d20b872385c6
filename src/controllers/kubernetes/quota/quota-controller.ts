/** Keeps the status of ResourceQuotas true. What is counted is watched from the moment a quota first counts it, and not before. */
import { apiVersionOf, BUILT_IN_KINDS } from '../../../kube/kinds.ts'
import type { UnknownObject } from '../../../kube/object.ts'
import { countedResources, type ResourceQuota } from '../../../kube/quota/resource-quota.ts'
import type { CustomResourceDefinition } from '../../../kube/workloads.ts'
import type { ControllerContext } from '../../runtime/context.ts'
import { customKindsOf, type Served } from '../../runtime/custom-kinds.ts'
import type { Controller } from '../../runtime/run-controller.ts'
import { reconcileQuota } from './reconcile-quota.ts'

interface Counted {
  readonly synced: Promise<void>
  inNamespace(namespace: string): readonly UnknownObject[]
}

export function quotaController(context: ControllerContext): Controller {
  const { informers, newQueue, log } = context
  const { perform } = context.performerFor('resourcequota-controller')
  const quotas = informers.of<ResourceQuota>('v1', 'ResourceQuota')
  const definitions = informers.of<CustomResourceDefinition>('apiextensions.k8s.io/v1', 'CustomResourceDefinition')
  const quotasOf = quotas.index(({ metadata }) => [metadata.namespace ?? ''])
  const followed = new Map<string, Counted>()
  const queue = newQueue()
  const look = ({ metadata: { namespace, name } }: ResourceQuota): void => queue.add(`${namespace}/${name}`)

  quotas.on('add', look)
  quotas.on('update', look)

  function kindOf(resource: string): Served | undefined {
    const [plural, group = ''] = resource.split('/').reverse()
    const builtIn = BUILT_IN_KINDS.find(info => info.group === group && info.plural === plural)
    if (builtIn) return { apiVersion: apiVersionOf(builtIn), kind: builtIn.kind }
    const custom = definitions.list().find(({ spec }) => spec.group === group && spec.names.plural === plural)
    return custom && customKindsOf(custom)[0]
  }

  /** Undefined for a kind that is not served: there is nothing of it. */
  function follow(resource: string): Counted | undefined {
    const known = followed.get(resource)
    const kind = known ? undefined : kindOf(resource)
    if (!kind) return known
    const informer = informers.of<UnknownObject>(kind.apiVersion, kind.kind)
    const inNamespace = informer.index(({ metadata }) => [metadata.namespace ?? ''])
    const touched = ({ metadata: { namespace = '' } }: UnknownObject): void => {
      for (const quota of quotasOf(namespace)) if (countedResources(quota).has(resource)) look(quota)
    }
    for (const event of ['add', 'update', 'delete'] as const) informer.on(event, touched)
    const counted = { synced: informer.synced, inNamespace }
    followed.set(resource, counted)
    return counted
  }

  async function reconcile(key: string): Promise<number | undefined> {
    const [namespace = '', name = ''] = key.split('/')
    const quota = quotas.get(namespace, name)
    if (!quota) return undefined
    const counted = [...countedResources(quota)].map(resource => [resource, follow(resource)] as const)
    await Promise.all(counted.map(([, objects]) => objects?.synced))
    const objects = new Map(counted.map(([resource, found]) => [resource, found?.inNamespace(namespace) ?? []]))
    return perform(reconcileQuota(quota, objects))
  }

  return {
    name: 'resourcequota',
    queue,
    ready: () => Promise.all([quotas.synced, definitions.synced]),
    reconcile,
    log,
  }
}
