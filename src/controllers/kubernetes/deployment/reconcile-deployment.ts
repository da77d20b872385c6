/** The Deployment controller's decision: a ReplicaSet a template, scaled step by step, and a status (pkg/controller/deployment). */
import type { Instant } from '../../../base/clock.ts'
import type { Pod } from '../../../kube/core.ts'
import { isSame } from '../../../kube/equal.ts'
import { DEPLOYMENT_REVISION } from '../../../kube/names.ts'
import { refOf } from '../../../kube/object.ts'
import type { Deployment, ReplicaSet } from '../../../kube/workloads.ts'
import { type Action, create, normal, remove, updateStatus, wake, warning } from '../../runtime/action.ts'
import { byCreation, newestSet, newSet, nextRevision, revisionOf, sizes, upToDate } from './deployment-sets.ts'
import {
  countedStatus,
  deadlineInMs,
  isComplete,
  progressing,
  rolledStatus,
  said,
  withPause,
} from './deployment-status.ts'
import { newReplicas, replicasOf, type Scale, scaleNext } from './roll-out.ts'
import { isScaled, scaleAll } from './scale-event.ts'

/** `sets`: those that the Deployment controls. `hashOf` names a template by its content. `podsOf`: the pods of a set, by its uid. */
export function reconcileDeployment(
  deployment: Deployment,
  sets: readonly ReplicaSet[],
  hashOf: (template: unknown) => string,
  now: Instant,
  podsOf: (uid: string) => readonly Pod[] = () => [],
): readonly Action[] {
  if (isSame(deployment.spec.selector, {})) return selectsAll(deployment)
  const newest = newestSet(deployment, sets)
  const old = sets.filter(set => set !== newest).sort(byCreation)
  if (deployment.metadata.deletionTimestamp) {
    return statusChange(deployment, countedStatus(deployment, newest, old, now))
  }
  const told = withPause(deployment, now)
  const isSizing = deployment.spec.paused === true || isScaled(deployment, sets)
  const plan = isSizing
    ? { scale: scaleAll(deployment, newest, old), made: undefined }
    : rollOut(deployment, newest, old, hashOf, podsOf)
  const known = newest ? found(told, newest, now) : plan.made ? created(told, plan.made, now) : told
  const status = isSizing ? countedStatus(known, newest, old, now) : rolledStatus(known, newest, old, now)
  const mayForget = deployment.spec.paused === true || (!isSizing && isComplete(deployment, deployment.status))
  const deadlineMs = isSizing ? undefined : deadlineInMs(deployment, status, now)
  return [
    ...(plan.made ? [create(plan.made), ...madeNews(deployment, plan.made)] : []),
    ...changeSets(deployment, newest, old, plan.scale, isSizing),
    ...markRevision(deployment, newest, old, plan.made),
    ...(mayForget ? forget(deployment, old) : []),
    ...statusChange(deployment, status),
    ...(deadlineMs === undefined ? [] : [wake(deadlineMs)]),
  ]
}

const statusChange = (deployment: Deployment, status: Deployment['status']): readonly Action[] =>
  isSame(status, deployment.status) ? [] : [updateStatus(deployment, status)]

function selectsAll(deployment: Deployment): readonly Action[] {
  const what = 'This deployment is selecting all pods. A non-empty selector is required.'
  const observedGeneration = deployment.metadata.generation
  return [
    warning(deployment, 'SelectingAll', what),
    ...statusChange(deployment, { ...deployment.status, observedGeneration }),
  ]
}

interface RollOut {
  readonly scale: Scale
  /** The set of a template that had none. */
  readonly made: ReplicaSet | undefined
}

function rollOut(
  deployment: Deployment,
  newest: ReplicaSet | undefined,
  old: readonly ReplicaSet[],
  hashOf: (template: unknown) => string,
  podsOf: (uid: string) => readonly Pod[],
): RollOut {
  const isRecreate = deployment.spec.strategy?.type === 'Recreate'
  if (isRecreate && old.some(set => replicasOf(set) > 0)) {
    return { scale: new Map(old.flatMap(set => (replicasOf(set) > 0 ? [[set, 0] as const] : []))), made: undefined }
  }
  if (isRecreate && old.some(set => hasPods(set, podsOf))) return { scale: new Map(), made: undefined }
  if (newest) return { scale: scaleNext(deployment, newest, old), made: undefined }
  return { scale: new Map(), made: newSet(deployment, newReplicas(deployment, undefined, old), old, hashOf) }
}

