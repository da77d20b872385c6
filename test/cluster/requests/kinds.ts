/** Every kind once: what a small object of it becomes, how it is printed, what is refused. Pods, Services and workloads have tables of their own. */
import { get, mergePatch, post, type Request, remove, type Scenario, scenario } from './request.ts'

interface Sample {
  readonly apiVersion: string
  readonly plural: string
  readonly kind: string
  readonly isClusterWide?: true
  readonly name?: string
  /** Everything but apiVersion, kind and metadata. */
  readonly fields: object
}

const namespaced = (apiVersion: string, plural: string, kind: string, fields: object): Sample => ({
  apiVersion,
  plural,
  kind,
  fields,
})
const clusterWide = (apiVersion: string, plural: string, kind: string, fields: object, name?: string): Sample => ({
  apiVersion,
  plural,
  kind,
  fields,
  isClusterWide: true,
  ...(name !== undefined && { name }),
})

const NETWORKING = 'networking.k8s.io/v1'
const STORAGE = 'storage.k8s.io/v1'
const ADMISSION = 'admissionregistration.k8s.io/v1'
const RBAC = 'rbac.authorization.k8s.io/v1'
const RESOURCE = 'resource.k8s.io/v1'
const template = { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i' }] } }
const target = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' }
const backend = (name: string, number: number) => ({ service: { name, port: { number } } })
const webhook = {
  name: 'a.example.com',
  admissionReviewVersions: ['v1'],
  sideEffects: 'None',
  clientConfig: { service: { namespace: 'NS', name: 's' } },
  rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }],
}
const CSR = `-----BEGIN CERTIFICATE REQUEST-----
MIHXMH4CAQAwHDENMAsGA1UECgwEc29tZTELMAkGA1UEAwwCbWUwWTATBgcqhkjO
PQIBBggqhkjOPQMBBwNCAAQdJRn0K9qWVJJT6VrAHghg+454G/fDQ5YszfAmoIdK
KAkATUa50o79+pQDMQn1CnnK1cQLcYukbp3cojqiHp2hoAAwCgYIKoZIzj0EAwID
SQAwRgIhAKErv3HxSpA+rocAiNHa/TzE2JVSBks7oY9vTc7ArjZRAiEA3IpPo9eO
+zn5vlxg2DefIbp9j2DML+6JrXRi7gazypk=
-----END CERTIFICATE REQUEST-----
`

