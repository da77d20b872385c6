/** The ReplicaSet controller's decision: as many pods as wanted, and a status that counts them (pkg/controller/replicaset). */
import { formatTime, type Instant } from '../../../base/clock.ts'
import type { Pod } from '../../../kube/core.ts'
import { isSame } from '../../../kube/equal.ts'
import { type Condition, controllerRef } from '../../../kube/object.ts'
import type { ReplicaSet } from '../../../kube/workloads.ts'
import { type Action, create, remove, updateStatus, wake } from '../../runtime/action.ts'
import { deletionOrder } from './deletion-order.ts'
import { availableInMs, isReady } from './pod-readiness.ts'

/** Upstream's BurstReplicas. */
const MAX_AT_ONCE = 500

/** `pods`: those that the ReplicaSet controls. `kin`: with those of its siblings, of which a node should not have many. */
export function reconcileReplicaSet(
  set: ReplicaSet,
  pods: readonly Pod[],
  now: Instant,
  kin: readonly Pod[] = pods,
): readonly Action[] {
  const active = pods.filter(isActive)
  const wanted = set.metadata.deletionTimestamp ? active.length : (set.spec.replicas ?? 1)
  const missing = Math.min(MAX_AT_ONCE, wanted - active.length)
  const surplus = Math.min(MAX_AT_ONCE, active.length - wanted)
  const minReady = set.spec.minReadySeconds ?? 0
  const waits = active.flatMap(pod => availableInMs(pod, minReady, now) || [])
  const status = replicaSetStatus(set, pods, now)
  return [
    ...Array.from({ length: Math.max(0, missing) }, () => create(podOf(set), set)),
    ...(surplus > 0 ? surplusOf(active, surplus, kin, now).map(pod => remove(pod, { about: set })) : []),
    ...(isSame(status, set.status) ? [] : [updateStatus(set, status)]),
    ...(waits.length > 0 ? [wake(Math.min(...waits))] : []),
  ]
}

export const isActive = ({ metadata, status }: Pod): boolean =>
  metadata.deletionTimestamp === undefined && status?.phase !== 'Succeeded' && status?.phase !== 'Failed'

const isTerminating = ({ metadata, status }: Pod): boolean =>
  metadata.deletionTimestamp !== undefined && status?.phase !== 'Succeeded' && status?.phase !== 'Failed'

function surplusOf(active: readonly Pod[], count: number, kin: readonly Pod[], now: Instant): readonly Pod[] {
  const onNode = new Map<string | undefined, number>()
  for (const pod of kin) if (isActive(pod)) onNode.set(pod.spec.nodeName, (onNode.get(pod.spec.nodeName) ?? 0) + 1)
  return deletionOrder(active, pod => onNode.get(pod.spec.nodeName) ?? 0, now).slice(0, count)
}

/** `failure`: why the number of pods could not be set right. */
export function replicaSetStatus(
  set: ReplicaSet,
  pods: readonly Pod[],
  now: Instant,
  failure?: string,
): NonNullable<ReplicaSet['status']> {
  const active = pods.filter(isActive)
  const labels = Object.entries(set.spec.template.metadata?.labels ?? {})
  const isLabeled = (pod: Pod): boolean => labels.every(([key, value]) => pod.metadata.labels?.[key] === value)
  const minReady = set.spec.minReadySeconds ?? 0
  return {
    ...set.status,
    replicas: active.length,
    fullyLabeledReplicas: active.filter(isLabeled).length || undefined,
    readyReplicas: active.filter(isReady).length || undefined,
    availableReplicas: active.filter(pod => availableInMs(pod, minReady, now) === 0).length || undefined,
    terminatingReplicas: pods.filter(isTerminating).length,
    observedGeneration: set.metadata.generation,
    conditions: withFailure(set, active.length, failure, now),
  }
}

/** A failure is said until the number is right again; what it says stays as it was first said. */
function withFailure(
  { status, spec }: ReplicaSet,
  numActive: number,
  failure: string | undefined,
  now: Instant,
): readonly Condition[] | undefined {
  const conditions = status?.conditions ?? []
  const others = conditions.filter(({ type }) => type !== 'ReplicaFailure')
  if (failure === undefined) {
    const kept = numActive === (spec.replicas ?? 1) ? others : conditions
    return kept.length > 0 ? kept : undefined
  }
  if (others.length < conditions.length) return conditions
  const reason = numActive < (spec.replicas ?? 1) ? 'FailedCreate' : 'FailedDelete'
  const condition = { type: 'ReplicaFailure', status: 'True', reason, message: failure } as const
  return [...others, { ...condition, lastTransitionTime: formatTime(now) }]
}

function podOf(set: ReplicaSet): Pod {
  const { template } = set.spec
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      generateName: `${set.metadata.name}-`,
      namespace: set.metadata.namespace,
      ...template.metadata,
      ownerReferences: [controllerRef(set)],
    },
    spec: template.spec,
  }
}
