/** Defaults and refusals of the built-in kinds, in upstream's words: one row a rule. */
import { generateKeyPairSync } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { KubeApi } from '../../client/kube-api.ts'
import type { UnknownObject } from '../../kube/object.ts'
import { isApiError } from '../../kube/status.ts'
import { type ApiServer, createApiServer } from '../server.ts'
import { memoryStore } from '../store/open-store.ts'

let server: ApiServer
let api: KubeApi
const serviceAccountKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey

beforeAll(async () => {
  const pki = { serverKey: '', serverCertificate: '', adminToken: 'secret', serviceAccountKey }
  server = createApiServer({ store: memoryStore(), pki })
  api = server.api
  await api.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'default' } })
  for (const name of ['default', 'plain']) {
    const metadata = { name, namespace: 'default' }
    await api.create({
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata,
      automountServiceAccountToken: name === 'default',
    } as never)
  }
  await api.create({
    apiVersion: 'scheduling.k8s.io/v1',
    kind: 'PriorityClass',
    metadata: { name: 'high' },
    value: 1000,
  } as never)
})
afterAll(() => server.close())

const make = (apiVersion: string, kind: string, rest: object, name = 'x'): UnknownObject =>
  ({ apiVersion, kind, metadata: { name, namespace: 'default' }, ...rest }) as UnknownObject
/** What would be stored. */
const created = (object: UnknownObject): Promise<UnknownObject> => api.create(object, { dryRun: true })

const C = { name: 'c' }
const pod = (spec: object) => make('v1', 'Pod', { spec: { containers: [C], serviceAccountName: 'plain', ...spec } })
const container = (fields: object) => pod({ containers: [{ ...C, ...fields }] })
const template = (spec: object = {}, labels: object = { a: 'b' }) => ({
  metadata: { labels },
  spec: { containers: [C], ...spec },
})
const job = (spec: object, name?: string) =>
  make('batch/v1', 'Job', { spec: { template: template({ restartPolicy: 'Never' }), ...spec } }, name)
const deployment = (spec: object) =>
  make('apps/v1', 'Deployment', { spec: { selector: { matchLabels: { a: 'b' } }, template: template(), ...spec } })
const service = (spec: object) => make('v1', 'Service', { spec })
const configMap = (rest: object) => make('v1', 'ConfigMap', rest)

describe('defaults', () => {
  test('of a pod', async () => {
    const made = await created(
      container({
        image: 'busybox',
        ports: [{ containerPort: 80 }],
        env: [{ name: 'N', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }],
        readinessProbe: { httpGet: { port: 80 } },
        resources: { limits: { cpu: '1', memory: '1Gi' } },
      }),
    )
    expect(made.spec).toEqual({
      restartPolicy: 'Always',
      dnsPolicy: 'ClusterFirst',
      schedulerName: 'default-scheduler',
      securityContext: {},
      terminationGracePeriodSeconds: 30,
      enableServiceLinks: true,
      preemptionPolicy: 'PreemptLowerPriority',
      priority: 0,
      serviceAccountName: 'plain',
      serviceAccount: 'plain',
      tolerations: ['not-ready', 'unreachable'].map(taint => ({
        key: `node.kubernetes.io/${taint}`,
        operator: 'Exists',
        effect: 'NoExecute',
        tolerationSeconds: 300,
      })),
      containers: [
        {
          name: 'c',
          image: 'busybox',
          imagePullPolicy: 'Always',
          terminationMessagePath: '/dev/termination-log',
          terminationMessagePolicy: 'File',
          ports: [{ containerPort: 80, protocol: 'TCP' }],
          env: [{ name: 'N', valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.name' } } }],
          readinessProbe: {
            httpGet: { path: '/', scheme: 'HTTP', port: 80 },
            timeoutSeconds: 1,
            periodSeconds: 10,
            successThreshold: 1,
            failureThreshold: 3,
          },
          resources: { limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '1', memory: '1Gi' } },
        },
      ],
    })
    expect(made.status).toEqual({ phase: 'Pending', qosClass: 'Guaranteed' })
  })

  test("of a pod's token", async () => {
    const { spec } = (await created(pod({ serviceAccountName: undefined }))) as unknown as {
      spec: { volumes: { name: string; projected: { sources: object[] } }[]; containers: { volumeMounts: object[] }[] }
    }
    const [volume] = spec.volumes
    expect(volume?.name).toMatch(/^kube-api-access-[a-z0-9]{5}$/)
    expect(volume?.projected).toMatchObject({
      defaultMode: 420,
      sources: [
        { serviceAccountToken: { path: 'token', expirationSeconds: 3607 } },
        { configMap: { name: 'kube-root-ca.crt' } },
        {
          downwardAPI: {
            items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }],
          },
        },
      ],
    })
    const mount = { name: volume?.name, mountPath: '/var/run/secrets/kubernetes.io/serviceaccount', readOnly: true }
    expect(spec.containers[0]?.volumeMounts).toEqual([mount])
  })

  test.each<[string, UnknownObject, object]>([
    ['a priority', pod({ priorityClassName: 'high' }), { spec: { priority: 1000 } }],
    [
      'volumes',
      pod({ volumes: [{ name: 'a', configMap: { name: 'x' } }, { name: 'b' }] }),
      { spec: { volumes: [{ configMap: { defaultMode: 420 } }, { emptyDir: {} }] } },
    ],
    [
      'a Job',
      job({}),
      {
        spec: {
          completions: 1,
          parallelism: 1,
          backoffLimit: 6,
          completionMode: 'NonIndexed',
          suspend: false,
          podReplacementPolicy: 'TerminatingOrFailed',
        },
      },
    ],
    ['a Job of many', job({ completions: 5 }), { spec: { completions: 5, parallelism: 1 } }],
    [
      'a Job with its own limit an index',
      job({ completions: 2, completionMode: 'Indexed', backoffLimitPerIndex: 1 }),
      { spec: { backoffLimit: 2 ** 31 - 1 } },
    ],
    [
      'a Deployment',
      deployment({}),
      {
        spec: {
          replicas: 1,
          revisionHistoryLimit: 10,
          progressDeadlineSeconds: 600,
          strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } },
        },
      },
    ],
    [
      'a Service',
      service({ ports: [{ port: 80 }] }),
      {
        spec: {
          type: 'ClusterIP',
          sessionAffinity: 'None',
          internalTrafficPolicy: 'Cluster',
          ipFamilies: ['IPv4'],
          ports: [{ protocol: 'TCP', targetPort: 80 }],
        },
      },
    ],
    ['a headless Service', service({ clusterIP: 'None' }), { spec: { clusterIP: 'None', clusterIPs: ['None'] } }],
    ['a Secret', make('v1', 'Secret', { stringData: { a: 'b' } }), { type: 'Opaque', data: { a: 'Yg==' } }],
  ])('of %s', async (_, given, expected) => expect(await created(given)).toMatchObject(expected))

  test('a Job knows its pods by its uid', async () => {
    const made = await created(job({}))
    const { uid } = made.metadata
    expect(made).toMatchObject({
      spec: {
        selector: { matchLabels: { 'batch.kubernetes.io/controller-uid': uid } },
        template: {
          metadata: { labels: { a: 'b', 'controller-uid': uid, 'job-name': 'x', 'batch.kubernetes.io/job-name': 'x' } },
        },
      },
    })
  })
})

