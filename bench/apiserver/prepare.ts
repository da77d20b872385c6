/** What both sides are given through the API before anything is measured: a namespace, and a user with one Role. Returns that user's endpoint. */
import { type Endpoint, RawConnection } from './raw-client.ts'
import type { Side } from './servers.ts'

export const NAMESPACE = 'bench'
export const PODS = `/api/v1/namespaces/${NAMESPACE}/pods`
const RBAC = `/apis/rbac.authorization.k8s.io/v1/namespaces/${NAMESPACE}`
const ROLE_API = 'rbac.authorization.k8s.io'

const OBJECTS: readonly (readonly [path: string, object: unknown])[] = [
  ['/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } }],
  // Upstream's controllers make this one; neither side has controllers here.
  [`/api/v1/namespaces/${NAMESPACE}/serviceaccounts`, account('default')],
  [`/api/v1/namespaces/${NAMESPACE}/serviceaccounts`, account('loader')],
  [
    `${RBAC}/roles`,
    {
      apiVersion: `${ROLE_API}/v1`,
      kind: 'Role',
      metadata: { name: 'loader' },
      rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get', 'list', 'watch', 'create', 'patch', 'delete'] }],
    },
  ],
  [
    `${RBAC}/rolebindings`,
    {
      apiVersion: `${ROLE_API}/v1`,
      kind: 'RoleBinding',
      metadata: { name: 'loader' },
      roleRef: { apiGroup: ROLE_API, kind: 'Role', name: 'loader' },
      subjects: [{ kind: 'ServiceAccount', name: 'loader', namespace: NAMESPACE }],
    },
  ],
]

function account(name: string) {
  return { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name } }
}

export async function prepare({ admin }: Side): Promise<Endpoint> {
  const connection = await RawConnection.open(admin)
  const post = async (path: string, object: unknown): Promise<string> => {
    const answer = await connection.send({ method: 'POST', path, body: JSON.stringify(object) }, true)
    const text = answer.body.toString()
    if (answer.status !== 201 && answer.status !== 409) throw new Error(`${path}: ${answer.status} ${text}`)
    return text
  }
  for (const [path, object] of OBJECTS) await post(path, object)
  const token = await post(`/api/v1/namespaces/${NAMESPACE}/serviceaccounts/loader/token`, {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    metadata: {},
    spec: { expirationSeconds: 3 * 3600 },
  })
  connection.close()
  return { ...admin, token: JSON.parse(token).status.token }
}
