/**
 * The StatefulSet controller's decision (pkg/controller/statefulset/stateful_set_control.go): pods with names come in order and go in the
 * reverse one, each after all before it are available; an update replaces them from the last to the first.
 */
import type { Instant } from '../../../base/clock.ts'
import type { ControllerRevision, StatefulSet } from '../../../kube/apps.ts'
import type { Pod, PodTemplateSpec } from '../../../kube/core.ts'
import { isSame } from '../../../kube/equal.ts'
import type { UnknownObject } from '../../../kube/object.ts'
import { type Action, remove, updateStatus, type Words, wake, warning } from '../../runtime/action.ts'
import { availableInMs } from '../deployment/pod-readiness.ts'
import { templateOf, truncateHistory, updateRevision } from '../history/revisions.ts'
import { hasForeignController, isClaimStale, isOwnerUpToDate, withOwners } from './claim-owners.ts'
import {
  asItself,
  claimName,
  claimsOf,
  firstOrdinal,
  isInRange,
  isItself,
  newPod,
  ordinalOf,
  replicasOf,
  revisionOf,
} from './stateful-pod.ts'
import { nextStatus } from './stateful-set-status.ts'
import { podsToUpdate } from './update-order.ts'

export interface StatefulSetObserved {
  readonly set: StatefulSet
  /** Those that it controls. */
  readonly pods: readonly Pod[]
  readonly revisions: readonly ControllerRevision[]
  readonly claim: (name: string) => UnknownObject | undefined
}

/** A pod that there is, or one that is still to be made. */
interface Place {
  readonly pod: Pod
  readonly exists: boolean
}

/** `stops`: nothing after this place may be touched now. */
interface Step {
  readonly actions: readonly Action[]
  readonly stops: boolean
}
const STOP: Step = { actions: [], stops: true }

export function reconcileStatefulSet(
  observed: StatefulSetObserved,
  hashOf: (data: unknown) => string,
  now: Instant,
): readonly Action[] {
  const { set, pods, revisions } = observed
  const update = updateRevision(set, revisions, { hashOf, collisions: set.status?.collisionCount })
  const current = update.all.find(({ metadata }) => metadata.name === set.status?.currentRevision) ?? update.revision
  const names = { current: current.metadata.name ?? '', update: update.revision.metadata.name ?? '' }
  const templates = { current: templateOf(current) ?? set.spec.template, update: set.spec.template }
  const work = set.metadata.deletionTimestamp ? [] : decide(observed, names, templates, now)
  const going = new Set(work.flatMap(action => (action.kind === 'delete' ? [action.uid] : [])))
  const status = nextStatus(set, pods, names, going, now)
  const live = new Set([names.current, names.update, ...pods.map(revisionOf)])
  const waits = pods.flatMap(pod => availableInMs(pod, set.spec.minReadySeconds ?? 0, now) || [])
  return [
    ...update.actions,
    ...work,
    ...(isSame(status, set.status) ? [] : [updateStatus(set, status)]),
    ...truncateHistory(revisions, ({ metadata }) => live.has(metadata.name ?? ''), set.spec.revisionHistoryLimit ?? 10),
    ...(waits.length > 0 ? [wake(Math.min(...waits))] : []),
  ]
}

type Names = { readonly current: string; readonly update: string }
type Templates = { readonly current: PodTemplateSpec; readonly update: PodTemplateSpec }

function decide(observed: StatefulSetObserved, names: Names, templates: Templates, now: Instant): readonly Action[] {
  const { set, pods } = observed
  const minReady = set.spec.minReadySeconds ?? 0
  const isUnavailable = (pod: Pod): boolean => isTerminating(pod) || availableInMs(pod, minReady, now) !== 0
  const isOrdered = set.spec.podManagementPolicy !== 'Parallel'
  const places = placesOf(set, pods, names, templates)
  const condemned = pods
    .filter(pod => ordinalOf(pod) >= 0 && !isInRange(set, ordinalOf(pod)))
    .sort((a, b) => ordinalOf(b) - ordinalOf(a))
  const firstUnavailable =
    places.find(({ pod, exists }) => !exists || isUnavailable(pod))?.pod ?? [...condemned].reverse().find(isUnavailable)

  const living = inTurn(places, isOrdered, place => reconcilePlace(observed, place, isOrdered, isUnavailable))
  if (living.stops) return living.actions
  const leaving = inTurn(condemned, isOrdered, pod =>
    condemn(observed, pod, isOrdered, firstUnavailable, isUnavailable),
  )
  if (leaving.stops) return [...living.actions, ...leaving.actions]
  const replicas = places.filter(({ exists }) => exists).map(({ pod }) => pod)
  const outdated = podsToUpdate(set, replicas, places.length, names.update, isUnavailable)
  return [...living.actions, ...leaving.actions, ...outdated.map(pod => end(set, pod))]
}

const isTerminating = ({ metadata }: Pod): boolean => metadata.deletionTimestamp !== undefined
const isOver = ({ status }: Pod): boolean => status?.phase === 'Failed' || status?.phase === 'Succeeded'

/** In order, until one stops the others; or all at once, where the order does not matter. */
function inTurn<T>(items: readonly T[], isOrdered: boolean, step: (item: T) => Step): Step {
  const actions: Action[] = []
  for (const item of items) {
    const each = step(item)
    actions.push(...each.actions)
    if (each.stops && isOrdered) return { actions, stops: true }
  }
  return { actions, stops: false }
}

