/** The Server controller's decision: what it compiles to is applied, its Deployment's state becomes its own. Pure. */
import type { Instant } from '../../base/clock.ts'
import type { KubeObject } from '../../kube/object.ts'
import type { Deployment } from '../../kube/workloads.ts'
import type { Server } from '../../spec/kinds.ts'
import { type Action, apply, normal, warning } from '../runtime/action.ts'
import { conditionOf, isTrue, withCondition } from '../runtime/conditions.ts'
import { type Children, nameTaken } from './children.ts'
import type { Refusal } from './refusal.ts'
import { patchStatus, sentences } from './status-patch.ts'

export type PreparedServer =
  | { readonly kind: 'refused'; readonly refusal: Refusal }
  | { readonly kind: 'compiled'; readonly objects: readonly KubeObject[] }

export interface ServerObserved {
  readonly server: Server
  readonly prepared: PreparedServer
  readonly children: Children
  readonly deployment: Deployment | undefined
}

export function reconcileServer({ server, prepared, children, deployment }: ServerObserved, now: Instant) {
  if (server.metadata.deletionTimestamp) return []
  if (prepared.kind === 'refused') {
    return refuse(server, prepared.refusal.reason, sentences(prepared.refusal.problems), now)
  }
  if (children.foreign.length > 0) return refuse(server, 'NameTaken', nameTaken(children.foreign), now)
  // What is left of an earlier Server of this name comes back to us as an event when it goes.
  if (children.leftover.length > 0) return []
  // A changed declaration is applied as a whole; otherwise only what somebody took away.
  const isNew = server.status?.observedGeneration !== server.metadata.generation
  const toApply = isNew ? prepared.objects : children.missing
  return [...toApply.map(object => apply(object, server)), ...statusActions(server, deployment, now)]
}

function statusActions(server: Server, deployment: Deployment | undefined, now: Instant): readonly Action[] {
  const found = conditionOf(deployment, 'Available')
  const isSettled = deployment?.status?.observedGeneration === deployment?.metadata.generation
  const isAvailable = found?.status === 'True' && isSettled
  const condition = {
    type: 'Available',
    status: isAvailable ? 'True' : 'False',
    reason: isAvailable ? 'MinimumReplicasAvailable' : 'MinimumReplicasUnavailable',
    message: found?.message ?? 'The Deployment has not begun.',
  } as const
  const withAvailable = withCondition(server.status?.conditions, condition, now)
  const conditions = withAvailable.filter(({ type }) => type !== 'Failed')
  const becameAvailable = isAvailable && !isTrue(server, 'Available')
  return [
    ...patchStatus(server, {
      phase: isAvailable ? 'Available' : 'Pending',
      observedGeneration: server.metadata.generation,
      conditions: conditions.length === withAvailable.length ? withAvailable : conditions,
      replicas: deployment?.status?.replicas ?? 0,
      readyReplicas: deployment?.status?.readyReplicas ?? 0,
    }),
    ...(becameAvailable ? [normal(server, 'Available', `${deployment?.status?.readyReplicas ?? 0} ready`)] : []),
  ]
}

function refuse(server: Server, reason: string, message: string, now: Instant): readonly Action[] {
  const condition = { type: 'Failed', status: 'True', reason, message } as const
  const actions = patchStatus(server, {
    phase: 'Failed',
    observedGeneration: server.metadata.generation,
    conditions: withCondition(server.status?.conditions, condition, now),
  })
  return actions.length === 0 ? [] : [...actions, warning(server, reason, message)]
}
