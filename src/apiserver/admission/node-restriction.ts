/** A node agent speaks for its own node, and for the pods that run there (plugin/pkg/admission/noderestriction). */
import type { Pod } from '../../kube/core.ts'
import { isSame } from '../../kube/equal.ts'
import type { UnknownObject } from '../../kube/object.ts'
import type { Store } from '../store/store.ts'
import { type AdmissionRequest, refused, type Stage } from './stage.ts'

const PREFIX = 'system:node:'
const NODES = 'system:nodes'

const nodeOf = ({ user: { name, groups } }: AdmissionRequest): string | undefined =>
  groups.includes(NODES) && name.startsWith(PREFIX) ? name.slice(PREFIX.length) : undefined

type Rule = (request: AdmissionRequest, node: string, store: Store) => string | undefined

/** By resource, with its subresource. Why the write is refused; undefined where it is not. */
const RULES: Readonly<Record<string, Rule>> = {
  pods: ({ operation, object, old }, node) => {
    if (operation === 'DELETE') return isOn(old, node) ? undefined : ownPods(node, 'delete pods')
    if (operation === 'UPDATE')
      return `unexpected operation "UPDATE", node ${quote(node)} can only create and delete mirror pods`
    if (object?.metadata.annotations?.[MIRROR] === undefined) {
      return `pod does not have "${MIRROR}" annotation, node ${quote(node)} can only create mirror pods`
    }
    return isOn(object, node) ? undefined : ownPods(node, 'create pods')
  },
  'pods/status': ({ object, old }, node) => {
    if (!isOn(old, node)) return ownPods(node, 'update pod status for pods')
    const isRelabelled = !isSame(object?.metadata.labels ?? {}, old?.metadata.labels ?? {})
    return isRelabelled ? `node ${quote(node)} cannot update labels through pod status` : undefined
  },
  nodes: ({ name, object, old }, node) => {
    if (name !== node) return `node ${quote(node)} is not allowed to modify node ${quote(name)}`
    if (!old || !object) return undefined
    const taints = (state: UnknownObject) => (state.spec as { readonly taints?: unknown } | undefined)?.taints ?? []
    return isSame(taints(object), taints(old)) ? undefined : `node ${quote(node)} is not allowed to modify taints`
  },
  'nodes/status': ({ name }, node) =>
    name === node ? undefined : `node ${quote(node)} is not allowed to modify node ${quote(name)}`,
  'serviceaccounts/token': ({ object, namespace = '' }, node, store) => {
    const { boundObjectRef: bound } = (object?.spec ?? {}) as {
      readonly boundObjectRef?: { kind?: string; name?: string; uid?: string }
    }
    if (bound?.kind !== 'Pod' || !bound.name) return 'node requested token not bound to a pod'
    if (!bound.uid) return 'node requested token with a pod binding without a uid'
    const pod = store.get({ resource: 'pods', namespace, name: bound.name })
    return isOn(pod, node) ? undefined : 'node requested token bound to a pod scheduled on a different node'
  },
  'coordination.k8s.io/leases': ({ namespace, name }, node) => {
    if (namespace !== LEASES) return `can only access leases in the "${LEASES}" system namespace`
    return name === node ? undefined : 'can only access node lease with the same name as the requesting node'
  },
}

const MIRROR = 'kubernetes.io/config.mirror'
const LEASES = 'kube-node-lease'
const quote = (text: string): string => JSON.stringify(text)
const ownPods = (node: string, what: string): string =>
  `node ${quote(node)} can only ${what} with spec.nodeName set to itself`
const isOn = (pod: UnknownObject | undefined, node: string): boolean =>
  (pod as unknown as Pod | undefined)?.spec.nodeName === node

export const NODE_RESTRICTION: Stage = {
  name: 'NodeRestriction',
  check(request, { store }) {
    const node = nodeOf(request)
    if (node === undefined) return
    const { resource, subresource } = request
    const why = RULES[subresource === undefined ? resource.storedAs : `${resource.storedAs}/${subresource}`]?.(
      request,
      node,
      store,
    )
    if (why !== undefined) throw refused(request, why)
  },
}
