/** The Deployment controller's decision: a ReplicaSet a template, scaled step by step, and a status (pkg/controller/deployment). */
import { formatTime, type Instant } from '../../../base/clock.ts'
import type { PodTemplateSpec } from '../../../kube/core.ts'
import { isSame } from '../../../kube/equal.ts'
import { DEPLOYMENT_REVISION, POD_TEMPLATE_HASH } from '../../../kube/names.ts'
import { type Condition, controllerRef, refOf } from '../../../kube/object.ts'
import type { Deployment, ReplicaSet } from '../../../kube/workloads.ts'
import { type Action, create, normal, remove, updateStatus, wake } from '../../runtime/action.ts'
import { conditionOf, withCondition } from '../../runtime/conditions.ts'
import { budgetOf, newReplicas, replicasOf, scaleNext, sum } from './roll-out.ts'

/** `sets`: those that the Deployment controls. `hashOf` names a template by its content. */
export function reconcileDeployment(
  deployment: Deployment,
  sets: readonly ReplicaSet[],
  hashOf: (template: PodTemplateSpec) => string,
  now: Instant,
): readonly Action[] {
  if (deployment.metadata.deletionTimestamp) return []
  const byRevision = [...sets].sort((a, b) => revisionOf(a) - revisionOf(b))
  const newest = byRevision.find(set => isSame(withoutHash(set.spec.template), plain(deployment.spec.template)))
  const old = byRevision.filter(set => set !== newest)
  const revision = String(Math.max(0, ...old.map(revisionOf)) + 1)
  const status = nextStatus(deployment, newest, old, now)
  return [
    ...(deployment.spec.paused ? [] : rollOut(deployment, newest, old, revision, hashOf)),
    ...revisionMark(deployment, newest, revision),
    ...forget(deployment, newest, old),
    ...(isSame(status, deployment.status) ? [] : [updateStatus(deployment, status)]),
    ...deadlineWake(deployment, status, now),
  ]
}

const revisionOf = (set: ReplicaSet): number => Number(set.metadata.annotations?.[DEPLOYMENT_REVISION] ?? 0)

/** As the API server stores it: an absent field is not an empty one. */
const plain = ({ metadata, spec }: PodTemplateSpec) => ({
  labels: metadata?.labels ?? {},
  annotations: metadata?.annotations ?? {},
  spec,
})

function withoutHash(template: PodTemplateSpec) {
  const { labels, annotations, spec } = plain(template)
  const { [POD_TEMPLATE_HASH]: _, ...rest } = labels
  return { labels: rest, annotations, spec }
}

function rollOut(
  deployment: Deployment,
  newest: ReplicaSet | undefined,
  old: readonly ReplicaSet[],
  revision: string,
  hashOf: (template: PodTemplateSpec) => string,
): readonly Action[] {
  if (!newest) {
    const set = newSet(deployment, newReplicas(deployment, undefined, old), revision, hashOf)
    return [create(set), ...scaled(deployment, scaleNext(deployment, undefined, old)), scalingNews(deployment, set)]
  }
  return scaled(deployment, scaleNext(deployment, newest, old))
}

const scaled = (deployment: Deployment, scale: ReadonlyMap<ReplicaSet, number>): readonly Action[] =>
  [...scale].flatMap(([set, replicas]): Action[] => {
    const direction = replicas > replicasOf(set) ? 'up' : 'down'
    const message = `Scaled ${direction} replica set ${set.metadata.name} from ${replicasOf(set)} to ${replicas}`
    const resized = { ...set, spec: { ...set.spec, replicas } }
    return [{ kind: 'update', object: resized }, normal(deployment, 'ScalingReplicaSet', message)]
  })

const scalingNews = (deployment: Deployment, set: ReplicaSet): Action =>
  normal(
    deployment,
    'ScalingReplicaSet',
    `Scaled up replica set ${set.metadata.name} from 0 to ${set.spec.replicas ?? 0}`,
  )

