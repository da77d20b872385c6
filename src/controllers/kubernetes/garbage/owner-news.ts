/**
 * What is said of owners that cannot be right: one in another namespace (upstream's OwnerRefInvalidNamespace), and owners in a circle, of
 * which Kubernetes says nothing: each keeps the next one alive, so that nobody ever goes.
 */
import { builtInKind } from '../../../kube/kinds.ts'
import type { KubeObject, OwnerReference } from '../../../kube/object.ts'
import { type Action, warning } from '../../runtime/action.ts'
import type { OwnerGraph } from './owner-graph.ts'

const MAX_DEPTH = 64

const title = ({ kind, metadata }: KubeObject): string => `${kind} ${metadata.name}`
export const groupOf = (apiVersion: string): string =>
  apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : ''

/** The graph knows owners by uid alone; the reference also has a name, and the namespace is the dependent's. */
export function isMeant(owner: KubeObject, ref: OwnerReference, dependent: KubeObject): boolean {
  const isOfNamespace = owner.metadata.namespace !== undefined
  return (
    owner.kind === ref.kind &&
    groupOf(owner.apiVersion) === groupOf(ref.apiVersion) &&
    owner.metadata.name === ref.name &&
    (!isOfNamespace || owner.metadata.namespace === dependent.metadata.namespace)
  )
}

/** The way from the object through its owners back to itself. */
export function ownerCycle(object: KubeObject, graph: Pick<OwnerGraph, 'get'>): readonly KubeObject[] | undefined {
  const { uid } = object.metadata
  const visited = new Set<string>()
  const walk = (from: KubeObject, path: readonly KubeObject[]): readonly KubeObject[] | undefined => {
    for (const { uid: next } of from.metadata.ownerReferences ?? []) {
      if (next === uid) return path
      const owner = visited.has(next) || path.length > MAX_DEPTH ? undefined : graph.get(next)
      visited.add(next)
      const found = owner && walk(owner, [...path, owner])
      if (found) return found
    }
    return undefined
  }
  return walk(object, [object])
}

export function ownerNews(object: KubeObject, graph: Pick<OwnerGraph, 'get'>): readonly Action[] {
  const cycle = ownerCycle(object, graph)
  const strangers = (object.metadata.ownerReferences ?? []).filter(ref => {
    const owner = graph.get(ref.uid)
    return owner !== undefined && !isMeant(owner, ref, object)
  })
  return [
    ...(cycle ? [cycleNews(object, cycle)] : []),
    ...strangers.map(({ apiVersion, kind, name, uid }) => {
      const { namespace = '' } = object.metadata
      const isClusterWide = builtInKind(apiVersion, kind)?.namespaced === false
      const ref = `[${apiVersion}/${kind}, namespace: ${isClusterWide ? '' : namespace}, name: ${name}, uid: ${uid}]`
      return warning(object, 'OwnerRefInvalidNamespace', `ownerRef ${ref} does not exist in namespace "${namespace}"`)
    }),
  ]
}

function cycleNews(object: KubeObject, cycle: readonly KubeObject[]): Action {
  const way = [...cycle, object].map(title).join(' is owned by ')
  const mend = `remove one of these ownerReferences, or delete one of them with --cascade=foreground`
  return warning(object, 'OwnerCycle', `${way}: none of them will ever be collected; ${mend}`)
}
