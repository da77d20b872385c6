/** Objects of many kinds, and what can be done to a value so that it is hardly one any more. */
import type { Random } from './random.ts'

export interface Place {
  readonly path: string
  readonly apiVersion: string
  readonly kind: string
}

const inNamespace = (root: string, plural: string) => `${root}/namespaces/fuzz/${plural}`

export const PLACES: readonly Place[] = [
  { path: inNamespace('/api/v1', 'pods'), apiVersion: 'v1', kind: 'Pod' },
  { path: inNamespace('/api/v1', 'configmaps'), apiVersion: 'v1', kind: 'ConfigMap' },
  { path: inNamespace('/api/v1', 'secrets'), apiVersion: 'v1', kind: 'Secret' },
  { path: inNamespace('/api/v1', 'services'), apiVersion: 'v1', kind: 'Service' },
  { path: inNamespace('/api/v1', 'serviceaccounts'), apiVersion: 'v1', kind: 'ServiceAccount' },
  { path: inNamespace('/api/v1', 'events'), apiVersion: 'v1', kind: 'Event' },
  { path: inNamespace('/api/v1', 'resourcequotas'), apiVersion: 'v1', kind: 'ResourceQuota' },
  { path: inNamespace('/api/v1', 'limitranges'), apiVersion: 'v1', kind: 'LimitRange' },
  { path: '/api/v1/nodes', apiVersion: 'v1', kind: 'Node' },
  { path: '/api/v1/namespaces', apiVersion: 'v1', kind: 'Namespace' },
  { path: inNamespace('/apis/apps/v1', 'deployments'), apiVersion: 'apps/v1', kind: 'Deployment' },
  { path: inNamespace('/apis/apps/v1', 'statefulsets'), apiVersion: 'apps/v1', kind: 'StatefulSet' },
  { path: inNamespace('/apis/batch/v1', 'jobs'), apiVersion: 'batch/v1', kind: 'Job' },
  { path: inNamespace('/apis/batch/v1', 'cronjobs'), apiVersion: 'batch/v1', kind: 'CronJob' },
  {
    path: inNamespace('/apis/rbac.authorization.k8s.io/v1', 'roles'),
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'Role',
  },
  {
    path: '/apis/apiextensions.k8s.io/v1/customresourcedefinitions',
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
  },
  {
    path: inNamespace('/apis/coordination.k8s.io/v1', 'leases'),
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
  },
  {
    path: '/apis/authorization.k8s.io/v1/subjectaccessreviews',
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SubjectAccessReview',
  },
  { path: inNamespace('/apis/example.dev/v1', 'widgets'), apiVersion: 'example.dev/v1', kind: 'Widget' },
]

const NAMES = 30
export const nameOf = (random: Random): string => `n${random.below(NAMES)}`

const template = {
  metadata: { labels: { app: 'a' } },
  spec: { containers: [{ name: 'c', image: 'i', command: ['true'] }] },
}