const SAMPLES: readonly Sample[] = [
  namespaced('v1', 'limitranges', 'LimitRange', {
    spec: {
      limits: [
        { type: 'Container', max: { cpu: '2', memory: '1Gi' }, default: { cpu: '1' } },
        { type: 'Pod', max: { cpu: '4' } },
      ],
    },
  }),
  namespaced('v1', 'resourcequotas', 'ResourceQuota', {
    spec: { hard: { pods: '10', 'requests.cpu': '4', 'limits.memory': '1Gi' }, scopes: ['NotTerminating'] },
  }),
  namespaced('v1', 'endpoints', 'Endpoints', { subsets: [{ addresses: [{ ip: '10.0.0.1' }], ports: [{ port: 80 }] }] }),
  namespaced('v1', 'configmaps', 'ConfigMap', { data: { a: 'b' }, binaryData: { c: 'AAA=' } }),
  namespaced('v1', 'secrets', 'Secret', { stringData: { a: 'b' } }),
  namespaced('v1', 'persistentvolumeclaims', 'PersistentVolumeClaim', {
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, storageClassName: 'fast' },
  }),
  namespaced('v1', 'podtemplates', 'PodTemplate', { template }),
  namespaced('v1', 'replicationcontrollers', 'ReplicationController', { spec: { template } }),
  namespaced('v1', 'serviceaccounts', 'ServiceAccount', { automountServiceAccountToken: false }),
  namespaced('apps/v1', 'controllerrevisions', 'ControllerRevision', { revision: 3, data: { spec: { a: null } } }),
  namespaced('autoscaling/v2', 'horizontalpodautoscalers', 'HorizontalPodAutoscaler', {
    spec: { scaleTargetRef: target, maxReplicas: 5, behavior: { scaleDown: { stabilizationWindowSeconds: 60 } } },
  }),
  namespaced('policy/v1', 'poddisruptionbudgets', 'PodDisruptionBudget', {
    spec: { minAvailable: 1, selector: { matchLabels: { a: 'b' } } },
  }),
  namespaced(NETWORKING, 'ingresses', 'Ingress', {
    spec: {
      ingressClassName: 'nginx',
      tls: [{ hosts: ['a.example.com'], secretName: 's' }],
      rules: [
        { host: 'a.example.com', http: { paths: [{ path: '/', pathType: 'Prefix', backend: backend('web', 80) }] } },
      ],
    },
  }),
  namespaced(NETWORKING, 'networkpolicies', 'NetworkPolicy', {
    spec: { podSelector: { matchLabels: { a: 'b' } }, ingress: [{ ports: [{ port: 80 }] }], egress: [{}] },
  }),
  namespaced('coordination.k8s.io/v1', 'leases', 'Lease', { spec: { holderIdentity: 'me', leaseDurationSeconds: 15 } }),
  namespaced('discovery.k8s.io/v1', 'endpointslices', 'EndpointSlice', {
    addressType: 'IPv4',
    endpoints: [{ addresses: ['10.0.0.1'] }],
    ports: [{ port: 80 }],
  }),
  namespaced(RBAC, 'roles', 'Role', { rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }] }),
  namespaced(RBAC, 'rolebindings', 'RoleBinding', {
    roleRef: { kind: 'Role', name: 'x' },
    subjects: [
      { kind: 'User', name: 'u' },
      { kind: 'ServiceAccount', name: 's', namespace: 'NS' },
      { kind: 'Group', name: 'g' },
    ],
  }),
  namespaced(STORAGE, 'csistoragecapacities', 'CSIStorageCapacity', { storageClassName: 'fast', capacity: '10Gi' }),
  namespaced(RESOURCE, 'resourceclaims', 'ResourceClaim', {
    spec: { devices: { requests: [{ name: 'r', exactly: { deviceClassName: 'gpu.example.com' } }] } },
  }),
  namespaced(RESOURCE, 'resourceclaimtemplates', 'ResourceClaimTemplate', {
    spec: {
      spec: {
        devices: { requests: [{ name: 'r', firstAvailable: [{ name: 's', deviceClassName: 'gpu.example.com' }] }] },
      },
    },
  }),
  clusterWide('v1', 'persistentvolumes', 'PersistentVolume', {
    spec: {
      capacity: { storage: '1Gi' },
      accessModes: ['ReadWriteOnce', 'ReadOnlyMany'],
      hostPath: { path: '/data' },
      storageClassName: 'fast',
    },
  }),
  clusterWide('v1', 'nodes', 'Node', { spec: { unschedulable: true }, status: { capacity: { cpu: '4' } } }),
  clusterWide('v1', 'namespaces', 'Namespace', {}, 'kinds-made'),
  clusterWide(NETWORKING, 'ingressclasses', 'IngressClass', {
    spec: { controller: 'example.com/ingress', parameters: { kind: 'Parameters', name: 'p', apiGroup: 'example.com' } },
  }),
  clusterWide(NETWORKING, 'servicecidrs', 'ServiceCIDR', { spec: { cidrs: ['10.97.0.0/24'] } }),
  clusterWide(
    NETWORKING,
    'ipaddresses',
    'IPAddress',
    { spec: { parentRef: { resource: 'services', namespace: 'NS', name: 'x' } } },
    '10.97.0.9',
  ),
  clusterWide(RBAC, 'clusterroles', 'ClusterRole', { rules: [{ nonResourceURLs: ['/metrics'], verbs: ['get'] }] }),
  clusterWide(RBAC, 'clusterrolebindings', 'ClusterRoleBinding', {
    roleRef: { kind: 'ClusterRole', name: 'x' },
    subjects: [{ kind: 'User', name: 'u' }],
  }),
  clusterWide(STORAGE, 'storageclasses', 'StorageClass', { provisioner: 'example.com/disk' }),
  clusterWide(STORAGE, 'csidrivers', 'CSIDriver', { spec: {} }),
  clusterWide(STORAGE, 'csinodes', 'CSINode', { spec: { drivers: [{ name: 'example.com', nodeID: 'n' }] } }),
  clusterWide(STORAGE, 'volumeattachments', 'VolumeAttachment', {
    spec: { attacher: 'example.com', nodeName: 'n', source: { persistentVolumeName: 'x' } },
  }),
  clusterWide(STORAGE, 'volumeattributesclasses', 'VolumeAttributesClass', {
    driverName: 'example.com',
    parameters: { a: 'b' },
  }),
  clusterWide(ADMISSION, 'validatingwebhookconfigurations', 'ValidatingWebhookConfiguration', { webhooks: [webhook] }),
  clusterWide(ADMISSION, 'mutatingwebhookconfigurations', 'MutatingWebhookConfiguration', { webhooks: [webhook] }),
  clusterWide(ADMISSION, 'validatingadmissionpolicies', 'ValidatingAdmissionPolicy', {
    spec: {
      matchConstraints: {
        resourceRules: [
          { apiGroups: ['apps'], apiVersions: ['v1'], operations: ['CREATE'], resources: ['deployments'] },
        ],
      },
      validations: [{ expression: 'true' }],
    },
  }),
  clusterWide(ADMISSION, 'validatingadmissionpolicybindings', 'ValidatingAdmissionPolicyBinding', {
    spec: { policyName: 'x', validationActions: ['Deny'], matchResources: {} },
  }),
  clusterWide('scheduling.k8s.io/v1', 'priorityclasses', 'PriorityClass', { value: 100, description: 'some' }),
  clusterWide('node.k8s.io/v1', 'runtimeclasses', 'RuntimeClass', { handler: 'runsc' }),
  clusterWide(RESOURCE, 'deviceclasses', 'DeviceClass', { spec: { selectors: [{ cel: { expression: 'true' } }] } }),
  clusterWide(RESOURCE, 'resourceslices', 'ResourceSlice', {
    spec: {
      driver: 'example.com',
      pool: { name: 'p', generation: 1, resourceSliceCount: 1 },
      nodeName: 'n',
      devices: [{ name: 'd' }],
    },
  }),
  clusterWide('certificates.k8s.io/v1', 'certificatesigningrequests', 'CertificateSigningRequest', {
    spec: { request: btoa(CSR), signerName: 'example.com/signer', usages: ['client auth'] },
  }),
]

