/**
 * Puts the built-in roles and bindings into a cluster, and back into one that lost some of them (kube-apiserver's post-start hook
 * rbac/bootstrap-roles). What somebody added stays; an object with the annotation `…/autoupdate: "false"` is left alone.
 */
import type { KubeApi } from '../../../client/kube-api.ts'
import { isSame } from '../../../kube/equal.ts'
import { type KubeObject, refOf } from '../../../kube/object.ts'
import { isApiError } from '../../../kube/status.ts'
import type { PolicyRule, Role, RoleBinding } from '../../../kube/workloads.ts'
import { BINDINGS, type BindingRow, ROLES, type RoleRow } from './built-in-roles.ts'
import { isCovered } from './escalation.ts'
import { RBAC_GROUP } from './rule-index.ts'

const AUTO_UPDATE = 'rbac.authorization.kubernetes.io/autoupdate'
const APPROVED = { 'kubernetes.io/bootstrapping': 'rbac-defaults' }
const aggregateTo = (role: string) => ({ [`${RBAC_GROUP}/aggregate-to-${role}`]: 'true' })

export interface ClusterRole extends Role {
  readonly aggregationRule?: { readonly clusterRoleSelectors: readonly object[] }
}

const words = (text = ''): readonly string[] => text.split(' ').map(word => (word === "''" ? '' : word))

export function ruleOf(row: string): PolicyRule {
  const [verbs, second, resources, names] = row.split(' | ')
  if (resources === undefined) return { verbs: words(verbs), nonResourceURLs: words(second) }
  const rule = { verbs: words(verbs), apiGroups: words(second), resources: words(resources) }
  return names === undefined ? rule : { ...rule, resourceNames: words(names) }
}

const metadataOf = ({ name, namespace }: RoleRow | BindingRow, labels: Record<string, string>) => ({
  name,
  ...(namespace !== undefined && { namespace }),
  labels: { ...APPROVED, ...labels },
  annotations: { [AUTO_UPDATE]: 'true' },
})

const place = ({ namespace }: RoleRow | BindingRow): string => (namespace === undefined ? 'Cluster' : '')

const roleOf = (row: RoleRow): ClusterRole => ({
  apiVersion: `${RBAC_GROUP}/v1`,
  kind: `${place(row)}Role`,
  metadata: metadataOf(row, Object.assign({}, ...(row.into ?? []).map(aggregateTo))),
  ...(row.from && {
    aggregationRule: { clusterRoleSelectors: row.from.map(to => ({ matchLabels: aggregateTo(to) })) },
  }),
  rules: row.rules.map(ruleOf),
})

function bindingOf(row: BindingRow): RoleBinding {
  const [kind, ...name] = row.role.split(' ')
  return {
    apiVersion: `${RBAC_GROUP}/v1`,
    kind: `${place(row)}RoleBinding`,
    metadata: metadataOf(row, {}),
    roleRef: { apiGroup: RBAC_GROUP, kind: kind as 'Role' | 'ClusterRole', name: name.join(' ') },
    subjects: row.subjects.map(subjectOf),
  }
}

function subjectOf(text: string): NonNullable<RoleBinding['subjects']>[number] {
  const [kind = '', path = ''] = text.split(' ')
  const slash = path.indexOf('/')
  if (kind !== 'ServiceAccount') return { kind: kind as 'User' | 'Group', apiGroup: RBAC_GROUP, name: path }
  return { kind, namespace: path.slice(0, slash), name: path.slice(slash + 1) }
}

/**
 * `more` are rows beside upstream's: the rights that this cluster's own kinds need. A few at a time, each few in one write to the disk, with
 * a pause in between: whoever asks for something meanwhile has to wait for no more than a few.
 */
export async function bootstrapRoles(
  api: KubeApi,
  more: readonly RoleRow[] = [],
  pause: () => Promise<void> = () => new Promise(resume => setImmediate(resume)),
): Promise<void> {
  const works = [
    ...[...more, ...ROLES].sort(aggregatedFirst).map(row => () => reconcile(api, roleOf(row), completeRole)),
    ...BINDINGS.map(row => () => reconcile(api, bindingOf(row), completeBinding)),
  ]
  for (let i = 0; i < works.length; i += AT_ONCE) {
    await Promise.all(works.slice(i, i + AT_ONCE).map(work => work()))
    await pause()
  }
}

const AT_ONCE = 8

/** Together, so that their controller has little to do; those that give rules before those that take them. */
const aggregatedFirst = (a: RoleRow, b: RoleRow): number => aggregationOf(a) - aggregationOf(b)
const aggregationOf = ({ into, from }: RoleRow): number => (from ? 1 : into ? 0 : 2)

async function reconcile<T extends KubeObject>(
  api: KubeApi,
  wanted: T,
  complete: (found: T, wanted: T) => T,
): Promise<void> {
  const found = await api.get<T>(refOf(wanted)).catch(error => {
    if (isApiError(error, 'NotFound')) return undefined
    throw error
  })
  if (!found) {
    await api.create(wanted)
    return
  }
  if (found.metadata.annotations?.[AUTO_UPDATE] === 'false') return
  const labels = { ...found.metadata.labels, ...wanted.metadata.labels }
  const annotations = { ...wanted.metadata.annotations, ...found.metadata.annotations }
  const next = complete({ ...found, metadata: { ...found.metadata, labels, annotations } }, wanted)
  if (!isSame(found, next)) await api.update(next)
}

/** An aggregated role's rules are its controller's to write. */
function completeRole(found: ClusterRole, wanted: ClusterRole): ClusterRole {
  if (wanted.aggregationRule) return { ...found, aggregationRule: found.aggregationRule ?? wanted.aggregationRule }
  const rules = found.rules ?? []
  const missing = (wanted.rules ?? []).filter(
    rule => !rules.some(other => isSame(other, rule)) && !isCovered(rules, rule),
  )
  return missing.length === 0 ? found : { ...found, rules: [...rules, ...missing] }
}

function completeBinding(found: RoleBinding, { subjects = [] }: RoleBinding): RoleBinding {
  const present = found.subjects ?? []
  const missing = subjects.filter(
    ({ kind, name, namespace }) =>
      !present.some(other => other.kind === kind && other.name === name && other.namespace === namespace),
  )
  return missing.length === 0 ? found : { ...found, subjects: [...present, ...missing] }
}
