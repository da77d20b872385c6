/** One object of each kind that people make, with a patch that its schema takes, and what two managers say of it. */

export interface Sample {
  readonly apiVersion: string
  readonly kind: string
  readonly isClusterWide?: boolean
  readonly spec?: object
  readonly rest?: object
  /** A merge patch. */
  readonly patch: object
  /** What explain is asked for, and a word of its answer. */
  readonly explain: readonly [path: string, says: string]
  /** What a second manager applies beside the first one's spec; labels where a spec has nothing to share. */
  readonly second?: object
  /** Something that the schema or a rule refuses, and why. */
  readonly refused?: readonly [patch: object, why: string]
}

const POD = { containers: [{ name: 'main', image: 'busybox', resources: { requests: { cpu: '100m' } } }] }
const LABEL = { metadata: { labels: { patched: 'yes' } } }

export const SAMPLES: Readonly<Record<string, readonly Sample[]>> = {
  Kueue: [
    {
      apiVersion: 'kueue.x-k8s.io/v1beta1',
      kind: 'ResourceFlavor',
      isClusterWide: true,
      spec: { nodeLabels: { pool: 'a' } },
      patch: { spec: { nodeLabels: { zone: 'b' } } },
      explain: ['spec', 'nodeLabels'],
      refused: [{ spec: { nodeTaints: [{ key: 'a', effect: 'Never' }] } }, 'NoSchedule'],
    },
    {
      apiVersion: 'kueue.x-k8s.io/v1beta1',
      kind: 'ClusterQueue',
      isClusterWide: true,
      spec: {
        namespaceSelector: {},
        resourceGroups: [
          { coveredResources: ['cpu'], flavors: [{ name: 'a', resources: [{ name: 'cpu', nominalQuota: 9 }] }] },
        ],
      },
      patch: { spec: { stopPolicy: 'Hold' } },
      explain: ['spec.resourceGroups', 'coveredResources'],
      refused: [{ spec: { stopPolicy: 'Maybe' } }, 'Unsupported value'],
    },
    {
      apiVersion: 'kueue.x-k8s.io/v1beta1',
      kind: 'LocalQueue',
      spec: { clusterQueue: 'sample' },
      patch: LABEL,
      explain: ['spec', 'clusterQueue'],
      refused: [{ spec: { clusterQueue: 'other' } }, 'immutable'],
    },
    {
      apiVersion: 'kueue.x-k8s.io/v1beta1',
      kind: 'Workload',
      spec: { podSets: [{ name: 'main', count: 2, template: { spec: { ...POD, restartPolicy: 'Never' } } }] },
      patch: { spec: { active: false } },
      explain: ['spec.podSets', 'count'],
      refused: [{ spec: { podSets: [] } }, 'should have at least 1 items'],
    },
  ],
  KubeRay: [
    {
      apiVersion: 'ray.io/v1',
      kind: 'RayCluster',
      spec: {
        headGroupSpec: { rayStartParams: {}, template: { spec: POD } },
        workerGroupSpecs: [
          { groupName: 'w', replicas: 1, minReplicas: 0, maxReplicas: 2, rayStartParams: {}, template: { spec: POD } },
        ],
      },
      patch: { spec: { rayVersion: '2.50.0' } },
      explain: ['spec.workerGroupSpecs', 'groupName'],
      refused: [{ spec: { headGroupSpec: null } }, 'Required value'],
    },
    {
      apiVersion: 'ray.io/v1',
      kind: 'RayJob',
      spec: {
        entrypoint: 'python a.py',
        rayClusterSpec: { headGroupSpec: { rayStartParams: {}, template: { spec: POD } } },
      },
      patch: { spec: { suspend: true } },
      explain: ['spec', 'entrypoint'],
      refused: [{ spec: { ttlSecondsAfterFinished: 'soon' } }, 'must be of type integer'],
    },
  ],
  'Gateway API': [
    {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'GatewayClass',
      isClusterWide: true,
      spec: { controllerName: 'example.com/controller' },
      patch: { spec: { description: 'ours' } },
      explain: ['spec', 'controllerName'],
      refused: [{ spec: { controllerName: 'example.com/other' } }, 'Value is immutable'],
    },
    {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'Gateway',
      spec: { gatewayClassName: 'sample', listeners: [{ name: 'http', port: 80, protocol: 'HTTP' }] },
      patch: { spec: { listeners: [{ name: 'http', port: 8080, protocol: 'HTTP' }] } },
      explain: ['spec.listeners', 'protocol'],
      refused: [
        { spec: { listeners: [{ name: 'tcp', port: 80, protocol: 'TCP', hostname: 'a.b' }] } },
        'hostname must not be specified for protocols',
      ],
    },
    {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'HTTPRoute',
      spec: { parentRefs: [{ name: 'sample' }], rules: [{ backendRefs: [{ name: 'svc', port: 80 }] }] },
      patch: { spec: { hostnames: ['a.example.com'] } },
      explain: ['spec.rules.matches', 'path'],
      refused: [
        { spec: { rules: [{ matches: [{ path: { type: 'PathPrefix', value: 'no-slash' } }] }] } },
        "value must be an absolute path and start with '/'",
      ],
    },
  ],
  'cert-manager': [
    {
      apiVersion: 'cert-manager.io/v1',
      kind: 'Issuer',
      spec: { selfSigned: {} },
      patch: LABEL,
      explain: ['spec', 'selfSigned'],
      refused: [{ spec: { selfSigned: 'yes' } }, 'must be of type object'],
    },
    {
      apiVersion: 'cert-manager.io/v1',
      kind: 'Certificate',
      spec: { secretName: 'tls', dnsNames: ['a.example.com'], issuerRef: { name: 'sample' } },
      patch: { spec: { dnsNames: ['b.example.com'] } },
      explain: ['spec.issuerRef', 'name'],
      refused: [{ spec: { privateKey: { algorithm: 'DSA' } } }, 'Unsupported value'],
    },
  ],
  'Prometheus operator': [
    {
      apiVersion: 'monitoring.coreos.com/v1',
      kind: 'ServiceMonitor',
      spec: { selector: { matchLabels: { app: 'a' } }, endpoints: [{ port: 'web', interval: '30s' }] },
      patch: { spec: { jobLabel: 'app' } },
      explain: ['spec.endpoints', 'interval'],
      refused: [{ spec: { endpoints: [{ port: 'web', interval: 'soon' }] } }, 'should match'],
    },
    {
      apiVersion: 'monitoring.coreos.com/v1',
      kind: 'Prometheus',
      spec: { replicas: 1, serviceMonitorSelector: {} },
      patch: { spec: { replicas: 2 } },
      explain: ['spec', 'replicas'],
      refused: [{ spec: { retention: 'forever' } }, 'should match'],
    },
  ],
  Volcano: [
    {
      apiVersion: 'batch.volcano.sh/v1alpha1',
      kind: 'Job',
      spec: { minAvailable: 1, tasks: [{ name: 'a', replicas: 1, template: { spec: POD } }] },
      patch: { spec: { minAvailable: 2 } },
      explain: ['spec.tasks', 'replicas'],
      refused: [{ spec: { minAvailable: 'all' } }, 'must be of type integer'],
    },
    {
      apiVersion: 'scheduling.volcano.sh/v1beta1',
      kind: 'Queue',
      isClusterWide: true,
      spec: { weight: 1 },
      patch: { spec: { weight: 3 } },
      explain: ['spec', 'weight'],
      refused: [{ spec: { weight: 'heavy' } }, 'must be of type integer'],
    },
  ],
}
