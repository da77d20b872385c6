/** A StatefulSet's status: its pods counted, and whether all are of the newest revision (updateStatus, completeUpdate). */
import type { Instant } from '../../../base/clock.ts'
import type { StatefulSet } from '../../../kube/apps.ts'
import type { Pod } from '../../../kube/core.ts'
import { availableInMs, isReady } from '../deployment/pod-readiness.ts'
import { replicasOf, revisionOf } from './stateful-pod.ts'

/** `going`: uids of pods that are about to be deleted. */
export function nextStatus(
  set: StatefulSet,
  pods: readonly Pod[],
  names: { readonly current: string; readonly update: string },
  going: ReadonlySet<string | undefined>,
  now: Instant,
): NonNullable<StatefulSet['status']> {
  const minReady = set.spec.minReadySeconds ?? 0
  const ready = pods.filter(pod => pod.status?.phase === 'Running' && isReady(pod))
  const stays = pods.filter(({ metadata }) => !metadata.deletionTimestamp && !going.has(metadata.uid))
  const replicas = pods.length
  const updatedReplicas = stays.filter(pod => revisionOf(pod) === names.update).length
  const wanted = replicasOf(set)
  const isComplete = updatedReplicas === wanted && ready.length === wanted && replicas === wanted
  const currentReplicas = stays.filter(pod => revisionOf(pod) === names.current).length
  return {
    ...set.status,
    observedGeneration: set.metadata.generation,
    replicas,
    readyReplicas: ready.length || undefined,
    availableReplicas: ready.filter(pod => availableInMs(pod, minReady, now) === 0).length,
    currentReplicas: (isComplete ? updatedReplicas : currentReplicas) || undefined,
    updatedReplicas: updatedReplicas || undefined,
    currentRevision: isComplete ? names.update : names.current,
    updateRevision: names.update,
    collisionCount: set.status?.collisionCount ?? 0,
  }
}
