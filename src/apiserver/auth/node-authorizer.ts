/**
 * What a node agent may do (plugin/pkg/auth/authorizer/node): the rules of system:node, and of what is secret or another node's only what pods
 * on its own node need. Nobody has to bind it: being in the group system:nodes under the name of a node is enough.
 */
import type { Pod } from '../../kube/core.ts'
import type { UnknownObject } from '../../kube/object.ts'
import type { Store } from '../store/store.ts'
import type { Attributes, ResourceAttributes } from './attributes.ts'
import { ruleOf } from './rbac/bootstrap-roles.ts'
import { ROLES } from './rbac/built-in-roles.ts'
import { covers } from './rbac/compiled-role.ts'
import type { Decision } from './rbac/rule-index.ts'
import type { User } from './user.ts'

const PREFIX = 'system:node:'
const RULES = (ROLES.find(({ name }) => name === 'system:node')?.rules ?? []).map(ruleOf)
const YES: Decision = { isAllowed: true, reason: '' }
const no = (reason = ''): Decision => ({ isAllowed: false, reason })

/** Undefined for who is no node. */
export const nodeOf = ({ name, groups }: User): string | undefined =>
  groups.includes('system:nodes') && name.startsWith(PREFIX) && name.length > PREFIX.length
    ? name.slice(PREFIX.length)
    : undefined

export function decideForNode(store: Store, node: string, attributes: Attributes): Decision {
  if (!RULES.some(rule => covers(rule, attributes))) return no()
  if (attributes.kind === 'path') return YES
  const key = `${attributes.group}/${attributes.resource}`
  const names = REFERENCES[key]
  if (names) return isNeeded(store, node, attributes, names) ? YES : no(UNRELATED(node))
  if (OWN_NAME.has(key) && attributes.name !== undefined && attributes.name !== node) {
    return no(`can only access ${attributes.resource} with the same name as the requesting node`)
  }
  return YES
}

const UNRELATED = (node: string): string => `no relationship found between node '${node}' and this object`
const OWN_NAME = new Set(['coordination.k8s.io/leases', 'storage.k8s.io/csinodes', '/nodes'])

type Names = (spec: Spec) => readonly (string | undefined)[]
type Ref = { readonly name?: string } | undefined
interface Env {
  readonly valueFrom?: { readonly secretKeyRef?: Ref; readonly configMapKeyRef?: Ref }
}
interface EnvFrom {
  readonly secretRef?: Ref
  readonly configMapRef?: Ref
}
interface Source {
  readonly secret?: { readonly name?: string; readonly secretName?: string }
  readonly configMap?: Ref
  readonly projected?: { readonly sources?: readonly Source[] }
  readonly persistentVolumeClaim?: { readonly claimName?: string }
}
interface Spec {
  readonly serviceAccountName?: string
  readonly imagePullSecrets?: readonly { readonly name?: string }[]
  readonly volumes?: readonly Source[]
  readonly containers?: readonly { readonly env?: readonly Env[]; readonly envFrom?: readonly EnvFrom[] }[]
  readonly initContainers?: Spec['containers']
}

const containersOf = ({ containers = [], initContainers = [] }: Spec) => [...containers, ...initContainers]
const sourcesOf = ({ volumes = [] }: Spec): readonly Source[] =>
  volumes.flatMap(volume => [volume, ...(volume.projected?.sources ?? [])])

/** Which objects of a kind a pod needs. */
const REFERENCES: Readonly<Record<string, Names>> = {
  '/secrets': spec => [
    ...(spec.imagePullSecrets ?? []).map(({ name }) => name),
    ...sourcesOf(spec).map(({ secret }) => secret?.secretName ?? secret?.name),
    ...containersOf(spec).flatMap(({ env = [], envFrom = [] }) => [
      ...env.map(({ valueFrom }) => valueFrom?.secretKeyRef?.name),
      ...envFrom.map(({ secretRef }) => secretRef?.name),
    ]),
  ],
  '/configmaps': spec => [
    ...sourcesOf(spec).map(({ configMap }) => configMap?.name),
    ...containersOf(spec).flatMap(({ env = [], envFrom = [] }) => [
      ...env.map(({ valueFrom }) => valueFrom?.configMapKeyRef?.name),
      ...envFrom.map(({ configMapRef }) => configMapRef?.name),
    ]),
  ],
  '/persistentvolumeclaims': spec => (spec.volumes ?? []).map(volume => volume.persistentVolumeClaim?.claimName),
  '/serviceaccounts': spec => [spec.serviceAccountName],
}

/** One object by its name, in a namespace: nodes never list what is secret. */
function isNeeded(store: Store, node: string, { namespace, name }: ResourceAttributes, names: Names): boolean {
  if (namespace === undefined || name === undefined) return false
  const isHere = (pod: UnknownObject): boolean => (pod as unknown as Pod).spec?.nodeName === node
  return store
    .list({ resource: 'pods', namespace })
    .items.some(pod => isHere(pod) && names((pod as unknown as { spec: Spec }).spec).includes(name))
}
