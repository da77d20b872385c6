/**
 * The status of a definition: which of its names are its own, whether it is served, what is wrong with its schema
 * (apiextensions-apiserver's controllers naming, establish, nonstructuralschema, apiapproval).
 */

import type { Condition } from '../../kube/object.ts'
import { aggregateText } from '../../kube/status.ts'
import type { CustomResourceDefinition } from '../../kube/workloads.ts'

export type DefinitionStatus = NonNullable<CustomResourceDefinition['status']>
type Names = CustomResourceDefinition['spec']['names']

export const hasCondition = ({ status }: CustomResourceDefinition, type: string): boolean =>
  status?.conditions?.some(condition => condition.type === type && condition.status === 'True') ?? false

export const isEstablished = (crd: CustomResourceDefinition): boolean => hasCondition(crd, 'Established')

interface Taken {
  readonly resources: ReadonlySet<string>
  readonly kinds: ReadonlySet<string>
}

/** Names that other definitions of the group have been given. */
function takenNames(crd: CustomResourceDefinition, others: readonly CustomResourceDefinition[]): Taken {
  const rivals = others
    .filter(({ metadata, spec }) => metadata.uid !== crd.metadata.uid && spec.group === crd.spec.group)
    .flatMap(({ status }) => status?.acceptedNames ?? [])
  return {
    resources: new Set(
      rivals
        .flatMap(({ plural, singular, shortNames = [] }) => [plural, singular ?? '', ...shortNames])
        .filter(Boolean),
    ),
    kinds: new Set(rivals.flatMap(({ kind, listKind = '' }) => [kind, listKind]).filter(Boolean)),
  }
}

interface Naming {
  /** What it has been given: the names in conflict stay what they were. */
  readonly accepted: Names
  readonly conflict: { readonly reason: string; readonly message: string } | undefined
}

const inUse = (names: readonly string[]): string =>
  aggregateText(names.map(name => `${JSON.stringify(name)} is already in use`))

export function acceptNames(crd: CustomResourceDefinition, others: readonly CustomResourceDefinition[]): Naming {
  const { names } = crd.spec
  const taken = takenNames(crd, others)
  const before: Partial<Names> = crd.status?.acceptedNames ?? {}
  let conflict: Naming['conflict']
  const claim = (reason: string, wanted: readonly string[], among: ReadonlySet<string>): boolean => {
    const lost = wanted.filter(name => name !== '' && among.has(name))
    if (lost.length === 0) return true
    conflict = { reason, message: inUse(lost) }
    return false
  }
  const given: Record<string, unknown> = { ...before }
  if (claim('PluralConflict', [names.plural], taken.resources)) given.plural = names.plural
  if (claim('SingularConflict', [names.singular ?? ''], taken.resources)) given.singular = names.singular
  if (claim('ShortNamesConflict', names.shortNames ?? [], taken.resources)) given.shortNames = names.shortNames
  if (claim('KindConflict', [names.kind], taken.kinds)) given.kind = names.kind
  if (claim('ListKindConflict', [names.listKind ?? ''], taken.kinds)) given.listKind = names.listKind
  given.categories = names.categories
  const accepted = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
  return { accepted: { plural: '', kind: '', ...accepted }, conflict }
}

/** The status that the definition should have; the one that it has, where that is the same. */
export function nextStatus(
  crd: CustomResourceDefinition,
  { accepted, conflict }: Naming,
  time: string,
): DefinitionStatus {
  const stored = crd.spec.versions.filter(version => version.storage).map(version => version.name)
  const naming = conflict
    ? condition('NamesAccepted', 'False', conflict.reason, conflict.message, time)
    : condition('NamesAccepted', 'True', 'NoConflicts', 'no conflicts found', time)
  const established = conflict
    ? condition('Established', 'False', 'NotAccepted', 'not all names are accepted', time)
    : condition('Established', 'True', 'InitialNamesAccepted', 'the initial names have been accepted', time)
  // Once established it stays so, whatever becomes of its names.
  const kept = isEstablished(crd) ? [naming] : [naming, established]
  return {
    ...crd.status,
    conditions: [...kept, ...approval(crd, time)].reduce(withCondition, crd.status?.conditions ?? []),
    acceptedNames: accepted,
    storedVersions: [...new Set([...(crd.status?.storedVersions ?? []), ...stored])],
  }
}

export const terminating = (crd: CustomResourceDefinition, time: string): DefinitionStatus => ({
  storedVersions: [],
  ...crd.status,
  conditions: withCondition(
    crd.status?.conditions ?? [],
    condition('Terminating', 'True', 'InstanceDeletionInProgress', 'CustomResource deletion is in progress', time),
  ),
})

function approval({ spec, metadata }: CustomResourceDefinition, time: string): readonly Condition[] {
  if (!/(^|\.)(k8s\.io|kubernetes\.io)$/.test(spec.group)) return []
  const value = metadata.annotations?.['api-approved.kubernetes.io']
  const type = 'KubernetesAPIApprovalPolicyConformant'
  if (value === undefined) {
    const message =
      'protected groups must have approval annotation "api-approved.kubernetes.io", see https://github.com/kubernetes/enhancements/pull/1111'
    return [condition(type, 'False', 'MissingAnnotation', message, time)]
  }
  return value.startsWith('unapproved')
    ? [condition(type, 'False', 'UnapprovedAnnotation', `not approved: ${JSON.stringify(value)}`, time)]
    : [condition(type, 'True', 'ApprovedAnnotation', `approved in ${value}`, time)]
}

const condition = (
  type: string,
  status: 'True' | 'False',
  reason: string,
  message: string,
  time: string,
): Condition => ({
  type,
  status,
  lastTransitionTime: time,
  reason,
  message,
})

/** Time moves only where the answer does. */
function withCondition(all: readonly Condition[], next: Condition): readonly Condition[] {
  const before = all.find(({ type }) => type === next.type)
  if (!before) return [...all, next]
  const lastTransitionTime = before.status === next.status ? before.lastTransitionTime : next.lastTransitionTime
  return all.map(each => (each === before ? { ...next, ...(lastTransitionTime && { lastTransitionTime }) } : each))
}
