/** The ReplicaSet controller's decision: as many pods as wanted, and a status that counts them (pkg/controller/replicaset). */
import type { Instant } from '../../../base/clock.ts'
import type { Pod } from '../../../kube/core.ts'
import { isSame } from '../../../kube/equal.ts'
import { controllerRef } from '../../../kube/object.ts'
import type { ReplicaSet } from '../../../kube/workloads.ts'
import { type Action, create, remove, updateStatus, wake } from '../../runtime/action.ts'
import { availableInMs, isReady } from './pod-readiness.ts'

/** Upstream's BurstReplicas. */
const MAX_AT_ONCE = 500

/** `pods`: those that the ReplicaSet controls. */
export function reconcileReplicaSet(set: ReplicaSet, pods: readonly Pod[], now: Instant): readonly Action[] {
  const active = pods.filter(isActive)
  const wanted = set.metadata.deletionTimestamp ? active.length : (set.spec.replicas ?? 1)
  const missing = Math.min(MAX_AT_ONCE, wanted - active.length)
  const surplus = Math.min(MAX_AT_ONCE, active.length - wanted)
  const minReady = set.spec.minReadySeconds ?? 0
  const waits = active.flatMap(pod => availableInMs(pod, minReady, now) || [])
  const status = nextStatus(set, active, now)
  return [
    ...Array.from({ length: Math.max(0, missing) }, () => create(podOf(set), set)),
    ...[...active]
      .sort(leastUsefulFirst)
      .slice(0, Math.max(0, surplus))
      .map(pod => remove(pod, { about: set })),
    ...(isSame(status, set.status) ? [] : [updateStatus(set, status)]),
    ...(waits.length > 0 ? [wake(Math.min(...waits))] : []),
  ]
}

const isActive = ({ metadata, status }: Pod): boolean =>
  metadata.deletionTimestamp === undefined && status?.phase !== 'Succeeded' && status?.phase !== 'Failed'

function nextStatus(set: ReplicaSet, active: readonly Pod[], now: Instant): ReplicaSet['status'] {
  const labels = Object.entries(set.spec.template.metadata?.labels ?? {})
  const isLabeled = (pod: Pod): boolean => labels.every(([key, value]) => pod.metadata.labels?.[key] === value)
  const minReady = set.spec.minReadySeconds ?? 0
  return {
    ...set.status,
    replicas: active.length,
    fullyLabeledReplicas: active.filter(isLabeled).length || undefined,
    readyReplicas: active.filter(isReady).length || undefined,
    availableReplicas: active.filter(pod => availableInMs(pod, minReady, now) === 0).length || undefined,
    observedGeneration: set.metadata.generation,
  }
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

/** Those that got least far go first, then the youngest (ActivePods in pkg/controller/controller_utils.go). */
function leastUsefulFirst(a: Pod, b: Pod): number {
  const progress = (pod: Pod): number =>
    (pod.spec.nodeName ? 1 : 0) + (pod.status?.phase === 'Running' ? 2 : 0) + (isReady(pod) ? 4 : 0)
  const createdAt = (pod: Pod): number => Date.parse(pod.metadata.creationTimestamp ?? '') || 0
  return progress(a) - progress(b) || createdAt(b) - createdAt(a) || (a.metadata.name! < b.metadata.name! ? 1 : -1)
}
