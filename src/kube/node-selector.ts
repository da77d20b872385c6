/** Which nodes a NodeSelector and a pod's required node affinity mean (k8s.io/component-helpers scheduling/corev1/nodeaffinity). */
import type { Node, PodSpec } from './core.ts'
import type { NodeSelector, NodeSelectorRequirement, NodeSelectorTerm } from './placement.ts'
import { matchesLabels } from './selector.ts'

/** Terms are alternatives; an empty one, like an empty list, means no node. */
export const matchesNodeSelector = ({ nodeSelectorTerms = [] }: NodeSelector, node: Node): boolean =>
  nodeSelectorTerms.some(term => matchesNodeTerm(term, node))

export function matchesNodeTerm({ matchExpressions = [], matchFields = [] }: NodeSelectorTerm, node: Node): boolean {
  if (matchExpressions.length === 0 && matchFields.length === 0) return false
  return (
    matchFields.every(requirement => meetsField(requirement, node.metadata.name ?? '')) &&
    matchExpressions.every(isSound) &&
    matchesLabels(matchExpressions.map(withValues), node.metadata.labels)
  )
}

/** `nodeSelector` and the required node affinity of a pod together. */
export function mayRunOn(
  { nodeSelector = {}, affinity }: Pick<PodSpec, 'nodeSelector' | 'affinity'>,
  node: Node,
): boolean {
  for (const key in nodeSelector) if (node.metadata.labels?.[key] !== nodeSelector[key]) return false
  const required = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
  return required === undefined || matchesNodeSelector(required, node)
}

/** Upstream's parser takes exactly one value for a field and knows no other field than the name. */
const meetsField = ({ key, operator, values = [] }: NodeSelectorRequirement, name: string): boolean =>
  values.length === 1 && key === 'metadata.name' && (operator === 'In' || operator === 'NotIn')
    ? (values[0] === name) === (operator === 'In')
    : false

/** A requirement that upstream's parser refuses matches nothing, whatever its operator would say of the values. */
function isSound({ operator, values = [] }: NodeSelectorRequirement): boolean {
  switch (operator) {
    case 'In':
    case 'NotIn':
      return values.length > 0
    case 'Exists':
    case 'DoesNotExist':
      return values.length === 0
    case 'Gt':
    case 'Lt':
      return values.length === 1 && /^-?\d{1,19}$/.test(values[0] ?? '')
    default:
      return false
  }
}

const withValues = ({ key, operator, values = [] }: NodeSelectorRequirement) => ({ key, operator, values })