const BODIES: Readonly<Record<string, object>> = {
  Pod: {
    spec: {
      containers: [
        {
          name: 'c',
          image: 'i',
          env: [{ name: 'A', value: 'b' }],
          ports: [{ containerPort: 80, protocol: 'TCP' }],
          resources: { requests: { cpu: '1', memory: '1Gi' } },
        },
      ],
      volumes: [{ name: 'v', emptyDir: {} }],
      nodeSelector: { a: 'b' },
      tolerations: [{ key: 'k', operator: 'Exists' }],
    },
  },
  ConfigMap: { data: { a: '1' }, binaryData: { b: 'AAAA' } },
  Secret: { type: 'Opaque', data: { a: 'AAAA' }, stringData: { b: 'c' } },
  Service: {
    spec: { selector: { app: 'a' }, ports: [{ name: 'http', port: 80, targetPort: 'http' }], type: 'ClusterIP' },
  },
  Event: { involvedObject: { kind: 'Pod', name: 'x', namespace: 'fuzz' }, reason: 'r', message: 'm', type: 'Normal' },
  ResourceQuota: { spec: { hard: { 'requests.storage': '1Ti' } } },
  LimitRange: { spec: { limits: [{ type: 'PersistentVolumeClaim', max: { storage: '1Gi' } }] } },
  Node: { spec: { taints: [{ key: 'a', effect: 'NoSchedule' }] }, status: { capacity: { cpu: '4' } } },
  Deployment: { spec: { replicas: 1, selector: { matchLabels: { app: 'a' } }, template } },
  StatefulSet: { spec: { replicas: 1, serviceName: 's', selector: { matchLabels: { app: 'a' } }, template } },
  Job: { spec: { template: { spec: { ...template.spec, restartPolicy: 'Never' } } } },
  CronJob: {
    spec: {
      schedule: '* * * * *',
      jobTemplate: { spec: { template: { spec: { ...template.spec, restartPolicy: 'Never' } } } },
    },
  },
  Role: { rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }] },
  CustomResourceDefinition: {
    spec: {
      group: 'example.dev',
      scope: 'Namespaced',
      names: { plural: 'widgets', singular: 'widget', kind: 'Widget' },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          subresources: { status: {} },
          schema: {
            openAPIV3Schema: {
              type: 'object',
              properties: {
                spec: {
                  type: 'object',
                  properties: {
                    size: { type: 'integer', minimum: 0, default: 1 },
                    name: { type: 'string', pattern: '^[a-z]+$' },
                    list: { type: 'array', items: { type: 'string' } },
                  },
                  'x-kubernetes-validations': [{ rule: 'self.size < 100' }],
                },
                status: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
              },
            },
          },
        },
      ],
    },
  },
  Lease: { spec: { holderIdentity: 'me', leaseDurationSeconds: 15 } },
  SubjectAccessReview: { spec: { user: 'u', resourceAttributes: { verb: 'get', resource: 'pods' } } },
  Widget: { spec: { size: 3, name: 'abc', list: ['x'] } },
}

export function objectOf(random: Random, { apiVersion, kind }: Place): Record<string, unknown> {
  const name = kind === 'CustomResourceDefinition' ? 'widgets.example.dev' : nameOf(random)
  return { apiVersion, kind, metadata: { name, labels: { app: 'a' } }, ...structuredClone(BODIES[kind]) }
}

const nested = (depth: number): unknown => {
  let value: unknown = 1
  for (let i = 0; i < depth; i++) value = i % 2 === 0 ? [value] : { a: value }
  return value
}

const STRANGE: readonly ((random: Random) => unknown)[] = [
  () => null,
  () => true,
  () => -1,
  () => 0,
  () => 1e308,
  () => 2 ** 53,
  () => 0.1,
  () => '',
  () => [],
  () => ({}),
  () => [null],
  () => ({ '': '' }),
  () => ({ $patch: 'delete' }),
  () => ({ $patch: 'replace', $retainKeys: ['a'], '$setElementOrder/containers': [{ name: 'z' }] }),
  () => '1e1000000Ki',
  () => '2026-13-99T99:99:99Z',
  random => random.text(40),
  random => 'x'.repeat(random.below(5000)),
  random => nested(random.below(300)),
  random => Array.from({ length: random.below(200) }, () => ({ name: random.text(3) })),
  random => JSON.parse(`{"__proto__":{"a":${random.below(9)}},"constructor":{"prototype":1}}`),
]

export const strange = (random: Random): unknown => random.one(STRANGE)(random)

/** Changes a few places anywhere in `value`, in place. */
export function mangle(random: Random, value: unknown): unknown {
  const spots: (readonly [holder: Record<string, unknown>, key: string])[] = []
  const visit = (holder: unknown, depth: number): void => {
    if (typeof holder !== 'object' || holder === null || depth > 12) return
    for (const key of Object.keys(holder)) {
      spots.push([holder as Record<string, unknown>, key])
      visit((holder as Record<string, unknown>)[key], depth + 1)
    }
  }
  visit(value, 0)
  for (let change = random.below(4); change > 0 && spots.length > 0; change--) {
    const [holder, key] = random.one(spots)
    const dice = random.next()
    if (dice < 0.2) delete holder[key]
    else if (dice < 0.4) holder[random.text(12)] = strange(random)
    else holder[key] = strange(random)
  }
  return value
}
