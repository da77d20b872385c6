/** The shell of disruption budgets: finds out how many pods their controllers want, also those of custom kinds that can be scaled. */
import type { PodDisruptionBudget, StatefulSet } from '../../../kube/apps.ts'
import type { Pod } from '../../../kube/core.ts'
import { builtInKind } from '../../../kube/kinds.ts'
import { controllerOf, keyOf, type OwnerReference, type UnknownObject } from '../../../kube/object.ts'
import { selects } from '../../../kube/selector.ts'
import { isApiError } from '../../../kube/status.ts'
import type { Deployment, ReplicaSet } from '../../../kube/workloads.ts'
import type { ControllerContext } from '../../runtime/context.ts'
import type { Controller } from '../../runtime/run-controller.ts'
import { reconcileBudget, reconcileStaleMark, type Scale } from './reconcile-budget.ts'

/** Before keys of pods; a namespace cannot be called so. */
const POD = 'pod '

export function disruptionController(context: ControllerContext): Controller {
  const { api, clock, informers, newQueue, log } = context
  const { perform } = context.performerFor('controllermanager')
  const budgets = informers.of<PodDisruptionBudget>('policy/v1', 'PodDisruptionBudget')
  const pods = informers.of<Pod>('v1', 'Pod')
  const replicaSets = informers.of<ReplicaSet>('apps/v1', 'ReplicaSet')
  const deployments = informers.of<Deployment>('apps/v1', 'Deployment')
  const statefulSets = informers.of<StatefulSet>('apps/v1', 'StatefulSet')
  const queue = newQueue()
  const budgetsIn = budgets.index(({ metadata }) => [metadata.namespace ?? ''])
  const podsIn = pods.index(({ metadata }) => [metadata.namespace ?? ''])

  function touch(pod: Pod): void {
    for (const budget of budgetsIn(pod.metadata.namespace ?? ''))
      if (selects(budget.spec.selector, pod.metadata.labels)) queue.add(keyOf(budget))
    if (pod.status?.conditions?.some(({ type }) => type === 'DisruptionTarget')) queue.add(`${POD}${keyOf(pod)}`)
  }
  const touchAllIn = ({ metadata }: UnknownObject | Deployment): void => {
    for (const budget of budgetsIn(metadata.namespace ?? '')) queue.add(keyOf(budget))
  }
  for (const event of ['add', 'update', 'delete'] as const) {
    budgets.on(event, (budget: PodDisruptionBudget) => queue.add(keyOf(budget)))
    pods.on(event, touch)
  }
  pods.on('update', (_, before) => touch(before))
  for (const scaled of [replicaSets, deployments, statefulSets])
    scaled.on('update', (object, before) => {
      if (object.metadata.generation !== before.metadata.generation) touchAllIn(object as Deployment)
    })

  /** Of a ReplicaSet what its Deployment wants, who also wants the pods of its other sets. */
  function knownScale(namespace: string | undefined, { apiVersion, kind, name, uid }: OwnerReference): Scale {
    const sized = (object: ReplicaSet | Deployment | StatefulSet | undefined): Scale =>
      object && { kind: 'scale', uid: object.metadata.uid ?? '', replicas: object.spec.replicas ?? 1 }
    if (!apiVersion.startsWith('apps/')) return undefined
    const found =
      kind === 'ReplicaSet'
        ? replicaSets.get(namespace, name)
        : kind === 'StatefulSet'
          ? statefulSets.get(namespace, name)
          : undefined
    if (found?.metadata.uid !== uid) return undefined
    const owner = controllerOf(found)
    if (owner?.kind !== 'Deployment') return sized(found)
    const deployment = deployments.get(namespace, owner.name)
    return deployment?.metadata.uid === owner.uid ? sized(deployment) : undefined
  }

  /** Of any other kind: a change of nothing gives the scale that would be. */
  async function askedScale(
    namespace: string | undefined,
    { apiVersion, kind, name, uid }: OwnerReference,
  ): Promise<Scale> {
    const ref = { apiVersion, kind, name, ...(namespace ? { namespace } : {}) }
    try {
      const scale = await api.patch<UnknownObject>(ref, 'merge', {}, { subresource: 'scale', dryRun: true })
      const { replicas = 0 } = (scale.spec ?? {}) as { readonly replicas?: number }
      return scale.metadata.uid === uid ? { kind: 'scale', uid, replicas } : undefined
    } catch (error) {
      if (!isApiError(error)) throw error
      const info = builtInKind(apiVersion, kind)
      const group = apiVersion.includes('/') ? apiVersion.split('/')[0] : ''
      const what = `${info?.plural ?? kind.toLowerCase()}${group ? `.${group}` : ''}`
      const isThere = await api.get(ref).then(
        found => found.metadata.uid === uid,
        () => false,
      )
      return isThere ? { kind: 'unknown', why: `${what} does not implement the scale subresource` } : undefined
    }
  }

  async function scalesOf(
    namespace: string | undefined,
    owners: readonly OwnerReference[],
  ): Promise<Map<string, Scale>> {
    const scales = new Map<string, Scale>()
    for (const owner of owners) {
      if (scales.has(owner.uid)) continue
      const isOurs = owner.apiVersion.startsWith('apps/') && ['ReplicaSet', 'StatefulSet'].includes(owner.kind)
      scales.set(owner.uid, isOurs ? knownScale(namespace, owner) : await askedScale(namespace, owner))
    }
    return scales
  }

  async function reconcile(key: string): Promise<number | undefined> {
    const isPod = key.startsWith(POD)
    const [namespace = '', name = ''] = (isPod ? key.slice(POD.length) : key).split('/')
    if (isPod) {
      const pod = pods.get(namespace, name)
      return pod && perform(reconcileStaleMark(pod, clock.now()))
    }
    const budget = budgets.get(namespace, name)
    if (!budget) return undefined
    const picked = podsIn(namespace).filter(pod => selects(budget.spec.selector, pod.metadata.labels))
    // Whoever names a number asks nobody.
    const asks = budget.spec.maxUnavailable !== undefined || typeof budget.spec.minAvailable !== 'number'
    const owners = asks ? picked.flatMap(pod => controllerOf(pod) ?? []) : []
    const scales = await scalesOf(namespace, owners)
    return perform(reconcileBudget({ budget, pods: picked, scaleOf: ({ uid }) => scales.get(uid) }, clock.now()))
  }

  const all = [budgets, pods, replicaSets, deployments, statefulSets]
  return { name: 'disruption', queue, ready: () => Promise.all(all.map(({ synced }) => synced)), reconcile, log }
}
