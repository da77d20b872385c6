/** Where a pod may go: tolerations, affinity, spreading, gates (pkg/apis/core/validation). */
import { denied, type FieldError, invalid, notSupported, required } from '../resource/field-error.ts'
import { checkName, qualifiedName } from './names.ts'
import type { Affinity, NodeSelectorTerm, PodAffinity, PodAffinityTerm, PodFields, Toleration } from './pod-fields.ts'
import { type Errors, oneOf, when } from './small-rules.ts'

const EFFECTS = ['NoSchedule', 'PreferNoSchedule', 'NoExecute']

export function validateToleration(toleration: Toleration, field: string): Errors {
  const { key, operator = '', value, effect, tolerationSeconds } = toleration
  return [
    ...(key ? checkName(qualifiedName, `${field}.key`, key) : []),
    ...when(
      !key && operator !== 'Exists',
      invalid(
        `${field}.operator`,
        operator,
        'operator must be Exists when `key` is empty, which means "match all values and all keys"',
      ),
    ),
    ...when(
      tolerationSeconds !== undefined && effect !== 'NoExecute',
      invalid(`${field}.effect`, effect ?? '', "effect must be 'NoExecute' when `tolerationSeconds` is set"),
    ),
    ...when(
      operator === 'Exists' && value,
      invalid(`${field}.operator`, value, "value must be empty when `operator` is 'Exists'"),
    ),
    ...when(
      !['', 'Equal', 'Exists'].includes(operator),
      notSupported(`${field}.operator`, operator, ['Equal', 'Exists']),
    ),
    ...when(effect && !EFFECTS.includes(effect), notSupported(`${field}.effect`, effect, EFFECTS)),
  ]
}

export function validateAffinity({ nodeAffinity, podAffinity, podAntiAffinity }: Affinity, field: string): Errors {
  const must = 'requiredDuringSchedulingIgnoredDuringExecution'
  const should = 'preferredDuringSchedulingIgnoredDuringExecution'
  const terms = nodeAffinity?.[must]?.nodeSelectorTerms ?? []
  const at = `${field}.nodeAffinity`
  return [
    ...when(
      nodeAffinity?.[must] && terms.length === 0,
      required(`${at}.${must}.nodeSelectorTerms`, 'must have at least one node selector term'),
    ),
    ...terms.flatMap((term, i) => validateTerm(term, `${at}.${must}.nodeSelectorTerms[${i}]`)),
    ...(nodeAffinity?.[should] ?? []).flatMap(({ weight = 0, preference = {} }, i) => [
      ...validateWeight(weight, `${at}.${should}[${i}].weight`),
      ...validateTerm(preference, `${at}.${should}[${i}].preference`),
    ]),
    ...validatePodAffinity(podAffinity, `${field}.podAffinity`),
    ...validatePodAffinity(podAntiAffinity, `${field}.podAntiAffinity`),
  ]
}

const validateWeight = (weight: number, field: string): Errors =>
  when(weight < 1 || weight > 100, invalid(field, weight, 'must be in the range 1-100'))

function validateTerm({ matchExpressions = [] }: NodeSelectorTerm, field: string): Errors {
  return matchExpressions.flatMap(({ key = '', operator = '', values = [] }, i): FieldError[] => {
    const at = `${field}.matchExpressions[${i}]`
    const needs = operator === 'In' || operator === 'NotIn'
    return [
      ...when(
        needs && values.length === 0,
        required(`${at}.values`, "must be specified when `operator` is 'In' or 'NotIn'"),
      ),
      ...when(
        (operator === 'Exists' || operator === 'DoesNotExist') && values.length > 0,
        denied(`${at}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"),
      ),
      ...when(
        (operator === 'Gt' || operator === 'Lt') && values.length !== 1,
        required(`${at}.values`, "must be specified single value when `operator` is 'Lt' or 'Gt'"),
      ),
      ...when(
        !['In', 'NotIn', 'Exists', 'DoesNotExist', 'Gt', 'Lt'].includes(operator),
        invalid(`${at}.operator`, operator, 'not a valid selector operator'),
      ),
      ...checkName(qualifiedName, `${at}.key`, key),
    ]
  })
}

function validatePodAffinity(affinity: PodAffinity | undefined, field: string): Errors {
  const must = 'requiredDuringSchedulingIgnoredDuringExecution'
  const should = 'preferredDuringSchedulingIgnoredDuringExecution'
  return [
    ...(affinity?.[must] ?? []).flatMap((term, i) => validatePodTerm(term, `${field}.${must}[${i}]`)),
    ...(affinity?.[should] ?? []).flatMap(({ weight = 0, podAffinityTerm = {} }, i) => [
      ...validateWeight(weight, `${field}.${should}[${i}].weight`),
      ...validatePodTerm(podAffinityTerm, `${field}.${should}[${i}].podAffinityTerm`),
    ]),
  ]
}

function validatePodTerm({ topologyKey = '' }: PodAffinityTerm, field: string): Errors {
  const at = `${field}.topologyKey`
  if (topologyKey !== '') return checkName(qualifiedName, at, topologyKey)
  const unnamed = 'name part must be non-empty'
  // The empty name breaks two rules of a qualified name, and upstream tells both.
  return [required(at, 'can not be empty'), invalid(at, '', unnamed), ...checkName(partOfName, at, '')]
}

const partOfName = (): string | undefined => qualifiedName(' ')

const UNSATISFIABLE = ['DoNotSchedule', 'ScheduleAnyway']

export const validateSpread = (
  { maxSkew = 0, topologyKey, whenUnsatisfiable = '' }: NonNullable<PodFields['topologySpreadConstraints']>[number],
  field: string,
): Errors => [
  ...when(maxSkew <= 0, invalid(`${field}.maxSkew`, maxSkew, 'must be greater than zero')),
  ...when(!topologyKey, required(`${field}.topologyKey`, 'can not be empty')),
  ...oneOf(UNSATISFIABLE, whenUnsatisfiable, `${field}.whenUnsatisfiable`),
]
