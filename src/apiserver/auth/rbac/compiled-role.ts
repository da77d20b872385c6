/**
 * The rules of one role, sorted so that a question finds its rule by a look-up: rules that name group and resource lie under them, the few
 * with a `*` are asked one by one. `covers` is the plain definition that all of this must equal (pkg/apis/rbac/v1/evaluation_helpers.go).
 */
import type { PolicyRule } from '../../../kube/workloads.ts'
import type { Attributes, ResourceAttributes } from '../attributes.ts'

export interface CompiledRole {
  readonly rules: readonly PolicyRule[]
  /** Rules that name both group and resource, by `group/resource[/subresource]`. */
  readonly named: ReadonlyMap<string, readonly PolicyRule[]>
  readonly wild: readonly PolicyRule[]
  readonly paths: readonly PolicyRule[]
}

export function compileRole(rules: readonly PolicyRule[]): CompiledRole {
  const named = new Map<string, PolicyRule[]>()
  const wild = rules.filter(isWild)
  for (const rule of rules) {
    if (isWild(rule)) continue
    for (const key of keysOf(rule)) {
      const there = named.get(key)
      if (!there) named.set(key, [rule])
      else if (there.at(-1) !== rule) there.push(rule)
    }
  }
  return { rules, named, wild, paths: rules.filter(({ nonResourceURLs }) => nonResourceURLs?.length) }
}

const isWild = ({ apiGroups = [], resources = [] }: PolicyRule): boolean =>
  apiGroups.includes('*') || resources.some(resource => resource.startsWith('*'))

const keysOf = ({ apiGroups = [], resources = [] }: PolicyRule): readonly string[] =>
  apiGroups.flatMap(group => resources.map(resource => `${group}/${resource}`))

export function allows(role: CompiledRole, attributes: Attributes, key: string): boolean {
  if (attributes.kind === 'path') return anyCovers(role.paths, attributes)
  const named = role.named.get(key)
  return (named !== undefined && anyCovers(named, attributes)) || anyCovers(role.wild, attributes)
}

/** Under which a role's `named` rules would speak of it. */
export const keyOf = (attributes: Attributes): string =>
  attributes.kind === 'path' ? '' : `${attributes.group}/${combined(attributes)}`

const combined = ({ resource, subresource }: ResourceAttributes): string =>
  subresource === undefined ? resource : `${resource}/${subresource}`

/** A loop, not `some`: this runs for every request. */
function anyCovers(rules: readonly PolicyRule[], attributes: Attributes): boolean {
  for (const rule of rules) if (covers(rule, attributes)) return true
  return false
}

const has = (list: readonly string[] | undefined, wanted: string): boolean =>
  list !== undefined && (list.includes(wanted) || list.includes('*'))

export function covers(rule: PolicyRule, attributes: Attributes): boolean {
  if (!has(rule.verbs, attributes.verb)) return false
  if (attributes.kind === 'path') return rule.nonResourceURLs?.some(url => coversPath(url, attributes.path)) ?? false
  const { group, subresource, name = '' } = attributes
  return (
    has(rule.apiGroups, group) &&
    (has(rule.resources, combined(attributes)) ||
      (subresource !== undefined && (rule.resources?.includes(`*/${subresource}`) ?? false))) &&
    (!rule.resourceNames?.length || rule.resourceNames.includes(name))
  )
}

/** Upstream cuts every `*` off the end, however many there are. */
const coversPath = (pattern: string, path: string): boolean =>
  pattern.endsWith('*') ? path.startsWith(pattern.replace(/\*+$/, '')) : path === pattern