function newSet(
  deployment: Deployment,
  replicas: number,
  revision: string,
  hashOf: (template: PodTemplateSpec) => string,
): ReplicaSet {
  const { template, selector, minReadySeconds } = deployment.spec
  const hash = hashOf(template)
  const labels = { ...template.metadata?.labels, [POD_TEMPLATE_HASH]: hash }
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: `${deployment.metadata.name}-${hash}`,
      namespace: deployment.metadata.namespace,
      labels,
      annotations: { ...inherited(deployment), [DEPLOYMENT_REVISION]: revision },
      ownerReferences: [controllerRef(deployment)],
    },
    spec: {
      replicas,
      ...(minReadySeconds ? { minReadySeconds } : {}),
      selector: { ...selector, matchLabels: { ...selector.matchLabels, [POD_TEMPLATE_HASH]: hash } },
      template: { ...template, metadata: { ...template.metadata, labels } },
    },
  }
}

/** The deployment's own annotations, which its newest set bears too: `kubectl rollout history` reads the change's cause there. */
const inherited = ({ metadata }: Deployment): Record<string, string> =>
  Object.fromEntries(Object.entries(metadata.annotations ?? {}).filter(([key]) => !NOT_INHERITED.has(key)))

const NOT_INHERITED = new Set([DEPLOYMENT_REVISION, 'kubectl.kubernetes.io/last-applied-configuration'])

/** A roll-back makes an old template the newest again: its set takes the next revision. */
function revisionMark(deployment: Deployment, newest: ReplicaSet | undefined, revision: string): readonly Action[] {
  if (!newest) return []
  const current = revisionOf(newest) >= Number(revision) ? String(revisionOf(newest)) : revision
  const mark = (object: Deployment | ReplicaSet, wanted: Readonly<Record<string, string>>): readonly Action[] => {
    const present = object.metadata.annotations
    if (Object.entries(wanted).every(([key, value]) => present?.[key] === value)) return []
    return [{ kind: 'patch', ref: refOf(object), type: 'merge', patch: { metadata: { annotations: wanted } } }]
  }
  const revisionNow = { [DEPLOYMENT_REVISION]: current }
  return [...mark(newest, { ...inherited(deployment), ...revisionNow }), ...mark(deployment, revisionNow)]
}

/** Old empty sets beyond the limit are forgotten, the oldest first; nothing is while a roll-out is on its way. */
function forget(deployment: Deployment, newest: ReplicaSet | undefined, old: readonly ReplicaSet[]): readonly Action[] {
  if (!newest || !isComplete(deployment, newest, old)) return []
  const limit = deployment.spec.revisionHistoryLimit ?? 10
  return old.slice(0, Math.max(0, old.length - limit)).flatMap(set => (isEmpty(set) ? [remove(set)] : []))
}

const isEmpty = (set: ReplicaSet): boolean => replicasOf(set) === 0 && (set.status?.replicas ?? 0) === 0

function isComplete(deployment: Deployment, newest: ReplicaSet, old: readonly ReplicaSet[]): boolean {
  const replicas = deployment.spec.replicas ?? 1
  return (
    (newest.status?.replicas ?? 0) === replicas &&
    (newest.status?.availableReplicas ?? 0) === replicas &&
    old.every(isEmpty)
  )
}

function nextStatus(
  deployment: Deployment,
  newest: ReplicaSet | undefined,
  old: readonly ReplicaSet[],
  now: Instant,
): Deployment['status'] {
  const all = newest ? [...old, newest] : old
  const available = sum(all, set => set.status?.availableReplicas ?? 0)
  const counts = {
    observedGeneration: deployment.metadata.generation,
    replicas: sum(all, set => set.status?.replicas ?? 0) || undefined,
    updatedReplicas: newest?.status?.replicas || undefined,
    readyReplicas: sum(all, set => set.status?.readyReplicas ?? 0) || undefined,
    availableReplicas: available || undefined,
    unavailableReplicas: Math.max(0, sum(all, replicasOf) - available) || undefined,
  }
  const withAvailable = withCondition(deployment.status?.conditions, availability(deployment, available), now)
  const progress = progressOf(deployment, newest, old, counts, now)
  return { ...deployment.status, ...counts, conditions: withProgress(withAvailable, progress, now) }
}

