/** Who may do what: Roles and ClusterRoles by their bindings (plugin/pkg/auth/authorizer/rbac). Rules only allow; what none allows is refused. */
import { apiError } from '../../kube/status.ts'
import { forbidden } from '../resource/refusals.ts'
import type { Store } from '../store/store.ts'
import type { Attributes } from './attributes.ts'
import { decideForNode, nodeOf } from './node-authorizer.ts'
import { type Decision, RuleIndex } from './rbac/rule-index.ts'
import { isMaster, type User } from './user.ts'

export type { Attributes, ResourceAttributes } from './attributes.ts'

/** One index a store, made when somebody first asks. */
const indexes = new WeakMap<Store, RuleIndex>()

export function rulesOf(store: Store): RuleIndex {
  let index = indexes.get(store)
  if (index === undefined) {
    index = new RuleIndex(store)
    indexes.set(store, index)
  }
  return index
}

const BY_MEMBERSHIP: Decision = { isAllowed: true, reason: '' }

/** Modes Node and RBAC, as kubeadm sets them up: what either allows is allowed. */
export function decide(store: Store, user: User, attributes: Attributes): Decision {
  if (isMaster(user)) return BY_MEMBERSHIP
  const node = nodeOf(user)
  const asNode = node === undefined ? undefined : decideForNode(store, node, attributes)
  if (asNode?.isAllowed) return asNode
  const byRole = rulesOf(store).decide(user, attributes)
  if (byRole.isAllowed || !asNode?.reason) return byRole
  return { isAllowed: false, reason: [asNode.reason, byRole.reason].filter(Boolean).join(', ') }
}

export const isAllowed = (store: Store, user: User, attributes: Attributes): boolean =>
  decide(store, user, attributes).isAllowed

/** Throws ApiError Forbidden, in upstream's words. */
export function authorize(store: Store, user: User, attributes: Attributes): void {
  const { isAllowed, reason } = decide(store, user, attributes)
  if (!isAllowed) throw refusal(user, attributes, reason)
}

export function refusal(user: User, attributes: Attributes, reason: string) {
  const because = reason && `: ${reason}`
  const who = `User ${JSON.stringify(user.name)} cannot`
  if (attributes.kind === 'path') {
    const what = escaped(`${who} ${attributes.verb} path ${JSON.stringify(attributes.path)}`)
    return apiError('Forbidden', `forbidden: ${what}${because}`, {})
  }
  const { verb, group, resource, subresource, namespace, name = '' } = attributes
  const what = subresource === undefined ? resource : `${resource}/${subresource}`
  const where = namespace === undefined ? 'at the cluster scope' : `in the namespace ${JSON.stringify(namespace)}`
  const text = `${who} ${verb} resource ${JSON.stringify(what)} in API group ${JSON.stringify(group)} ${where}`
  return forbidden({ group, plural: resource, kind: resource }, name, escaped(text) + because)
}

/** What a client wrote never comes back as HTML. */
const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