/** One place a number; where no pod is, the one that would be made. */
function placesOf(set: StatefulSet, pods: readonly Pod[], names: Names, templates: Templates): readonly Place[] {
  const present = new Map(pods.map(pod => [ordinalOf(pod), pod]))
  return Array.from({ length: replicasOf(set) }, (_, i): Place => {
    const ordinal = firstOrdinal(set) + i
    const pod = present.get(ordinal)
    if (pod) return { pod, exists: true }
    const which = isOfCurrent(set, i) ? 'current' : 'update'
    return { pod: newPod(set, templates[which], names[which], ordinal), exists: false }
  })
}

/** Below the partition a pod comes back as what it was. */
function isOfCurrent({ spec, status }: StatefulSet, index: number): boolean {
  const { type = 'RollingUpdate', rollingUpdate } = spec.updateStrategy ?? {}
  if (rollingUpdate) return index < (rollingUpdate.partition ?? 0)
  return type === 'RollingUpdate' && index < (status?.currentReplicas ?? 0)
}

function reconcilePlace(
  observed: StatefulSetObserved,
  { pod, exists }: Place,
  isOrdered: boolean,
  isUnavailable: (pod: Pod) => boolean,
): Step {
  const { set } = observed
  if (!exists) return makePod(observed, pod, isOrdered)
  // Its end says nothing about whether it should be there; the next one comes when this one is gone.
  if (isOver(pod)) return { actions: isTerminating(pod) ? [] : [end(set, pod)], stops: true }
  const missing = pod.status?.phase === 'Pending' ? missingClaims(observed, pod) : []
  if (isOrdered && (isTerminating(pod) || isUnavailable(pod))) return { actions: missing, stops: true }
  if (isTerminating(pod)) return { actions: missing, stops: false }
  const repaired: readonly Action[] = isItself(set, pod) ? [] : [{ kind: 'update', object: asItself(set, pod) }]
  return { actions: [...missing, ...claimUpdates(observed, pod), ...repaired], stops: false }
}

function makePod(observed: StatefulSetObserved, pod: Pod, isOrdered: boolean): Step {
  const { set, claim } = observed
  const present = claimsOf(set, ordinalOf(pod)).flatMap(({ metadata }) => claim(metadata.name ?? '') ?? [])
  if (present.some(each => isClaimStale(each, set, pod))) return STOP
  const leaving = present.find(({ metadata }) => metadata.deletionTimestamp !== undefined)
  if (leaving) {
    const what = `Create Pod ${pod.metadata.name} in StatefulSet ${set.metadata.name} failed error`
    return {
      actions: [warning(set, 'FailedCreate', `${what}: pvc ${leaving.metadata.name} is being deleted`)],
      stops: true,
    }
  }
  return {
    actions: [...missingClaims(observed, pod), creating(pod, set, podWords('Create', set, pod))],
    stops: isOrdered,
  }
}

const creating = (object: Pod | UnknownObject, about: StatefulSet, words: Words): Action => ({
  ...({ kind: 'create', object, about, words } as const),
})

const podWords = (verb: string, set: StatefulSet, pod: Pod): Words => {
  const what = `${verb} Pod ${pod.metadata.name} in StatefulSet ${set.metadata.name}`
  return { done: `${what} successful`, failed: `${what} failed error` }
}

const end = (set: StatefulSet, pod: Pod): Action => remove(pod, { about: set, words: podWords('Delete', set, pod) })

function missingClaims({ set, claim }: StatefulSetObserved, pod: Pod): readonly Action[] {
  return claimsOf(set, ordinalOf(pod))
    .filter(({ metadata }) => !claim(metadata.name ?? ''))
    .map(each => {
      const what = `Create Claim ${each.metadata.name}`
      const where = `Pod ${pod.metadata.name} in StatefulSet ${set.metadata.name}`
      // Nobody owns it by a pod that is still to be made: the set does, where the policy says so.
      const owned = withOwners(each, set, pod)
      const object = pod.metadata.uid || owned.metadata.ownerReferences?.every(({ uid }) => uid) ? owned : each
      return creating(object, set, { done: `${what} ${where} success`, failed: `${what} for ${where} failed error` })
    })
}

/** Claims whose owner is no longer who the policy says. */
function claimUpdates({ set, claim }: StatefulSetObserved, pod: Pod): readonly Action[] {
  return (set.spec.volumeClaimTemplates ?? []).flatMap((template): readonly Action[] => {
    const name = claimName(set, template, ordinalOf(pod))
    const present = claim(name)
    if (!present || isOwnerUpToDate(present, set, pod)) return []
    const foreign = `PersistentVolumeClaim ${name} has a conflicting OwnerReference that acts as a manging controller, the retention policy is ignored for this claim`
    return [
      ...(hasForeignController(present, set, pod) ? [warning(set, 'ConflictingController', foreign)] : []),
      { kind: 'update', object: withOwners(present, set, pod) },
    ]
  })
}

/** A pod beyond the range goes, one after the other and none while another is ill, except the ill one itself. */
function condemn(
  observed: StatefulSetObserved,
  pod: Pod,
  isOrdered: boolean,
  firstUnavailable: Pod | undefined,
  isUnavailable: (pod: Pod) => boolean,
): Step {
  const claims = claimUpdates(observed, pod)
  if (isTerminating(pod)) return { actions: claims, stops: isOrdered }
  if (isOrdered && isUnavailable(pod) && pod !== firstUnavailable) return { ...STOP, actions: claims }
  return { actions: [...claims, end(observed.set, pod)], stops: isOrdered }
}
