/**
 * The built-in kinds as data: what discovery says, how a path is built, what a client may abbreviate. One row a kind; adding a kind
 * is adding a row (scripts/kube-tables.js). Source: api/discovery of k8s.io/kubernetes.
 */
import { BUILT_IN_ROWS } from './generated/built-in-kinds.ts'

export interface KindInfo {
  /** `''` is the core group. */
  readonly group: string
  readonly version: string
  readonly kind: string
  readonly plural: string
  readonly singular: string
  readonly shortNames: readonly string[]
  readonly categories: readonly string[]
  readonly namespaced: boolean
  /** What can be done with it; absent: everything. Reviews and bindings can only be created. */
  readonly verbs?: readonly string[]
  /** `status`, `scale`, `log`, `binding`, `token`, `finalize`, … */
  readonly subresources: readonly string[]
  /** What discovery says of them. */
  readonly subresourceInfo?: readonly SubresourceInfo[]
}

export interface SubresourceInfo {
  readonly name: string
  readonly verbs: readonly string[]
  /** Where its objects are of another kind than the resource's. */
  readonly apiVersion?: string
  readonly kind?: string
}

const words = (text = ''): readonly string[] => text.split(' ').filter(Boolean)

const ALL_VERBS = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch']

/** Subresources that upstream has and that mean nothing here: no proxy to pods, services and nodes. */
const NOT_SERVED = new Set(['proxy'])

/** `scale=autoscaling/v1.Scale:get,patch,update` */
function subresourceRow(text: string): SubresourceInfo | undefined {
  const [, name = '', apiVersion, kind, verbs = ''] = /^([^=:]+)(?:=(.+)\.(\w+))?:(.*)$/.exec(text) ?? []
  if (NOT_SERVED.has(name)) return undefined
  return { name, verbs: verbs.split(','), ...(apiVersion && kind && { apiVersion, kind }) }
}

export const BUILT_IN_KINDS: readonly KindInfo[] = BUILT_IN_ROWS.map(
  ([apiVersion, kind, plural, namespaced, singular, shortNames, categories, verbs, subresources]) => {
    const rows = words(subresources).flatMap(text => subresourceRow(text) ?? [])
    return {
      ...splitApiVersion(apiVersion),
      kind,
      plural,
      singular,
      shortNames: words(shortNames),
      categories: words(categories),
      namespaced,
      verbs: verbs === '' ? ALL_VERBS : words(verbs),
      subresources: rows.map(row => row.name),
      subresourceInfo: rows,
    }
  },
)

export function splitApiVersion(apiVersion: string): { readonly group: string; readonly version: string } {
  const slash = apiVersion.indexOf('/')
  return slash < 0
    ? { group: '', version: apiVersion }
    : { group: apiVersion.slice(0, slash), version: apiVersion.slice(slash + 1) }
}

export const apiVersionOf = ({ group, version }: { readonly group: string; readonly version: string }): string =>
  group === '' ? version : `${group}/${version}`

const byKind = new Map(BUILT_IN_KINDS.map(info => [`${apiVersionOf(info)} ${info.kind}`, info]))

export const builtInKind = (apiVersion: string, kind: string): KindInfo | undefined =>
  byKind.get(`${apiVersion} ${kind}`)

/** Each kind that holds objects, once: no reviews, no second versions and views of what another row stores. */
export const STORED_KINDS: readonly KindInfo[] = BUILT_IN_KINDS.filter(
  ({ group, version, verbs }) =>
    verbs?.includes('watch') && group !== 'events.k8s.io' && !(group === 'autoscaling' && version === 'v1'),
)
