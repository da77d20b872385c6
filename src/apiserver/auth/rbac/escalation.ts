/**
 * Nobody hands out what they do not have: which of a role's rules its giver lacks, and how upstream tells it
 * (component-helpers' auth/rbac/validation, pkg/registry/rbac/validation).
 */
import type { PolicyRule } from '../../../kube/workloads.ts'
import type { User } from '../user.ts'

/** Undefined when all that `wanted` allows is among `held`. */
export function escalation(user: User, held: readonly PolicyRule[], wanted: readonly PolicyRule[]): string | undefined {
  const missing = wanted.flatMap(brokenDown).filter(small => !held.some(rule => coversRule(rule, small)))
  if (missing.length === 0) return undefined
  const lines = [...new Set(compacted(missing).map(compactText))].sort()
  const groups = quotedList(user.groups)
  return `user ${JSON.stringify(user.name)} (groups=${groups}) is attempting to grant RBAC permissions not currently held:\n${lines.join('\n')}`
}

/** Whether all that the rule allows is allowed by the others. */
export const isCovered = (held: readonly PolicyRule[], rule: PolicyRule): boolean =>
  brokenDown(rule).every(small => held.some(owner => coversRule(owner, small)))

/** Rules of one verb, one resource and at most one name each. */
function brokenDown({
  apiGroups,
  resources,
  resourceNames,
  nonResourceURLs,
  verbs,
}: PolicyRule): readonly PolicyRule[] {
  const names = resourceNames?.length ? resourceNames.map(name => ({ resourceNames: [name] })) : [{}]
  return [
    ...(apiGroups ?? []).flatMap(group =>
      (resources ?? []).flatMap(resource =>
        verbs.flatMap(verb =>
          names.map(name => ({ apiGroups: [group], resources: [resource], verbs: [verb], ...name })),
        ),
      ),
    ),
    ...(nonResourceURLs ?? []).flatMap(url => verbs.map(verb => ({ nonResourceURLs: [url], verbs: [verb] }))),
  ]
}

type List = readonly string[] | undefined

const hasAll = (set: List, wanted: List): boolean => (wanted ?? []).every(entry => set?.includes(entry))

/** `small` is one of `brokenDown`. */
function coversRule(owner: PolicyRule, small: PolicyRule): boolean {
  const names = owner.resourceNames?.length ? owner.resourceNames : undefined
  return (
    (owner.verbs.includes('*') || hasAll(owner.verbs, small.verbs)) &&
    (owner.apiGroups?.includes('*') || hasAll(owner.apiGroups, small.apiGroups)) &&
    (small.resources ?? []).every(resource => coversResource(owner.resources, resource)) &&
    (small.nonResourceURLs ?? []).every(url => owner.nonResourceURLs?.some(held => coversUrl(held, url))) &&
    (names === undefined || (small.resourceNames !== undefined && hasAll(names, small.resourceNames)))
  )
}

function coversResource(held: List, wanted: string): boolean {
  if (held?.includes('*') || held?.includes(wanted)) return true
  const slash = wanted.indexOf('/')
  return slash >= 0 && (held?.includes(`*${wanted.slice(slash)}`) ?? false)
}

const coversUrl = (held: string, wanted: string): boolean =>
  held === wanted || (held.endsWith('*') && wanted.startsWith(held.replace(/\*+$/, '')))

/** Rules that differ only in their verb become one. */
function compacted(rules: readonly PolicyRule[]): readonly PolicyRule[] {
  const byWhat = new Map<string, PolicyRule>()
  for (const rule of rules) {
    // Paths are told one by one.
    const { verbs, ...what } = rule
    const key = rule.nonResourceURLs ? `${byWhat.size}` : JSON.stringify(what)
    const there = byWhat.get(key)
    byWhat.set(key, there ? { ...there, verbs: [...there.verbs, ...verbs] } : rule)
  }
  return [...byWhat.values()]
}

const FIELDS = [
  ['APIGroups', 'apiGroups'],
  ['Resources', 'resources'],
  ['NonResourceURLs', 'nonResourceURLs'],
  ['ResourceNames', 'resourceNames'],
  ['Verbs', 'verbs'],
] as const

const compactText = (rule: PolicyRule): string =>
  `{${FIELDS.flatMap(([label, field]) => (rule[field]?.length ? [`${label}:${quotedList(rule[field])}`] : [])).join(', ')}}`

/** Go's `%q` of a list. */
const quotedList = (texts: readonly string[]): string => `[${texts.map(text => JSON.stringify(text)).join(' ')}]`