const collection = ({ apiVersion, plural, isClusterWide }: Sample): string =>
  `/${apiVersion === 'v1' ? 'api' : 'apis'}/${apiVersion}${isClusterWide ? '' : '/namespaces/NS'}/${plural}`

const nameOf = ({ name = 'sample' }: Sample): string => name
const whole = (sample: Sample, fields: object = sample.fields, name = nameOf(sample)) => ({
  apiVersion: sample.apiVersion,
  kind: sample.kind,
  metadata: { name },
  ...fields,
})

const TABLE = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' }

/** Made, printed, labelled and deleted. */
function life(sample: Sample): readonly Request[] {
  const at = `${collection(sample)}/${nameOf(sample)}`
  return [
    post(collection(sample), whole(sample)),
    get(`${at}?includeObject=None`, TABLE),
    mergePatch(at, { metadata: { labels: { x: 'y' } } }),
    remove(at),
  ]
}

const find = (plural: string): Sample => {
  const sample = SAMPLES.find(each => each.plural === plural)
  if (!sample) throw new Error(`no sample of ${plural}`)
  return sample
}

const refused = (plural: string, ...all: readonly object[]): readonly Request[] =>
  all.map(fields => post(`${collection(find(plural))}?dryRun=All`, whole(find(plural), fields)))

const changed = (plural: string, ...patches: readonly object[]): readonly Request[] => {
  const sample = find(plural)
  const at = `${collection(sample)}/${nameOf(sample)}`
  return [
    post(collection(sample), whole(sample), { unseen: true }),
    ...patches.map(patch => mergePatch(at, patch)),
    { ...remove(at), unseen: true },
  ]
}

const hpa = (spec: object) => ({ spec: { scaleTargetRef: target, maxReplicas: 5, ...spec } })
const hpaV1: Sample = {
  apiVersion: 'autoscaling/v1',
  plural: 'horizontalpodautoscalers',
  kind: 'HorizontalPodAutoscaler',
  fields: {},
}
const atV1 = collection(hpaV1)
const atV2 = collection(find('horizontalpodautoscalers'))