function availability(deployment: Deployment, available: number) {
  const isAvailable = available >= (deployment.spec.replicas ?? 1) - budgetOf(deployment).unavailable
  return {
    type: 'Available',
    status: isAvailable ? 'True' : 'False',
    reason: isAvailable ? 'MinimumReplicasAvailable' : 'MinimumReplicasUnavailable',
    message: `Deployment ${isAvailable ? 'has' : 'does not have'} minimum availability.`,
  } as const
}

type Progress = Pick<Condition, 'type' | 'status' | 'reason' | 'message'> & { readonly moved: boolean }

/** Whether it gets on: each step sets the clock of `progressDeadlineSeconds` back. */
function progressOf(
  deployment: Deployment,
  newest: ReplicaSet | undefined,
  old: readonly ReplicaSet[],
  counts: NonNullable<Deployment['status']>,
  now: Instant,
): Progress {
  const base = { type: 'Progressing', status: 'True', moved: false } as const
  const name = newest?.metadata.name
  if (!newest) return { ...base, reason: 'NewReplicaSetCreated', message: 'Created new replica set', moved: true }
  if (isComplete(deployment, newest, old)) {
    const message = `ReplicaSet "${name}" has successfully progressed.`
    return { ...base, reason: 'NewReplicaSetAvailable', message }
  }
  const before = deployment.status
  const moved =
    (counts.updatedReplicas ?? 0) > (before?.updatedReplicas ?? 0) ||
    (counts.readyReplicas ?? 0) > (before?.readyReplicas ?? 0) ||
    (counts.availableReplicas ?? 0) > (before?.availableReplicas ?? 0) ||
    conditionOf(deployment, 'Progressing') === undefined ||
    conditionOf(deployment, 'Progressing')?.reason === 'NewReplicaSetAvailable'
  if (!moved && progressLeftMs(deployment, before, now) <= 0) {
    const message = `ReplicaSet "${name}" has timed out progressing.`
    return { ...base, status: 'False', reason: 'ProgressDeadlineExceeded', message }
  }
  return { ...base, reason: 'ReplicaSetUpdated', message: `ReplicaSet "${name}" is progressing.`, moved }
}

function withProgress(conditions: readonly Condition[], { moved, ...progress }: Progress, now: Instant) {
  const next = withCondition(conditions, progress, now)
  const isNew = next !== conditions
  // `lastUpdateTime`, which the shared type does not know, is what the deadline counts from.
  return next.map(condition =>
    condition.type === 'Progressing' && (moved || isNew)
      ? { ...condition, lastUpdateTime: formatTime(now) }
      : condition,
  )
}

function progressLeftMs(deployment: Deployment, status: Deployment['status'], now: Instant): number {
  const progressing = status?.conditions?.find(({ type }) => type === 'Progressing') as
    | (Condition & { readonly lastUpdateTime?: string })
    | undefined
  if (!progressing || progressing.status === 'False') return progressing ? 0 : Number.POSITIVE_INFINITY
  const since = Date.parse(progressing.lastUpdateTime ?? progressing.lastTransitionTime ?? '')
  return since + (deployment.spec.progressDeadlineSeconds ?? 600) * 1000 - now
}

function deadlineWake(deployment: Deployment, status: Deployment['status'], now: Instant): readonly Action[] {
  const progressing = status?.conditions?.find(({ type }) => type === 'Progressing')
  if (progressing?.reason !== 'ReplicaSetUpdated' && progressing?.reason !== 'NewReplicaSetCreated') return []
  const left = progressLeftMs(deployment, status, now)
  return Number.isFinite(left) && left > 0 ? [wake(left)] : []
}