/** Those on their way out count: two templates never run side by side. */
const hasPods = (set: ReplicaSet, podsOf: (uid: string) => readonly Pod[]): boolean =>
  (set.status?.replicas ?? 0) > 0 ||
  podsOf(set.metadata.uid ?? '').some(({ status }) => status?.phase !== 'Failed' && status?.phase !== 'Succeeded')

function found(deployment: Deployment, newest: ReplicaSet, now: Instant): Deployment {
  if (progressing(deployment.status) || deployment.spec.progressDeadlineSeconds === undefined) return deployment
  const message = `Found new replica set "${newest.metadata.name}"`
  return said(deployment, { type: 'Progressing', status: 'True', reason: 'FoundNewReplicaSet', message }, now)
}

function created(deployment: Deployment, made: ReplicaSet, now: Instant): Deployment {
  if (deployment.spec.progressDeadlineSeconds === undefined) return deployment
  const message = `Created new replica set "${made.metadata.name}"`
  return said(deployment, { type: 'Progressing', status: 'True', reason: 'NewReplicaSetCreated', message }, now)
}

const madeNews = (deployment: Deployment, made: ReplicaSet): readonly Action[] =>
  replicasOf(made) > 0 ? [scalingNews(deployment, made, 0, replicasOf(made))] : []

const scalingNews = (deployment: Deployment, set: ReplicaSet, from: number, to: number): Action =>
  normal(
    deployment,
    'ScalingReplicaSet',
    `Scaled ${to > from ? 'up' : 'down'} replica set ${set.metadata.name} from ${from} to ${to}`,
  )

/** Each set in one write: its size, and what is noted on it. */
function changeSets(
  deployment: Deployment,
  newest: ReplicaSet | undefined,
  old: readonly ReplicaSet[],
  scale: Scale,
  isSizing: boolean,
): readonly Action[] {
  return [...old, ...(newest ? [newest] : [])].flatMap((set): readonly Action[] => {
    const [from, to] = [replicasOf(set), scale.get(set) ?? replicasOf(set)]
    const base = set === newest ? upToDate(deployment, set, old) : set
    const isNoted = from !== to || (isSizing && scale.has(set))
    const annotations = { ...base.metadata.annotations, ...(isNoted ? sizes(deployment) : {}) }
    const next: ReplicaSet = {
      ...base,
      metadata: { ...base.metadata, annotations },
      spec: from === to ? base.spec : { ...base.spec, replicas: to },
    }
    const isSettled = isSame(next.spec, set.spec) && isSame(annotations, set.metadata.annotations ?? {})
    if (isSettled) return []
    return [{ kind: 'update', object: next }, ...(from === to ? [] : [scalingNews(deployment, set, from, to)])]
  })
}

/** The Deployment bears the number of its newest set. */
function markRevision(
  deployment: Deployment,
  newest: ReplicaSet | undefined,
  old: readonly ReplicaSet[],
  made: ReplicaSet | undefined,
): readonly Action[] {
  if (!newest && !made) return []
  const revision = String(newest ? Math.max(revisionOf(newest), nextRevision(old)) : nextRevision(old))
  if (deployment.metadata.annotations?.[DEPLOYMENT_REVISION] === revision) return []
  const patch = { metadata: { annotations: { [DEPLOYMENT_REVISION]: revision } } }
  return [{ kind: 'patch', ref: refOf(deployment), type: 'merge', patch }]
}

/** Old empty sets beyond the limit, the oldest first. */
function forget(deployment: Deployment, old: readonly ReplicaSet[]): readonly Action[] {
  const alive = old.filter(({ metadata }) => metadata.deletionTimestamp === undefined)
  const surplus = Math.max(0, alive.length - (deployment.spec.revisionHistoryLimit ?? 10))
  return [...alive]
    .sort((a, b) => revisionOf(a) - revisionOf(b))
    .slice(0, surplus)
    .flatMap(set => (isEmpty(set) ? [remove(set)] : []))
}

const isEmpty = (set: ReplicaSet): boolean =>
  replicasOf(set) === 0 &&
  (set.status?.replicas ?? 0) === 0 &&
  (set.metadata.generation ?? 0) <= (set.status?.observedGeneration ?? 0)

/** A set that cannot be made is told, and is a lack of progress. */
export function creationFailed(deployment: Deployment, set: ReplicaSet, why: string, now: Instant): readonly Action[] {
  const message = `Failed to create new replica set "${set.metadata.name}": ${why}`
  const news = { type: 'Progressing', status: 'False', reason: 'ReplicaSetCreateError', message } as const
  const { status } = said(deployment, news, now)
  return [
    warning(deployment, 'ReplicaSetCreateError', message),
    ...(deployment.spec.progressDeadlineSeconds === undefined ? [] : statusChange(deployment, status)),
  ]
}
