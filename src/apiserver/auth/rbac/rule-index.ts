/**
 * Roles and bindings, sorted by whom they speak of: a decision looks up the asker's name and groups and reads no other binding. It is kept
 * current by the store's history at the moment of a question, so a binding counts for the request after the one that made it.
 */
import { aggregateText, isApiError } from '../../../kube/status.ts'
import type { PolicyRule, Role, RoleBinding } from '../../../kube/workloads.ts'
import type { Store, StoreEvent } from '../../store/store.ts'
import type { Attributes } from '../attributes.ts'
import type { User } from '../user.ts'
import { allows, type CompiledRole, compileRole, keyOf } from './compiled-role.ts'

export const RBAC_GROUP = 'rbac.authorization.k8s.io'
const RESOURCES = ['roles', 'clusterroles', 'rolebindings', 'clusterrolebindings'].map(
  plural => `${RBAC_GROUP}/${plural}`,
)

type Subject = NonNullable<RoleBinding['subjects']>[number]

/** One subject of one binding. */
interface Grant {
  readonly binding: RoleBinding
  readonly subject: Subject
  /** Of the role, in `roles`. */
  readonly role: string
}

export interface Decision {
  readonly isAllowed: boolean
  /** Which binding allows it, or what went wrong on the way. */
  readonly reason: string
}

export interface RulesOfUser {
  readonly rules: readonly PolicyRule[]
  readonly missing: readonly RoleBinding['roleRef'][]
}

export class RuleIndex {
  readonly #store: Store
  readonly #roles = new Map<string, CompiledRole>()
  /** By subject, then by namespace; `''` holds the bindings of the whole cluster. */
  readonly #grants = new Map<string, Map<string, readonly Grant[]>>()
  /** Everything up to this revision is in. */
  #revision = -1

  constructor(store: Store) {
    this.#store = store
  }

  decide(user: User, attributes: Attributes): Decision {
    this.#catchUp()
    const key = keyOf(attributes)
    const missing: string[] = []
    for (const grant of this.#grantsOf(user, namespaceOf(attributes))) {
      const role = this.#roles.get(grant.role)
      if (!role) missing.push(notFound(grant.binding.roleRef))
      else if (allows(role, attributes, key)) return { isAllowed: true, reason: `RBAC: allowed by ${described(grant)}` }
    }
    return { isAllowed: false, reason: missing.length === 0 ? '' : `rbac: RBAC: ${aggregateText(missing)}` }
  }

  /** All rules that speak of the user in the namespace (`undefined` leaves those of the whole cluster), and references that lead nowhere. */
  rulesFor(user: User, namespace: string | undefined): RulesOfUser {
    this.#catchUp()
    const grants = [...this.#grantsOf(user, namespace)]
    return {
      rules: grants.flatMap(({ role }) => this.#roles.get(role)?.rules ?? []),
      missing: grants.filter(({ role }) => !this.#roles.has(role)).map(({ binding }) => binding.roleRef),
    }
  }

  /** The rules behind a reference, from a binding in `namespace`. */
  rulesOfRole(roleRef: RoleBinding['roleRef'], namespace: string): readonly PolicyRule[] | undefined {
    this.#catchUp()
    return this.#roles.get(roleKey(roleRef, namespace))?.rules
  }

  /** Those of the cluster come first, as upstream visits them. */
  *#grantsOf(user: User, namespace: string | undefined): Generator<Grant> {
    const subjects = [`u:${user.name}`, ...user.groups.map(group => `g:${group}`)]
    for (const place of namespace === undefined ? [''] : ['', namespace]) {
      for (const subject of subjects) yield* this.#grants.get(subject)?.get(place) ?? []
    }
  }

  #catchUp(): void {
    if (this.#store.revision === this.#revision) return
    const events = this.#revision < 0 ? undefined : this.#changes()
    if (events === undefined) this.#rebuild()
    else for (const event of events) this.#apply(event)
    this.#revision = this.#store.revision
  }

  /** Undefined where too much has happened since the last question. */
  #changes(): readonly StoreEvent[] | undefined {
    try {
      return RESOURCES.flatMap(resource => this.#store.changes({ resource }, this.#revision))
    } catch (error) {
      if (isApiError(error, 'Expired')) return undefined
      throw error
    }
  }

  #rebuild(): void {
    this.#roles.clear()
    this.#grants.clear()
    for (const resource of RESOURCES) {
      for (const object of this.#store.list({ resource }).items) this.#put(resource, object as unknown as Entry)
    }
  }

  #apply({ type, key: { resource }, object, previous }: StoreEvent): void {
    if (previous) this.#drop(resource, previous as unknown as Entry)
    if (type !== 'DELETED') this.#put(resource, object as unknown as Entry)
  }

  #put(resource: string, object: Entry): void {
    if (isRole(resource)) this.#roles.set(keyOfRole(object), compileRole((object as Role).rules ?? []))
    else for (const [subject, place, grant] of grantsOf(object as RoleBinding)) this.#grant(subject, place, grant)
  }

  #drop(resource: string, object: Entry): void {
    if (isRole(resource)) {
      this.#roles.delete(keyOfRole(object))
      return
    }
    for (const [subject, place] of grantsOf(object as RoleBinding)) {
      const places = this.#grants.get(subject)
      const left = places?.get(place)?.filter(({ binding }) => binding.metadata.name !== object.metadata.name) ?? []
      if (left.length > 0) places?.set(place, left)
      else places?.delete(place)
      if (places?.size === 0) this.#grants.delete(subject)
    }
  }

  #grant(subject: string, place: string, grant: Grant): void {
    const places = this.#grants.get(subject) ?? new Map<string, readonly Grant[]>()
    this.#grants.set(subject, places)
    places.set(place, [...(places.get(place) ?? []), grant])
  }
}

type Entry = Role | RoleBinding

const isRole = (resource: string): boolean => resource.endsWith('roles')

const keyOfRole = ({ metadata: { namespace, name } }: Entry): string => (namespace ? `${namespace}/${name}` : `${name}`)

const roleKey = ({ kind, name }: RoleBinding['roleRef'], namespace: string): string =>
  kind === 'ClusterRole' ? name : `${namespace}/${name}`

const namespaceOf = (attributes: Attributes): string | undefined =>
  attributes.kind === 'resource' ? attributes.namespace : undefined

function grantsOf(binding: RoleBinding): readonly (readonly [subject: string, place: string, grant: Grant])[] {
  const place = binding.metadata.namespace ?? ''
  const role = roleKey(binding.roleRef, place)
  return (binding.subjects ?? []).map(subject => [subjectKey(subject, place), place, { binding, subject, role }])
}

const subjectKey = ({ kind, name, namespace }: Subject, place: string): string =>
  kind === 'Group'
    ? `g:${name}`
    : kind === 'ServiceAccount'
      ? `u:system:serviceaccount:${namespace ?? place}:${name}`
      : `u:${name}`

/** `ClusterRoleBinding "b" of ClusterRole "r" to Group "g"`; names before namespaces, as upstream writes them. */
function described({ binding: { metadata, roleRef }, subject }: Grant): string {
  const { name, namespace } = metadata
  const what = namespace ? `RoleBinding "${name}/${namespace}"` : `ClusterRoleBinding "${name}"`
  const place = subject.kind === 'ServiceAccount' ? `/${subject.namespace || namespace || ''}` : ''
  return `${what} of ${roleRef.kind} "${roleRef.name}" to ${subject.kind} "${subject.name}${place}"`
}

export const notFound = ({ kind, name }: RoleBinding['roleRef']): string =>
  `${kind.toLowerCase()}.${RBAC_GROUP} "${name}" not found`
