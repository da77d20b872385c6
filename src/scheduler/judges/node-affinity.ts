/** Labels of nodes that a pod requires or prefers (nodeaffinity/node_affinity.go). */
import { matchesNodeTerm, mayRunOn } from '../../kube/node-selector.ts'
import { hopeless, type Judge, normalized, type Refusal } from './judge.ts'

const NO_MATCH = hopeless("node(s) didn't match Pod's node affinity/selector")
const CONFLICT = hopeless('pod affinity terms conflict')
const WEIGHT = 2

export const nodeAffinityHolds: Judge = ({ pod: { spec } }) => {
  const { requiredDuringSchedulingIgnoredDuringExecution: required, preferredDuringSchedulingIgnoredDuringExecution } =
    spec.affinity?.nodeAffinity ?? {}
  const preferred = (preferredDuringSchedulingIgnoredDuringExecution ?? []).filter(({ weight }) => weight !== 0)
  const isAsked = required !== undefined || Object.keys(spec.nodeSelector ?? {}).length > 0
  if (!isAsked && preferred.length === 0) return undefined
  const refused: Refusal = namesConflict(required?.nodeSelectorTerms ?? []) ? CONFLICT : NO_MATCH
  return {
    ...(isAsked ? { refuses: ({ node }) => (mayRunOn(spec, node) ? undefined : refused) } : {}),
    ...(preferred.length > 0
      ? {
          scores: {
            weight: WEIGHT,
            of: nodes =>
              normalized(
                nodes.map(({ node }) =>
                  preferred.reduce(
                    (sum, { weight, preference }) => sum + (matchesNodeTerm(preference, node) ? weight : 0),
                    0,
                  ),
                ),
                false,
              ),
          },
        }
      : {}),
  }
}

type Terms = NonNullable<
  NonNullable<
    NonNullable<NonNullable<Parameters<Judge>[0]['pod']['spec']['affinity']>['nodeAffinity']>
  >['requiredDuringSchedulingIgnoredDuringExecution']
>['nodeSelectorTerms']

/** Every term asks for nodes by name, and none of them for one that could be. */
function namesConflict(terms: NonNullable<Terms>): boolean {
  const perTerm = terms.map(({ matchFields = [] }) => {
    const asked = matchFields.filter(({ key, operator }) => key === 'metadata.name' && operator === 'In')
    if (asked.length === 0) return undefined
    return (asked[0]?.values ?? []).filter(name => asked.every(({ values = [] }) => values.includes(name)))
  })
  return perTerm.length > 0 && perTerm.every(names => names !== undefined && names.length === 0)
}
