/**
 * The Server controller's decision: what it compiles to is applied, a change first on a canary where that is asked for; what is wanted no
 * more goes; its Deployment's state becomes its own. Pure.
 */
import type { Instant } from '../../base/clock.ts'
import type { Capabilities } from '../../compiler/capabilities.ts'
import { canaryDeployment } from '../../compiler/targets/server/deployment.ts'
import type { ConfigMap, Pod, Service } from '../../kube/core.ts'
import type { KubeObject } from '../../kube/object.ts'
import type { Deployment } from '../../kube/workloads.ts'
import type { Server } from '../../spec/kinds.ts'
import { type Action, normal, remove, wake, warning } from '../runtime/action.ts'
import { isTrue, withCondition } from '../runtime/conditions.ts'
import { adoptCode } from './adopt-code.ts'
import { type Children, nameTaken } from './children.ts'
import type { Refusal } from './refusal.ts'
import { CANARY_HEALTHY, type Trial, trialOf, withTemplateName } from './server-canary.ts'
import { type Belongings, leftoversOf } from './server-leftovers.ts'
import { isRolledBack, type ServerUsage, statusFields } from './server-status.ts'
import { patchStatus, sentences } from './status-patch.ts'

export type PreparedServer =
  | { readonly kind: 'refused'; readonly refusal: Refusal }
  | { readonly kind: 'compiled'; readonly objects: readonly KubeObject[] }

export interface ServerObserved {
  readonly server: Server
  readonly prepared: PreparedServer
  readonly capabilities: Capabilities
  readonly children: Children
  readonly belongings: Belongings
  readonly deployment: Deployment | undefined
  readonly canary: Deployment | undefined
  readonly canaryPods: readonly Pod[]
  readonly service: Service | undefined
  readonly code: ConfigMap | undefined
  readonly usage: ServerUsage | undefined
}

export function reconcileServer(observed: ServerObserved, now: Instant): readonly Action[] {
  const { server, prepared, children, deployment, canary, canaryPods } = observed
  if (server.metadata.deletionTimestamp) return []
  if (prepared.kind === 'refused') {
    return refuse(server, prepared.refusal.reason, sentences(prepared.refusal.problems), now)
  }
  if (children.foreign.length > 0) return refuse(server, 'NameTaken', nameTaken(children.foreign), now)
  // What is left of an earlier Server of this name comes back to us as an event when it goes.
  if (children.leftover.length > 0) return []
  const wanted = prepared.objects.find((object): object is Deployment => object.kind === 'Deployment')
  const trial: Trial = wanted
    ? trialOf({ server, wanted, main: deployment, canary, canaryPods }, now)
    : { kind: 'none' }
  return [
    ...adoptCode(server, observed.code),
    ...applyActions(observed, prepared.objects, trial),
    ...(wanted ? trialActions(observed, wanted, trial) : []),
    ...leftoverActions(observed, prepared.objects, trial),
    ...statusActions(observed, wanted, trial, now),
  ]
}

/** A changed declaration is applied as a whole; otherwise only what somebody took away. While a change is tried, the copies stay. */
function applyActions({ server, children, deployment }: ServerObserved, objects: readonly KubeObject[], trial: Trial) {
  const isNew = server.status?.observedGeneration !== server.metadata.generation
  const isHeld = trial.kind !== 'none' && trial.kind !== 'promote'
  const chosen = isNew || trial.kind === 'promote' ? objects : children.missing
  const toApply = isHeld ? chosen.filter(({ kind }) => kind !== 'Deployment') : chosen
  return toApply.flatMap(object => [
    ...(object.kind === 'Deployment' ? handOver(server, deployment, object as Deployment) : []),
    ours(server, object.kind === 'Deployment' ? keepingRollback(object as Deployment, deployment) : object),
  ])
}

/** More copies, another budget: what is no other pod template does not end a rollback. */
const keepingRollback = (wanted: Deployment, present: Deployment | undefined): Deployment =>
  present && isRolledBack(present, wanted)
    ? { ...wanted, spec: { ...wanted.spec, template: present.spec.template } }
    : wanted

/** What is ours follows the declaration, whoever changed it by hand. */
const ours = (server: Server, object: KubeObject): Action => ({ kind: 'apply', object, about: server, force: true })

