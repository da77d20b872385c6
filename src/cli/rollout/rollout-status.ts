/** Where a rollout stands, in kubectl's sentences (k8s.io/kubectl, pkg/polymorphichelpers/rollout_status.go). Pure. */
import type { DaemonSet, StatefulSet } from '../../kube/apps.ts'
import type { UnknownObject } from '../../kube/object.ts'
import type { Deployment } from '../../kube/workloads.ts'
import type { RolledKind } from './rollout-target.ts'

export type RolloutStatus =
  | { readonly kind: 'under-way'; readonly text: string }
  | { readonly kind: 'done'; readonly text: string }
  | { readonly kind: 'failed'; readonly text: string }

const underWay = (text: string): RolloutStatus => ({ kind: 'under-way', text })
const done = (text: string): RolloutStatus => ({ kind: 'done', text })
const failed = (text: string): RolloutStatus => ({ kind: 'failed', text })

export const rolloutStatus = (kind: RolledKind, object: UnknownObject): RolloutStatus => STATUSES[kind](object)

const STATUSES: Readonly<Record<RolledKind, (object: UnknownObject) => RolloutStatus>> = {
  Deployment: object => ofDeployment(object as unknown as Deployment),
  DaemonSet: object => ofDaemonSet(object as unknown as DaemonSet),
  StatefulSet: object => ofStatefulSet(object as unknown as StatefulSet),
}

const isUnobserved = ({ metadata, status }: UnknownObject | Deployment): boolean =>
  (metadata.generation ?? 0) > ((status as { readonly observedGeneration?: number })?.observedGeneration ?? 0)

function ofDeployment(deployment: Deployment): RolloutStatus {
  const { metadata, spec, status = {} } = deployment
  const name = JSON.stringify(metadata.name)
  if (isUnobserved(deployment)) return underWay('Waiting for deployment spec update to be observed...')
  const progressing = status.conditions?.find(({ type }) => type === 'Progressing')
  if (progressing?.reason === 'ProgressDeadlineExceeded')
    return failed(`deployment ${name} exceeded its progress deadline`)
  const { replicas = 0, updatedReplicas = 0, availableReplicas = 0 } = status
  const waiting = `Waiting for deployment ${name} rollout to finish:`
  if (spec.replicas !== undefined && updatedReplicas < spec.replicas) {
    return underWay(`${waiting} ${updatedReplicas} out of ${spec.replicas} new replicas have been updated...`)
  }
  if (replicas > updatedReplicas) {
    return underWay(`${waiting} ${replicas - updatedReplicas} old replicas are pending termination...`)
  }
  if (availableReplicas < updatedReplicas) {
    return underWay(`${waiting} ${availableReplicas} of ${updatedReplicas} updated replicas are available...`)
  }
  return done(`deployment ${name} successfully rolled out`)
}

const ONLY_ROLLING = 'rollout status is only available for RollingUpdate strategy type'

function ofDaemonSet(set: DaemonSet): RolloutStatus {
  const { metadata, spec, status } = set
  if ((spec.updateStrategy?.type ?? 'RollingUpdate') !== 'RollingUpdate') return failed(ONLY_ROLLING)
  if (isUnobserved(set as unknown as UnknownObject))
    return underWay('Waiting for daemon set spec update to be observed...')
  const { updatedNumberScheduled = 0, desiredNumberScheduled = 0, numberAvailable = 0 } = status ?? {}
  const name = JSON.stringify(metadata.name)
  const waiting = `Waiting for daemon set ${name} rollout to finish:`
  if (updatedNumberScheduled < desiredNumberScheduled) {
    return underWay(
      `${waiting} ${updatedNumberScheduled} out of ${desiredNumberScheduled} new pods have been updated...`,
    )
  }
  if (numberAvailable < desiredNumberScheduled) {
    return underWay(`${waiting} ${numberAvailable} of ${desiredNumberScheduled} updated pods are available...`)
  }
  return done(`daemon set ${name} successfully rolled out`)
}

function ofStatefulSet(set: StatefulSet): RolloutStatus {
  const { spec, status } = set
  const { type = 'RollingUpdate', rollingUpdate } = spec.updateStrategy ?? {}
  if (type !== 'RollingUpdate') return failed(ONLY_ROLLING)
  if (isUnobserved(set as unknown as UnknownObject))
    return underWay('Waiting for statefulset spec update to be observed...')
  const { readyReplicas = 0, updatedReplicas = 0, currentReplicas = 0, updateRevision, currentRevision } = status ?? {}
  const replicas = spec.replicas ?? 1
  if (readyReplicas < replicas) return underWay(`Waiting for ${replicas - readyReplicas} pods to be ready...`)
  const partition = Number(rollingUpdate?.partition ?? 0)
  if (partition > 0) {
    const wanted = replicas - partition
    return updatedReplicas < wanted
      ? underWay(
          `Waiting for partitioned roll out to finish: ${updatedReplicas} out of ${wanted} new pods have been updated...`,
        )
      : done(`partitioned roll out complete: ${updatedReplicas} new pods have been updated...`)
  }
  if (updateRevision !== currentRevision) {
    return underWay(
      `waiting for statefulset rolling update to complete ${updatedReplicas} pods at revision ${updateRevision}...`,
    )
  }
  return done(`statefulset rolling update complete ${currentReplicas} pods at revision ${currentRevision}...`)
}
