/** A Deployment's status: its pods counted, and whether it gets on (calculateStatus, syncRolloutStatus in pkg/controller/deployment). */
import { formatTime, type Instant } from '../../../base/clock.ts'
import type { Condition } from '../../../kube/object.ts'
import type { Deployment, ReplicaSet } from '../../../kube/workloads.ts'
import { budgetOf, replicasOf, sum } from './roll-out.ts'

type Status = NonNullable<Deployment['status']>
/** `lastUpdateTime`, which other conditions do not have, is what the deadline counts from. */
type DeploymentCondition = Condition & { readonly lastUpdateTime?: string }
type News = Pick<Condition, 'type' | 'status' | 'reason' | 'message'>

const conditionsOf = (status: Deployment['status']): readonly DeploymentCondition[] => status?.conditions ?? []
export const progressing = (status: Deployment['status']): DeploymentCondition | undefined =>
  conditionsOf(status).find(({ type }) => type === 'Progressing')

/** Absent in the API's words: as long as anybody likes. */
const NO_DEADLINE = 2_147_483_647
export const hasDeadline = ({ spec }: Deployment): boolean =>
  spec.progressDeadlineSeconds !== undefined && spec.progressDeadlineSeconds !== NO_DEADLINE

export const isComplete = ({ spec, metadata }: Deployment, status: Deployment['status']): boolean => {
  const { replicas = 1 } = spec
  return (
    (status?.updatedReplicas ?? 0) === replicas &&
    (status?.replicas ?? 0) === replicas &&
    (status?.availableReplicas ?? 0) === replicas &&
    (status?.observedGeneration ?? 0) >= (metadata.generation ?? 0)
  )
}

export function countedStatus(
  deployment: Deployment,
  newest: ReplicaSet | undefined,
  old: readonly ReplicaSet[],
  now: Instant,
): Status {
  const all = newest ? [...old, newest] : old
  const available = sum(all, set => set.status?.availableReplicas ?? 0)
  const terminating = terminatingOf(all)
  return {
    ...deployment.status,
    observedGeneration: deployment.metadata.generation,
    replicas: sum(all, set => set.status?.replicas ?? 0) || undefined,
    updatedReplicas: newest?.status?.replicas || undefined,
    readyReplicas: sum(all, set => set.status?.readyReplicas ?? 0) || undefined,
    availableReplicas: available || undefined,
    unavailableReplicas: Math.max(0, sum(all, replicasOf) - available) || undefined,
    terminatingReplicas: terminating,
    conditions: withNews(conditionsOf(deployment.status), availability(deployment, available), now),
  }
}

/** Unknown as long as a set that was looked at does not say. */
function terminatingOf(sets: readonly ReplicaSet[]): number | undefined {
  const seen = sets.filter(({ status }) => status?.observedGeneration || status?.terminatingReplicas !== undefined)
  if (seen.some(({ status }) => status?.terminatingReplicas === undefined)) return undefined
  return sum(seen, set => set.status?.terminatingReplicas ?? 0)
}

function availability(deployment: Deployment, available: number): News {
  const isAvailable = available >= (deployment.spec.replicas ?? 1) - budgetOf(deployment).unavailable
  return {
    type: 'Available',
    status: isAvailable ? 'True' : 'False',
    reason: isAvailable ? 'MinimumReplicasAvailable' : 'MinimumReplicasUnavailable',
    message: `Deployment ${isAvailable ? 'has' : 'does not have'} minimum availability.`,
  }
}

/** With what a roll-out has to say of itself. */
export function rolledStatus(
  deployment: Deployment,
  newest: ReplicaSet | undefined,
  old: readonly ReplicaSet[],
  now: Instant,
): Status {
  const counted = countedStatus(deployment, newest, old, now)
  return { ...counted, conditions: withFailure(withProgress(deployment, newest, counted, now), newest, old, now) }
}

function withProgress(
  deployment: Deployment,
  newest: ReplicaSet | undefined,
  counted: Status,
  now: Instant,
): readonly Condition[] {
  const conditions = conditionsOf(counted)
  const others = conditions.filter(({ type }) => type !== 'Progressing')
  if (!hasDeadline(deployment)) return others
  const before = progressing(deployment.status)
  const isDone =
    (counted.replicas ?? 0) === (counted.updatedReplicas ?? 0) && before?.reason === 'NewReplicaSetAvailable'
  if (isDone) return conditions
  const what = newest ? `ReplicaSet "${newest.metadata.name}"` : `Deployment "${deployment.metadata.name}"`
  const news = (status: Condition['status'], reason: string, message: string): News => ({
    ...{ type: 'Progressing', status, reason, message: `${what} ${message}` },
  })
  if (isComplete(deployment, counted)) {
    return withNews(conditions, news('True', 'NewReplicaSetAvailable', 'has successfully progressed.'), now)
  }
  if (getsOn(deployment.status, counted)) {
    const moved = withNews(others, news('True', 'ReplicaSetUpdated', 'is progressing.'), now)
    return moved.map(each =>
      each.type === 'Progressing' && before?.status === 'True'
        ? { ...each, lastTransitionTime: before.lastTransitionTime }
        : each,
    )
  }
  if (isLate(deployment, before, now)) {
    return withNews(conditions, news('False', 'ProgressDeadlineExceeded', 'has timed out progressing.'), now)
  }
  return conditions
}