describe('is refused:', () => {
  test.each<[string, UnknownObject, string]>([
    ['no spec', make('v1', 'Pod', {}), 'spec.containers: Required value'],
    ['no containers', pod({ containers: [] }), 'spec.containers: Required value'],
    ['a container without a name', pod({ containers: [{}] }), 'spec.containers[0].name: Required value'],
    [
      'a bad name',
      container({ name: 'A' }),
      'spec.containers[0].name: Invalid value: "A": a lowercase RFC 1123 label must consist',
    ],
    ['two of one name', pod({ containers: [C, C] }), 'spec.containers[1].name: Duplicate value: "c"'],
    [
      'an unknown policy',
      pod({ restartPolicy: 'Maybe' }),
      'spec.restartPolicy: Unsupported value: "Maybe": supported values: "Always", "OnFailure", "Never"',
    ],
    [
      'a mount of nothing',
      container({ volumeMounts: [{ name: 'v', mountPath: '/v' }] }),
      'spec.containers[0].volumeMounts[0].name: Not found: "v"',
    ],
    [
      'a mount nowhere',
      container({ volumeMounts: [{ name: 'v' }] }),
      'spec.containers[0].volumeMounts[0].mountPath: Required value',
    ],
    [
      'a port too far',
      container({ ports: [{ containerPort: 70000 }] }),
      'spec.containers[0].ports[0].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive',
    ],
    ['a negative one', container({ resources: { limits: { cpu: '-1' } } }), 'must be greater than or equal to 0'],
    [
      'a request over the limit',
      container({ resources: { requests: { memory: '2Gi' }, limits: { memory: '1Gi' } } }),
      'spec.containers[0].resources.requests: Invalid value: "2Gi": must be less than or equal to memory limit of 1Gi',
    ],
    [
      'a variable from two places',
      container({
        env: [{ name: 'E', valueFrom: { fieldRef: { fieldPath: 'a' }, secretKeyRef: { name: 's', key: 'k' } } }],
      }),
      'spec.containers[0].env[0].valueFrom: Invalid value: "": may not have more than one field specified at a time',
    ],
    [
      'a volume of two kinds',
      pod({ volumes: [{ name: 'v', emptyDir: {}, configMap: { name: 'x' } }] }),
      'may not specify more than 1 volume type',
    ],
    [
      'a Job that always restarts',
      job({ template: template({ restartPolicy: 'Always' }) }),
      'spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"',
    ],
    [
      'an Indexed Job without a count',
      job({ completionMode: 'Indexed', parallelism: 2 }),
      'spec.completions: Required value: when completion mode is Indexed',
    ],
    [
      'a negative parallelism',
      job({ parallelism: -1 }),
      'spec.parallelism: Invalid value: -1: must be greater than or equal to 0',
    ],
    [
      'an Indexed Job of too long a name',
      job({ completionMode: 'Indexed', completions: 1 }, 'x'.repeat(63)),
      'will not able to create pod with invalid DNS label',
    ],
    ['a Deployment without a selector', deployment({ selector: undefined }), 'spec.selector: Required value'],
    [
      'an empty selector',
      deployment({ selector: {} }),
      'spec.selector: Invalid value: {}: empty selector is invalid for deployment',
    ],
    [
      'a selector of other pods',
      deployment({ selector: { matchLabels: { a: 'c' } } }),
      'spec.template.metadata.labels: Invalid value: {"a":"b"}: `selector` does not match template `labels`',
    ],
    [
      'a Deployment that ends',
      deployment({ template: template({ restartPolicy: 'Never' }) }),
      'spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"',
    ],
    ['a Service without ports', service({}), 'spec.ports: Required value'],
    ['ports without names', service({ ports: [{ port: 1 }, { port: 2 }] }), 'spec.ports[0].name: Required value'],
    [
      'a port twice',
      service({
        ports: [
          { name: 'a', port: 1 },
          { name: 'b', port: 1 },
        ],
      }),
      'spec.ports[1]: Duplicate value: {"Name":"","Protocol":"TCP","AppProtocol":null,"Port":1,"TargetPort":0,"NodePort":0}',
    ],
    [
      'a bad key',
      configMap({ data: { 'a b': '' } }),
      'data[a b]: Invalid value: "a b": a valid config key must consist',
    ],
    [
      'too much',
      configMap({ data: { a: 'x'.repeat(1024 * 1024 + 1) } }),
      'Too long: may not be more than 1048576 bytes',
    ],
    [
      'an Event of elsewhere',
      make('v1', 'Event', { involvedObject: { namespace: 'other' } }),
      'involvedObject.namespace: Invalid value: "other": does not match event.namespace',
    ],
    [
      'a binding to nothing',
      make('rbac.authorization.k8s.io/v1', 'RoleBinding', { roleRef: { kind: 'Thing' } }),
      'roleRef.kind: Unsupported value: "Thing"',
    ],
    [
      'a gang of none',
      make('scheduling.k8s.io/v1beta1', 'PodGroup', { spec: { schedulingPolicy: { gang: { minCount: 0 } } } }),
      'spec.schedulingPolicy.gang.minCount: Invalid value: 0: must be greater than 0',
    ],
  ])('%s', async (_, given, message) => {
    const error = await created(given).catch(error => error)
    if (!isApiError(error, 'Invalid')) throw error
    expect(error.message).toContain(message)
    expect(error.status.details?.causes?.length).toBeGreaterThan(0)
  })

  test('all that is wrong at once', async () => {
    const error = await created(pod({ containers: [{ name: 'A' }, {}], restartPolicy: 'Maybe' })).catch(error => error)
    expect(error.status.details.causes.map((cause: { field: string }) => cause.field)).toEqual([
      'spec.containers[0].name',
      'spec.containers[1].name',
      'spec.restartPolicy',
    ])
    expect(error.message).toMatch(/^Pod "x" is invalid: \[spec\.containers\[0\]\.name: .*, spec\.restartPolicy: /)
  })

  test.each<[string, UnknownObject, object]>([
    ['completions', job({}, 'fixed'), { completions: 2 }],
    ['the selector', job({}, 'fixed'), { selector: { matchLabels: { a: 'b' } } }],
    ['the template', job({}, 'fixed'), { template: { spec: { terminationGracePeriodSeconds: 1 } } }],
  ])('a change of a Job in %s', async (field, given, spec) => {
    await api.create(given).catch(error => isApiError(error, 'AlreadyExists') || Promise.reject(error))
    const change = api.patch({ apiVersion: 'batch/v1', kind: 'Job', namespace: 'default', name: 'fixed' }, 'merge', {
      spec,
    })
    await expect(change).rejects.toThrow(`spec.${field.replace('the ', '')}: Invalid value`)
    await expect(change).rejects.toThrow('field is immutable')
  })
})

test('a suspended Job may still be placed', async () => {
  await api.create(job({ suspend: true }, 'queued'))
  const at = { apiVersion: 'batch/v1', kind: 'Job', namespace: 'default', name: 'queued' }
  await api.patch(at, 'merge', { spec: { template: { spec: { nodeSelector: { pool: 'a' } } } } })
  await api.patch(at, 'merge', { spec: { suspend: false } })
  await expect(
    api.patch(at, 'merge', { spec: { template: { spec: { nodeSelector: { pool: 'b' } } } } }),
  ).rejects.toThrow('immutable')
})

test('an elastic Job grows and shrinks', async () => {
  await api.create(job({ completionMode: 'Indexed', completions: 2, parallelism: 2 }, 'elastic'))
  const at = { apiVersion: 'batch/v1', kind: 'Job', namespace: 'default', name: 'elastic' }
  expect(await api.patch(at, 'merge', { spec: { completions: 4, parallelism: 4 } })).toMatchObject({
    spec: { completions: 4 },
  })
  await expect(api.patch(at, 'merge', { spec: { completions: 5 } })).rejects.toThrow('immutable')
})
