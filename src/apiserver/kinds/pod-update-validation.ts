/** What of a pod may still change (pkg/apis/core/validation, ValidatePodUpdate; pod resize and ephemeral containers). */
import type { Pod } from '../../kube/core.ts'
import { isSame } from '../../kube/equal.ts'
import { denied, invalid } from '../resource/field-error.ts'
import { without } from '../resource/json.ts'
import type { ContainerFields, PodFields, Toleration } from './pod-fields.ts'
import { type Errors, MAX_INT32, when, within } from './small-rules.ts'

const MUTABLE =
  'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)'

export function validatePodUpdate(pod: Pod, before: Pod): Errors {
  const spec = pod.spec as PodFields
  const old = before.spec as PodFields
  for (const list of ['containers', 'initContainers'] as const) {
    if ((spec[list] ?? []).length !== (old[list] ?? []).length)
      return [denied(`spec.${list}`, 'pod updates may not add or remove containers')]
  }
  const deadline = validateDeadline(spec.activeDeadlineSeconds, old.activeDeadlineSeconds)
  if (deadline.length > 0 && spec.activeDeadlineSeconds !== undefined) return deadline
  return [
    ...deadline,
    ...validateTolerations(spec.tolerations ?? [], old.tolerations ?? []),
    ...validateGates(spec, old),
    ...(isGated(old) ? validateNodeSelector(spec, old) : []),
    ...when(!isSame(frozenPart(spec, old), frozenPart(old, old)), denied('spec', MUTABLE)),
  ]
}

const DEADLINE = 'spec.activeDeadlineSeconds'

function validateDeadline(now: number | undefined, before: number | undefined): Errors {
  if (now === undefined)
    return when(before !== undefined, invalid(DEADLINE, null, 'must not update from a positive integer to nil value'))
  const range = within(now, 0, MAX_INT32, DEADLINE)
  if (range.length > 0) return range
  return when(
    before !== undefined && before < now,
    invalid(DEADLINE, now, 'must be less than or equal to previous value'),
  )
}

function validateTolerations(now: readonly Toleration[], before: readonly Toleration[]): Errors {
  const place = (toleration: Toleration) => without(toleration, ['tolerationSeconds'])
  const isKept = before.every(old => now.some(each => isSame(place(each), place(old))))
  return when(
    !isKept,
    denied('spec.tolerations', 'existing toleration can not be modified except its tolerationSeconds'),
  )
}

function validateGates({ schedulingGates = [] }: PodFields, { schedulingGates: before = [] }: PodFields): Errors {
  return schedulingGates.flatMap(({ name }, i) =>
    when(
      !before.some(gate => gate.name === name),
      denied(`spec.schedulingGates[${i}].name`, `only deletion is allowed, but found new scheduling gate '${name}'`),
    ),
  )
}

const isGated = ({ schedulingGates = [] }: PodFields): boolean => schedulingGates.length > 0

/** While a pod is gated, whoever holds the gate may narrow down where it goes. */
function validateNodeSelector({ nodeSelector = {} }: PodFields, { nodeSelector: before = {} }: PodFields): Errors {
  const isNarrower = Object.entries(before).every(([key, value]) => nodeSelector[key] === value)
  return when(
    !isNarrower,
    invalid('spec.nodeSelector', nodeSelector, 'only additions are allowed, deletions or mutations are not'),
  )
}

/** A pod's spec without what may change; what `old` decides is taken from there. */
function frozenPart(spec: PodFields, old: PodFields): object {
  const withoutImage = (container: ContainerFields) => without(container, ['image'])
  const released = isGated(old) ? (['nodeSelector'] as const) : []
  const grace = spec.terminationGracePeriodSeconds
  const isMended = (old.terminationGracePeriodSeconds ?? 0) < 0 && grace === 1
  return {
    ...without(spec, ['activeDeadlineSeconds', 'tolerations', 'schedulingGates', ...released]),
    ...(isMended && { terminationGracePeriodSeconds: old.terminationGracePeriodSeconds }),
    containers: (spec.containers ?? []).map(withoutImage),
    initContainers: (spec.initContainers ?? []).map(withoutImage),
  }
}
