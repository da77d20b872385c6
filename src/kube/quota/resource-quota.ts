/** ResourceQuota as a type, which kinds its names count, and what an object counts for under it. */
import type { Pod } from '../core.ts'
import type { KubeObject, UnknownObject } from '../object.ts'
import { type AmountList, type Amounts, only } from './amounts.ts'
import { isInScope, type ScopeRequirement } from './scopes.ts'
import { usageOf } from './usage.ts'

export interface ResourceQuota extends KubeObject {
  readonly spec?: {
    readonly hard?: AmountList
    readonly scopes?: readonly string[]
    readonly scopeSelector?: { readonly matchExpressions?: readonly ScopeRequirement[] }
  }
  readonly status?: { readonly hard?: AmountList; readonly used?: AmountList }
}

const SAME_NAME = new Set(['pods', 'services', 'configmaps', 'secrets', 'replicationcontrollers', 'resourcequotas'])

/** The resource (`apps/deployments`) that a name of a quota counts. */
function countedResource(name: string): string {
  if (name.startsWith('count/')) {
    const [plural = '', ...group] = name.slice('count/'.length).split('.')
    return group.length === 0 ? plural : `${group.join('.')}/${plural}`
  }
  if (SAME_NAME.has(name)) return name
  if (name.startsWith('services.')) return 'services'
  const isStorage = /(^|\/)(requests\.storage|persistentvolumeclaims)$/.test(name)
  return isStorage ? 'persistentvolumeclaims' : 'pods'
}

export const countedResources = ({ spec }: ResourceQuota): ReadonlySet<string> =>
  new Set(Object.keys(spec?.hard ?? {}).map(countedResource))

const scopesOf = ({ spec }: ResourceQuota): readonly ScopeRequirement[] => [
  ...(spec?.scopes ?? []).map(scopeName => ({ scopeName, operator: 'Exists' })),
  ...(spec?.scopeSelector?.matchExpressions ?? []),
]

/** Whether the quota speaks of the object at all. Scopes are scopes of pods. */
export function speaksOf(quota: ResourceQuota, resource: string, object: UnknownObject): boolean {
  if (!countedResources(quota).has(resource)) return false
  const scopes = scopesOf(quota)
  return (
    scopes.length === 0 || (resource === 'pods' && scopes.every(scope => isInScope(object as unknown as Pod, scope)))
  )
}

/** Only the names that the quota limits. */
export function usageUnder(quota: ResourceQuota, resource: string, object: UnknownObject): Amounts {
  if (!speaksOf(quota, resource, object)) return new Map()
  const hard = quota.spec?.hard ?? {}
  return only(usageOf(resource, object), name => Object.hasOwn(hard, name))
}
