/**
 * Nobody makes a role, or binds one, that allows more than they may do themselves, unless they have the verb `escalate` or `bind` on it
 * (pkg/registry/rbac/…/policybased; upstream asks in the storage of these kinds, which is as late).
 */
import { isSame } from '../../kube/equal.ts'
import type { UnknownObject } from '../../kube/object.ts'
import type { PolicyRule, Role, RoleBinding } from '../../kube/workloads.ts'
import { isAllowed, rulesOf } from '../auth/authorize.ts'
import { escalation } from '../auth/rbac/escalation.ts'
import { RBAC_GROUP } from '../auth/rbac/rule-index.ts'
import { isMaster } from '../auth/user.ts'
import { without } from '../resource/json.ts'
import { notFound, qualifiedResource } from '../resource/refusals.ts'
import type { Store } from '../store/store.ts'
import { type AdmissionRequest, refused, type Stage } from './stage.ts'

export const ROLE_ESCALATION: Stage = {
  name: 'RoleEscalation',
  check(request, { store }) {
    const { object, old, resource, user, operation } = request
    if (resource.info.group !== RBAC_GROUP || operation === 'DELETE' || !object || isMaster(user)) return
    if (old && isSame(essence(old), essence(object))) return
    const isRole = resource.info.plural.endsWith('roles')
    const wanted = isRole ? rulesOfRole(store, request, object) : rulesOfBinding(store, request, object)
    const { rules, missing } = rulesOf(store).rulesFor(user, request.namespace)
    const why = wanted && escalation(user, rules, wanted)
    if (!why) return
    const lost = missing.map(({ name }) => `${qualifiedResource(resource.info)} ${JSON.stringify(name)} not found`)
    throw refused(request, lost.length > 0 ? `${why}; resolution errors: [${lost.join(' ')}]` : why)
  },
}

/** What the garbage collector may change without asking. */
const essence = ({ metadata, ...rest }: UnknownObject) => ({
  ...rest,
  metadata: without(metadata, ['ownerReferences', 'finalizers', 'managedFields', 'resourceVersion', 'generation']),
})

const EVERYTHING: readonly PolicyRule[] = [
  { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
  { verbs: ['*'], nonResourceURLs: ['*'] },
]

/** Undefined for who may escalate. */
function rulesOfRole(
  store: Store,
  request: AdmissionRequest,
  object: UnknownObject,
): readonly PolicyRule[] | undefined {
  if (
    isAllowed(store, request.user, rightTo('escalate', request, request.resource.info.plural, object.metadata.name))
  ) {
    return undefined
  }
  const { rules = [], aggregationRule } = object as Role & { readonly aggregationRule?: object }
  const { rules: held } = rulesOf(store).rulesFor(request.user, request.namespace)
  if (aggregationRule && escalation(request.user, held, EVERYTHING)) {
    throw refused(request, 'must have cluster-admin privileges to use the aggregationRule')
  }
  return rules
}

/** Undefined for who may bind. */
function rulesOfBinding(
  store: Store,
  request: AdmissionRequest,
  object: UnknownObject,
): readonly PolicyRule[] | undefined {
  const { roleRef } = object as unknown as RoleBinding
  const plural = `${roleRef.kind.toLowerCase()}s`
  if (isAllowed(store, request.user, rightTo('bind', request, plural, roleRef.name))) return undefined
  const rules = rulesOf(store).rulesOfRole(roleRef, request.namespace ?? '')
  if (rules === undefined) throw notFound(request.resource.info, roleRef.name)
  return rules
}

const rightTo = (verb: string, { namespace }: AdmissionRequest, resource: string, name: string | undefined) => ({
  kind: 'resource' as const,
  verb,
  group: RBAC_GROUP,
  resource,
  ...(namespace !== undefined && { namespace }),
  ...(name !== undefined && { name }),
})