/** More new pods, fewer old ones, more that are ready or available. */
export function getsOn(before: Deployment['status'], after: Status): boolean {
  const { replicas = 0, updatedReplicas = 0, readyReplicas = 0, availableReplicas = 0 } = before ?? {}
  return (
    (after.updatedReplicas ?? 0) > updatedReplicas ||
    (after.replicas ?? 0) - (after.updatedReplicas ?? 0) < replicas - updatedReplicas ||
    (after.readyReplicas ?? 0) > readyReplicas ||
    (after.availableReplicas ?? 0) > availableReplicas
  )
}

export function isLate(deployment: Deployment, condition: DeploymentCondition | undefined, now: Instant): boolean {
  if (!hasDeadline(deployment) || condition === undefined || condition.reason === 'NewReplicaSetAvailable') return false
  return condition.reason === 'ProgressDeadlineExceeded' || leftMs(deployment, condition, now) <= 0
}

function leftMs(
  { spec }: Deployment,
  { lastUpdateTime, lastTransitionTime }: DeploymentCondition,
  now: Instant,
): number {
  const since = Date.parse(lastUpdateTime ?? lastTransitionTime ?? '')
  return since + (spec.progressDeadlineSeconds ?? NO_DEADLINE) * 1000 - now
}

/** When to look again because the deadline may pass; undefined: it cannot. */
export function deadlineInMs(deployment: Deployment, status: Status, now: Instant): number | undefined {
  const condition = progressing(status)
  const cannot =
    !hasDeadline(deployment) ||
    condition === undefined ||
    isComplete(deployment, status) ||
    ['ProgressDeadlineExceeded', 'NewReplicaSetAvailable'].includes(condition.reason ?? '')
  return cannot ? undefined : Math.max(0, leftMs(deployment, condition, now))
}

/** A pod that cannot be made is said here too: the newest set's failure before those of the old ones. */
function withFailure(
  conditions: readonly Condition[],
  newest: ReplicaSet | undefined,
  old: readonly ReplicaSet[],
  now: Instant,
): readonly Condition[] {
  const failureOf = (set: ReplicaSet | undefined): Condition | undefined =>
    set?.status?.conditions?.find(({ type }) => type === 'ReplicaFailure')
  const failure = failureOf(newest) ?? failureOf(old.find(failureOf))
  const others = conditions.filter(({ type }) => type !== 'ReplicaFailure')
  if (failure === undefined) return others.length === conditions.length ? conditions : others
  const { type, status, reason, message } = failure
  return withNews(conditions, { type, status, reason, message }, now)
}

/** Paused and resumed ones are said to be so: a pause is no lack of progress. */
export function withPause(deployment: Deployment, now: Instant): Deployment {
  const before = progressing(deployment.status)
  if (!hasDeadline(deployment) || before?.reason === 'ProgressDeadlineExceeded') return deployment
  const { paused = false } = deployment.spec
  if (paused === (before?.reason === 'DeploymentPaused')) return deployment
  const news: News = {
    ...{ type: 'Progressing', status: 'Unknown' },
    reason: paused ? 'DeploymentPaused' : 'DeploymentResumed',
    message: `Deployment is ${paused ? 'paused' : 'resumed'}`,
  }
  return said(deployment, news, now)
}

export const said = (deployment: Deployment, news: News, now: Instant): Deployment => ({
  ...deployment,
  status: { ...deployment.status, conditions: withNews(conditionsOf(deployment.status), news, now) },
})

/** The same list when status and reason stay; the time of the transition moves only with the status. */
export function withNews(
  conditions: readonly DeploymentCondition[],
  news: News,
  now: Instant,
): readonly DeploymentCondition[] {
  const before = conditions.find(({ type }) => type === news.type)
  if (before?.status === news.status && before.reason === news.reason) return conditions
  const time = formatTime(now)
  const stays = before?.status === news.status ? before.lastTransitionTime : undefined
  const next = { ...news, lastUpdateTime: time, lastTransitionTime: stays ?? time }
  return [...conditions.filter(each => each !== before), next]
}