/**
 * An autoscaler is to set `replicas` from now on. A field that we give up, and nobody else claims, would fall back to 1 at once, so it is
 * claimed for whoever scales (Kubernetes, "Transferring Ownership" of server-side apply).
 */
function handOver(server: Server, present: Deployment | undefined, wanted: Deployment): readonly Action[] {
  const replicas = present?.spec.replicas
  if (wanted.spec.replicas !== undefined || replicas === undefined) return []
  const { apiVersion, kind, metadata } = wanted
  const claim = {
    apiVersion,
    kind,
    metadata: { namespace: metadata.namespace, name: metadata.name },
    spec: { replicas },
  }
  return [{ kind: 'apply', object: claim as KubeObject, about: server, force: true, manager: 'solvent-scale' }]
}

function trialActions(
  { server, deployment, canary, capabilities }: ServerObserved,
  wanted: Deployment,
  trial: Trial,
): readonly Action[] {
  switch (trial.kind) {
    case 'begin': {
      const copies = deployment?.spec.replicas ?? 1
      const tried = withTemplateName(canaryDeployment(server, capabilities, copies), wanted.spec.template)
      const told = normal(server, 'CanaryStarted', `The change is tried on ${tried.spec.replicas} of ${copies} first`)
      return [ours(server, tried), told]
    }
    case 'wait':
      return trial.afterMs === undefined ? [] : [wake(trial.afterMs)]
    case 'promote':
      return [normal(server, 'CanaryPromoted', 'The canary stood well; the rest follows')]
    case 'fail':
      return [
        ...(canary ? [remove(canary)] : []),
        warning(server, 'CanaryFailed', `The change is taken back: ${trial.because}`),
      ]
    case 'failed':
    case 'none':
      // It serves on until the copies that take its place do.
      return canary && isComplete(deployment) ? [remove(canary)] : []
  }
}

const isComplete = (deployment: Deployment | undefined): boolean => {
  const { status = {}, spec, metadata } = deployment ?? {}
  const replicas = spec?.replicas ?? 0
  return (
    deployment !== undefined &&
    status.observedGeneration === metadata?.generation &&
    (status.updatedReplicas ?? 0) === replicas &&
    (status.replicas ?? 0) === replicas &&
    (status.availableReplicas ?? 0) === replicas
  )
}

function leftoverActions(
  { server, belongings, deployment, canary }: ServerObserved,
  objects: readonly KubeObject[],
  trial: Trial,
) {
  const isSettled = trial.kind === 'none' && !canary && isComplete(deployment)
  return leftoversOf(server, objects, belongings, isSettled).map(object => remove(object))
}

function statusActions(observed: ServerObserved, wanted: Deployment | undefined, trial: Trial, now: Instant) {
  const { server } = observed
  const fields = statusFields({ ...observed, wanted, isTrying: trial.kind !== 'none' }, now)
  const conditions = withVerdict(server, fields.conditions ?? [], trial, now)
  const becameAvailable = fields.phase === 'Available' && !isTrue(server, 'Available')
  return [
    ...patchStatus(server, { ...fields, conditions }),
    ...(becameAvailable ? [normal(server, 'Available', `${fields.readyReplicas} ready`)] : []),
  ]
}

function withVerdict(
  { metadata: { generation } }: Server,
  conditions: NonNullable<Server['status']>['conditions'] & object,
  trial: Trial,
  now: Instant,
) {
  const claim = { type: CANARY_HEALTHY, observedGeneration: generation }
  switch (trial.kind) {
    case 'begin':
      return withCondition(
        conditions,
        { ...claim, status: 'Unknown', reason: 'Trying', message: 'A change is tried.' },
        now,
      )
    case 'promote':
      return withCondition(
        conditions,
        { ...claim, status: 'True', reason: 'StoodWell', message: 'It was rolled out.' },
        now,
      )
    case 'fail': {
      const message = `${trial.because}. The copies stay as they were; a changed declaration is tried again.`
      return withCondition(conditions, { ...claim, status: 'False', reason: 'Trouble', message }, now)
    }
    default:
      return conditions
  }
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
