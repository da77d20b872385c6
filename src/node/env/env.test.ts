/** Variables of containers, against what a kubelet gives. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ConfigMap, Container, EnvVar, Pod, Secret } from '../../kube/core.ts'
import { containerEnv, type EnvFacts } from './container-env.ts'
import { fieldValue, resourceValue } from './downward.ts'
import { expand } from './expand.ts'
import { podReferences } from './references.ts'

const CONTAINER: Container = {
  name: 'main',
  resources: { requests: { cpu: '250m', memory: '64Mi' }, limits: { cpu: '1500m' } },
}
const podOf = (container: Container): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name: 'p',
    namespace: 'ns',
    uid: 'u1',
    labels: { app: 'web', 'x/y': '1' },
    annotations: { note: 'a "b"' },
  },
  spec: { containers: [container], serviceAccountName: 'robot' },
})
const NODE = { nodeName: 'node-0', hostIP: '10.0.0.1', podIP: '10.0.0.2', allocatable: { cpu: '2', memory: '1Gi' } }
const CONFIG: ConfigMap = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: {},
  data: { color: 'blue', 'a.b': 'dotted' },
}
const SECRET: Secret = {
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: {},
  data: { key: Buffer.from('hush').toString('base64') },
}
const FACTS: EnvFacts = {
  node: NODE,
  lookup: {
    configMap: name => (name === 'config' ? CONFIG : undefined),
    secret: name => (name === 'secret' ? SECRET : undefined),
  },
  apiHost: '10.0.0.1',
  apiPort: 6443,
  root: '/state/root',
  hostname: 'p',
  base: { PATH: '/usr/bin', HOME: '/root' },
}
const envOf = (part: Partial<Container>) =>
  containerEnv(podOf({ ...CONTAINER, ...part }), { ...CONTAINER, ...part }, FACTS)
const declared = (env: readonly EnvVar[]): Record<string, string> => {
  const result = envOf({ env })
  if (!result.ok) throw new Error(result.problems[0]?.what)
  return result.value
}

test('every container knows the API, its name, its root and the machine’s paths', () => {
  expect(envOf({})).toEqual({
    ok: true,
    value: {
      PATH: '/usr/bin',
      HOME: '/root',
      KUBERNETES_SERVICE_HOST: '10.0.0.1',
      KUBERNETES_SERVICE_PORT: '6443',
      KUBERNETES_SERVICE_PORT_HTTPS: '6443',
      HOSTNAME: 'p',
      SOLVENT_ROOT: '/state/root',
    },
  })
})

test('what is declared wins, but for the root', () => {
  const env = declared([
    { name: 'PATH', value: '/mine' },
    { name: 'SOLVENT_ROOT', value: '/elsewhere' },
  ])
  expect([env.PATH, env.SOLVENT_ROOT]).toEqual(['/mine', '/state/root'])
})

test('values refer to what stands before them and to the cluster, not to the machine', () => {
  const env = declared([
    { name: 'A', value: '1' },
    { name: 'B', value: '$(A)-$(C)-$(KUBERNETES_SERVICE_PORT)-$(PATH)' },
    { name: 'C', value: '3' },
  ])
  expect(env.B).toBe('1-$(C)-6443-$(PATH)')
})

test.each([
  ['$(A)', '1'],
  ['$$(A)', '$(A)'],
  ['$$$(A)', '$1'],
  ['$(missing)', '$(missing)'],
  ['$A (A) $', '$A (A) $'],
  ['$(A', '$(A'],
  ['$(A)$(A)', '11'],
])('%s expands to %s', (text, expected) => {
  expect(expand(text, name => (name === 'A' ? '1' : undefined))).toBe(expected)
})

test('text without a dollar is left alone', () => {
  fc.assert(fc.property(fc.string(), text => expand(text.replaceAll('$', ''), () => 'x') === text.replaceAll('$', '')))
})

test.each([
  ['metadata.name', 'p'],
  ['metadata.namespace', 'ns'],
  ['metadata.uid', 'u1'],
  ["metadata.labels['app']", 'web'],
  ["metadata.labels['x/y']", '1'],
  ["metadata.labels['none']", ''],
  ["metadata.annotations['note']", 'a "b"'],
  ['metadata.labels', 'app="web"\nx/y="1"'],
  ['metadata.annotations', 'note="a \\"b\\""'],
  ['spec.nodeName', 'node-0'],
  ['spec.serviceAccountName', 'robot'],
  ['status.podIP', '10.0.0.2'],
  ['status.podIPs', '10.0.0.2'],
  ['status.hostIP', '10.0.0.1'],
])('field %s is %j', (path, value) => expect(fieldValue(path, podOf(CONTAINER), NODE)).toEqual({ found: true, value }))

test.each(['status.phase', 'constructor', ''])('field %j is none', path =>
  expect(fieldValue(path, podOf(CONTAINER), NODE)).toEqual({ found: false, message: `unsupported fieldPath: ${path}` }),
)

test.each([
  ['requests.cpu', undefined, '1'],
  ['requests.cpu', '1m', '250'],
  ['limits.cpu', undefined, '2'],
  ['limits.cpu', '1m', '1500'],
  ['requests.memory', '1Mi', '64'],
  ['requests.memory', undefined, String(64 * 1024 ** 2)],
  // Without a limit, what the node has.
  ['limits.memory', '1Mi', '1024'],
  ['requests.nvidia.com/gpu', undefined, '0'],
])('resource %s in %s is %s', (resource, divisor, value) => {
  expect(resourceValue({ resource, divisor }, podOf(CONTAINER), CONTAINER, NODE)).toEqual({ found: true, value })
})

describe('references to ConfigMaps and Secrets', () => {
  test('give keys, and whole objects under a prefix; what is named itself wins', () => {
    const result = envOf({
      envFrom: [{ prefix: 'C_', configMapRef: { name: 'config' } }, { secretRef: { name: 'secret' } }],
      env: [
        { name: 'COLOR', valueFrom: { configMapKeyRef: { name: 'config', key: 'color' } } },
        { name: 'HUSH', valueFrom: { secretKeyRef: { name: 'secret', key: 'key' } } },
        { name: 'key', value: '$(C_color)' },
      ],
    })
    expect(result.ok && result.value).toMatchObject({
      C_color: 'blue',
      'C_a.b': 'dotted',
      COLOR: 'blue',
      HUSH: 'hush',
      key: 'blue',
    })
  })

  test('missing ones are told in the kubelet’s words, all at once', () => {
    const result = envOf({
      envFrom: [{ configMapRef: { name: 'gone' } }],
      env: [
        { name: 'A', valueFrom: { configMapKeyRef: { name: 'config', key: 'shape' } } },
        { name: 'B', valueFrom: { secretKeyRef: { name: 'gone', key: 'key' } } },
        { name: 'C', valueFrom: { secretKeyRef: { name: 'secret', key: 'other' } } },
      ],
    })
    expect(!result.ok && result.problems.map(problem => problem.what)).toEqual([
      'configmap "gone" not found',
      "couldn't find key shape in ConfigMap ns/config",
      'secret "gone" not found',
      "couldn't find key other in Secret ns/secret",
    ])
  })

  test('optional ones may be missing, and then there is no variable', () => {
    const result = envOf({
      envFrom: [{ configMapRef: { name: 'gone', optional: true } }],
      env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 'gone', key: 'key', optional: true } } }],
    })
    expect(result.ok && 'A' in result.value).toBe(false)
  })

  test('are listed once, from variables and volumes', () => {
    const pod = podOf({
      ...CONTAINER,
      envFrom: [{ configMapRef: { name: 'a' } }],
      env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'a', key: 'k' } } }],
    })
    const volumes = [
      { name: 'v', configMap: { name: 'b' } },
      { name: 'w', projected: { sources: [{ secret: { name: 's' } }, { configMap: { name: 'b' } }] } },
    ]
    expect(podReferences({ ...pod, spec: { ...pod.spec, volumes } })).toEqual({
      configMaps: ['b', 'a'],
      secrets: ['s'],
    })
  })
})