export const KINDS: readonly Scenario[] = [
  ...SAMPLES.map(sample => scenario(`kind ${sample.kind}`, ...life(sample))),
  scenario(
    'autoscalers in two versions',
    post(atV1, whole(hpaV1, hpa({ targetCPUUtilizationPercentage: 70 }), 'one')),
    get(`${atV2}/one`),
    post(
      atV2,
      whole(
        find('horizontalpodautoscalers'),
        hpa({
          metrics: [
            { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 60 } } },
            { type: 'Resource', resource: { name: 'memory', target: { type: 'AverageValue', averageValue: '1Gi' } } },
          ],
          behavior: { scaleUp: { stabilizationWindowSeconds: 5 } },
        }),
        'two',
      ),
    ),
    get(`${atV1}/two`),
    mergePatch(`${atV1}/two`, { spec: { maxReplicas: 7 } }),
    get(`${atV2}/two`),
    get(`${atV2}/two?includeObject=None`, TABLE),
  ),
  scenario(
    'small kinds refused',
    ...refused(
      'limitranges',
      {},
      { spec: { limits: [{ type: 'Container', max: { cpu: '1' }, min: { cpu: '2' } }] } },
      { spec: { limits: [{ type: 'Pod', default: { cpu: '1' } }, { type: 'Pod' }] } },
    ),
    ...refused(
      'resourcequotas',
      { spec: { hard: { pods: '-1' } } },
      { spec: { hard: { nonsense: '1' } } },
      { spec: { hard: { pods: '1' }, scopes: ['Nonsense'] } },
      { spec: { hard: { pods: '1.5' } } },
    ),
    ...refused('endpoints', { subsets: [{}] }, { subsets: [{ addresses: [{ ip: 'x' }], ports: [{ port: 0 }] }] }),
    ...refused(
      'persistentvolumeclaims',
      {},
      { spec: { accessModes: ['x'], resources: { requests: { storage: '1Gi' } } } },
      { spec: { accessModes: ['ReadWriteOnce'] } },
    ),
    ...refused(
      'persistentvolumes',
      {},
      { spec: { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'] } },
      {
        spec: {
          capacity: { storage: '1Gi' },
          accessModes: ['ReadWriteOnce'],
          hostPath: { path: '/a' },
          nfs: { server: 's', path: '/p' },
        },
      },
    ),
    ...refused('controllerrevisions', { data: { a: 1 } }, { revision: -1, data: { a: 1 } }, { revision: 1 }),
    ...refused(
      'horizontalpodautoscalers',
      {},
      hpa({ maxReplicas: 0 }),
      hpa({ minReplicas: 6 }),
      hpa({ minReplicas: 0 }),
      hpa({ scaleTargetRef: { kind: 'Deployment' } }),
      hpa({ metrics: [{ type: 'Resource' }] }),
      hpa({ metrics: [{ type: 'Nonsense' }] }),
      hpa({ behavior: { scaleDown: { stabilizationWindowSeconds: -1 } } }),
    ),
    ...refused(
      'poddisruptionbudgets',
      { spec: { minAvailable: 1, maxUnavailable: 1, selector: {} } },
      { spec: { minAvailable: '101%', selector: {} } },
      { spec: { minAvailable: -1, selector: {} } },
      { spec: { minAvailable: 'x', selector: {} } },
      { spec: { selector: { matchLabels: { 'a b': 'c' } } } },
    ),
    ...refused(
      'ingresses',
      {},
      { spec: { defaultBackend: {} } },
      { spec: { rules: [{ http: { paths: [{ path: '/', backend: backend('web', 80) }] } }] } },
      {
        spec: {
          rules: [{ host: 'A_b', http: { paths: [{ path: 'x', pathType: 'Exact', backend: backend('web', 0) }] } }],
        },
      },
      { spec: { rules: [{ http: { paths: [{ path: '/', pathType: 'Nonsense', backend: backend('Web', 80) }] } }] } },
      { spec: { rules: [{ http: { paths: [] } }] } },
    ),
    ...refused('ingressclasses', {}, { spec: { controller: 'x' } }),
    ...refused(
      'networkpolicies',
      { spec: { podSelector: { matchLabels: { 'a b': 'c' } } } },
      { spec: { podSelector: {}, ingress: [{ ports: [{ port: 70000, protocol: 'X' }] }] } },
      { spec: { podSelector: {}, ingress: [{ from: [{}] }] } },
      { spec: { podSelector: {}, ingress: [{ from: [{ ipBlock: { cidr: 'x' }, podSelector: {} }] }] } },
      { spec: { podSelector: {}, policyTypes: ['x'] } },
    ),
    ...refused(
      'endpointslices',
      {},
      { addressType: 'IPv4', endpoints: [{}], ports: [{ port: 0, protocol: 'x' }] },
      { addressType: 'IPv4', endpoints: [{ addresses: ['x'] }] },
    ),
    ...refused(
      'storageclasses',
      {},
      { provisioner: 'a b' },
      { provisioner: 'a', reclaimPolicy: 'x' },
      { provisioner: 'a', volumeBindingMode: 'x' },
    ),
    ...refused('priorityclasses', { value: 2000000000 }, { value: 1, preemptionPolicy: 'x' }),
    ...refused('runtimeclasses', {}, { handler: 'A_b' }, { handler: 'a', overhead: { podFixed: { cpu: '-1' } } }),
    ...refused(
      'validatingwebhookconfigurations',
      { webhooks: [{}] },
      { webhooks: [{ ...webhook, name: 'x', sideEffects: 'Some' }] },
      { webhooks: [webhook, webhook] },
      { webhooks: [{ ...webhook, timeoutSeconds: 31, failurePolicy: 'x', clientConfig: {} }] },
    ),
    ...refused(
      'resourceclaims',
      {},
      { spec: { devices: { requests: [{ name: 'A' }] } } },
      { spec: { devices: { requests: [{ name: 'r', exactly: {} }] } } },
    ),
    ...refused('deviceclasses', { spec: { selectors: [{}] } }),
    ...refused(
      'certificatesigningrequests',
      { spec: {} },
      { spec: { request: btoa('x'), signerName: 'x', usages: ['nonsense'] } },
    ),
    ...refused(
      'roles',
      { rules: [{}] },
      { rules: [{ verbs: ['get'] }] },
      { rules: [{ verbs: ['get'], apiGroups: [''] }] },
      { rules: [{ verbs: ['get'], nonResourceURLs: ['/x'] }] },
    ),
    ...refused('clusterroles', {
      rules: [{ verbs: ['get'], nonResourceURLs: ['/x'], resources: ['pods'], apiGroups: [''] }],
    }),
    ...refused(
      'rolebindings',
      {},
      { roleRef: { kind: 'x', name: 'y', apiGroup: 'z' } },
      {
        roleRef: { kind: 'Role', name: 'y' },
        subjects: [
          { kind: 'x', name: '' },
          { kind: 'User', name: 'u', namespace: 'n' },
        ],
      },
    ),
    ...refused('volumeattributesclasses', {}),
    ...refused('leases', { spec: { leaseDurationSeconds: -1, leaseTransitions: -1 } }),
    ...refused('nodes', { spec: { podCIDRs: ['x'], taints: [{ key: 'a b', effect: 'x' }] } }),
    ...refused('namespaces', { spec: { finalizers: ['x'] } }),
    ...refused('podtemplates', {}),
    ...refused('replicationcontrollers', {}, { spec: { replicas: -1, selector: { a: 'c' }, template } }),
  ),
  scenario(
    'small kinds changed',
    ...changed(
      'persistentvolumeclaims',
      { spec: { accessModes: ['ReadOnlyMany'] } },
      { spec: { resources: { requests: { storage: '2Gi' } } } },
    ),
    ...changed(
      'persistentvolumes',
      { spec: { hostPath: { path: '/other' } } },
      { spec: { persistentVolumeReclaimPolicy: 'Delete' } },
    ),
    ...changed('controllerrevisions', { data: { spec: { a: 1 } } }, { revision: 4 }),
    ...changed(
      'storageclasses',
      { provisioner: 'other' },
      { parameters: { a: 'b' } },
      { reclaimPolicy: 'Retain' },
      { allowVolumeExpansion: true },
    ),
    ...changed('priorityclasses', { value: 1 }, { preemptionPolicy: 'Never' }, { description: 'other' }),
    ...changed('runtimeclasses', { handler: 'other' }),
    ...changed('ingressclasses', { spec: { controller: 'example.com/other' } }),
    ...changed('rolebindings', { roleRef: { name: 'other' } }, { subjects: [] }),
    ...changed('endpointslices', { addressType: 'IPv6' }),
    ...changed('resourceclaims', {
      spec: { devices: { requests: [{ name: 'other', exactly: { deviceClassName: 'a.example.com' } }] } },
    }),
    ...changed('volumeattachments', { spec: { nodeName: 'other' } }),
    ...changed('csidrivers', { spec: { attachRequired: false } }, { spec: { podInfoOnMount: true } }),
    ...changed('volumeattributesclasses', { parameters: { a: 'c' } }),
    ...changed(
      'certificatesigningrequests',
      { spec: { username: 'x' } },
      { spec: { signerName: 'example.com/other' } },
    ),
    ...changed(
      'poddisruptionbudgets',
      { spec: { selector: null } },
      { spec: { minAvailable: null, maxUnavailable: '50%' } },
    ),
    ...changed('secrets', { type: 'other' }, { immutable: true }, { data: { a: 'Yw==' } }),
    ...changed('configmaps', { immutable: true }, { data: { a: 'c' } }, { immutable: false }),
    ...changed('networkpolicies', { spec: { ingress: [] } }),
    ...changed('resourcequotas', { spec: { scopes: ['Terminating'] } }, { spec: { hard: { pods: '11' } } }),
  ),
]
