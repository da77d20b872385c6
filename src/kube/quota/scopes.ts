/** Which pods a ResourceQuota speaks of: all of its scopes must hold (pkg/quota/v1/evaluator/core/pods.go). */
import type { Container, Pod } from '../core.ts'
import { amountsOf } from './amounts.ts'

export interface ScopeRequirement {
  readonly scopeName: string
  readonly operator: string
  readonly values?: readonly string[]
}

interface AffinityTerm {
  readonly namespaces?: readonly string[]
  readonly namespaceSelector?: unknown
}

export function isInScope(pod: Pod, { scopeName, operator, values = [] }: ScopeRequirement): boolean {
  switch (scopeName) {
    case 'Terminating':
      return isTerminating(pod)
    case 'NotTerminating':
      return !isTerminating(pod)
    case 'BestEffort':
      return isBestEffort(pod)
    case 'NotBestEffort':
      return !isBestEffort(pod)
    case 'PriorityClass':
      return isSelected(pod.spec.priorityClassName, operator, values)
    case 'CrossNamespacePodAffinity':
      return affinityTerms(pod).some(({ namespaces, namespaceSelector }) => namespaces?.length || namespaceSelector)
    default:
      return false
  }
}

const isTerminating = ({ spec }: Pod): boolean => spec.activeDeadlineSeconds !== undefined

function isBestEffort({ spec }: Pod): boolean {
  const all: readonly Container[] = [...(spec.containers ?? []), ...(spec.initContainers ?? [])]
  const asked = all.flatMap(({ resources }) => [amountsOf(resources?.requests), amountsOf(resources?.limits)])
  return !asked.some(amounts => ['cpu', 'memory'].some(name => (amounts.get(name)?.nanos ?? 0n) > 0n))
}

function isSelected(name: string | undefined, operator: string, values: readonly string[]): boolean {
  if (operator === 'Exists') return Boolean(name)
  if (operator === 'DoesNotExist') return !name
  const isNamed = name !== undefined && values.includes(name)
  return operator === 'In' ? isNamed : operator === 'NotIn' && !isNamed
}

function affinityTerms({ spec }: Pod): readonly AffinityTerm[] {
  const { podAffinity, podAntiAffinity } = ((spec as { affinity?: Record<string, unknown> }).affinity ?? {}) as Record<
    string,
    { readonly [when: string]: readonly (AffinityTerm & { readonly podAffinityTerm?: AffinityTerm })[] } | undefined
  >
  return [podAffinity, podAntiAffinity].flatMap(affinity =>
    Object.values(affinity ?? {})
      .flat()
      .map(term => term.podAffinityTerm ?? term),
  )
}
