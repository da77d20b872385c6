/** Volumes on the disk, with an API that answers from a table. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Clock } from '../../base/clock.ts'
import type { KubeApi } from '../../client/kube-api.ts'
import type { ConfigMap, Container, Pod, Secret, Volume, VolumeMount } from '../../kube/core.ts'
import { SERVICE_ACCOUNT_DIR } from '../../kube/names.ts'
import type { KubeObject } from '../../kube/object.ts'
import { apiError } from '../../kube/status.ts'
import type { Lookup } from '../env/references.ts'
import type { Mount, Outcome, Sandbox } from '../sandbox/sandbox.ts'
import { createVolumes, type VolumeFacts, type Volumes } from './volumes.ts'
import { writePayload } from './write-payload.ts'

let folder: string
let asked: Mount[]
let tokens: number
let api: KubeApi
let timers: { readonly at: number; readonly action: () => void }[]
let volumes: Volumes

const clock: Clock = {
  now: () => 0,
  monotonicMs: () => 0,
  after(at, action) {
    const timer = { at, action }
    timers.push(timer)
    return () => {
      timers = timers.filter(each => each !== timer)
    }
  },
}

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'solvent-volumes-')))
  mkdirSync(join(folder, 'root', SERVICE_ACCOUNT_DIR), { recursive: true })
  mkdirSync(join(folder, 'volumes'))
  asked = []
  tokens = 0
  timers = []
  const create = async (object: KubeObject) => ({ ...object, status: { token: `token-${++tokens}` } })
  api = { create } as unknown as KubeApi
  volumes = createVolumes({ api, clock })
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const sandboxOf = (outcome: Outcome = { ok: true }, enter: readonly string[] = ['enter']): Sandbox => ({
  id: 's',
  address: '10.0.0.2',
  apiHost: '10.0.0.1',
  enter,
  root: join(folder, 'root'),
  volumes: join(folder, 'volumes'),
  async mount(mounts) {
    asked.push(...mounts)
    return outcome
  },
  isCurrent: () => true,
  setHosts: async () => {},
  destroy: async () => {},
})

const podOf = (list: readonly Volume[], mounts: readonly VolumeMount[], part: Partial<Container> = {}): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p', namespace: 'ns', uid: 'u', labels: { app: 'web' } },
  spec: { containers: [{ name: 'main', volumeMounts: mounts, ...part }], volumes: list },
})

const CONFIG: ConfigMap = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'config' },
  data: { 'a.txt': 'A', 'b.txt': 'B' },
  binaryData: { 'c.gz': Buffer.from([1, 2, 255]).toString('base64') },
}
const SECRET: Secret = {
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'secret' },
  data: { key: Buffer.from('hush').toString('base64') },
}
const factsOf = (config: ConfigMap | undefined = CONFIG): VolumeFacts => {
  const lookup: Lookup = {
    configMap: name => (name === 'config' ? config : undefined),
    secret: name => (name === 'secret' ? SECRET : undefined),
  }
  return { node: { nodeName: 'node-0', hostIP: '10.0.0.1', podIP: '10.0.0.2', allocatable: { cpu: '2' } }, lookup }
}
const prepare = (pod: Pod, facts = factsOf(), sandbox = sandboxOf()) => volumes.prepare(pod, sandbox, facts)
const read = (path: string): string => readFileSync(join(folder, 'root', path), 'utf8')

test('a ConfigMap lies at $SOLVENT_ROOT + mountPath, and is asked to be mounted there too', async () => {
  const pod = podOf(
    [{ name: 'v', configMap: { name: 'config' } }],
    [{ name: 'v', mountPath: '/etc/app/', readOnly: true }],
  )
  expect(await prepare(pod)).toEqual({ ok: true })
  expect(readdirSync(join(folder, 'root/etc/app')).filter(name => !name.startsWith('..'))).toEqual([
    'a.txt',
    'b.txt',
    'c.gz',
  ])
  expect(read('/etc/app/a.txt')).toBe('A')
  expect(readFileSync(join(folder, 'root/etc/app/c.gz'))).toEqual(Buffer.from([1, 2, 255]))
  expect(asked).toEqual([{ source: join(folder, 'volumes/v'), target: '/etc/app', readOnly: true }])
})

test('items choose keys, paths and modes', async () => {
  const configMap = {
    name: 'config',
    defaultMode: 0o640,
    items: [
      { key: 'a.txt', path: 'deep/x' },
      { key: 'b.txt', path: 'y', mode: 0o600 },
    ],
  }
  await prepare(podOf([{ name: 'v', configMap }], [{ name: 'v', mountPath: '/app' }]))
  expect(read('/app/deep/x')).toBe('A')
  expect(statSync(join(folder, 'root/app/deep/x')).mode & 0o777).toBe(0o640)
  expect(statSync(join(folder, 'root/app/y')).mode & 0o777).toBe(0o600)
})

test.each([
  [{ name: 'v', configMap: { name: 'gone' } }, 'configmap "gone" not found'],
  [{ name: 'v', secret: { secretName: 'gone' } }, 'secret "gone" not found'],
  [
    { name: 'v', configMap: { name: 'config', items: [{ key: 'z', path: 'z' }] } },
    'configmap ns/config references non-existent key: z',
  ],
  [{ name: 'v', projected: { sources: [{ configMap: { name: 'gone' } }] } }, 'configmap "gone" not found'],
  [
    { name: 'v', hostPath: { path: '/no/such/folder' } },
    'hostPath /no/such/folder does not exist; set type to DirectoryOrCreate if it should be made',
  ],
] satisfies [Volume, string][])('what is missing is told as the kubelet tells it: %j', async (volume, message) => {
  expect(await prepare(podOf([volume], [{ name: 'v', mountPath: '/v' }]))).toEqual({
    ok: false,
    message: `MountVolume.SetUp failed for volume "v" : ${message}`,
  })
  expect(asked).toEqual([])
})

test('an optional one may be missing, and is empty', async () => {
  const pod = podOf([{ name: 'v', secret: { secretName: 'gone', optional: true } }], [{ name: 'v', mountPath: '/v' }])
  expect(await prepare(pod)).toEqual({ ok: true })
  expect(readdirSync(join(folder, 'root/v')).filter(name => !name.startsWith('..'))).toEqual([])
})

test('once it is there, a second try succeeds', async () => {
  const pod = podOf([{ name: 'v', configMap: { name: 'config' } }], [{ name: 'v', mountPath: '/v' }])
  const nothing: VolumeFacts = { ...factsOf(), lookup: { configMap: () => undefined, secret: () => undefined } }
  expect((await prepare(pod, nothing)).ok).toBe(false)
  expect(await prepare(pod)).toEqual({ ok: true })
})

describe('the token’s volume', () => {
  const volume: Volume = {
    name: 'kube-api-access-x',
    projected: {
      defaultMode: 0o644,
      sources: [
        { serviceAccountToken: { path: 'token', expirationSeconds: 3607 } },
        { configMap: { name: 'config', items: [{ key: 'a.txt', path: 'ca.crt' }] } },
        { downwardAPI: { items: [{ path: 'namespace', fieldRef: { fieldPath: 'metadata.namespace' } }] } },
      ],
    },
  }
  const pod = podOf([volume], [{ name: volume.name, mountPath: SERVICE_ACCOUNT_DIR, readOnly: true }])

  test('lies in the prepared folder, for its user alone, and needs no mount', async () => {
    expect(await prepare(pod)).toEqual({ ok: true })
    expect([
      read(`${SERVICE_ACCOUNT_DIR}/token`),
      read(`${SERVICE_ACCOUNT_DIR}/ca.crt`),
      read(`${SERVICE_ACCOUNT_DIR}/namespace`),
    ]).toEqual(['token-1', 'A', 'ns'])
    expect(statSync(join(folder, 'root', SERVICE_ACCOUNT_DIR, 'token')).mode & 0o777).toBe(0o600)
    expect(asked).toEqual([])
  })

  test('is renewed at 80 % of its life, until the pod is forgotten', async () => {
    await prepare(pod)
    expect(timers.map(timer => timer.at)).toEqual([3607 * 800])
    timers.splice(0)[0]?.action()
    await expect.poll(() => read(`${SERVICE_ACCOUNT_DIR}/token`)).toBe('token-2')
    volumes.forget('u')
    expect(timers).toEqual([])
  })

  test('a refused token is a failed mount', async () => {
    api.create = async () => {
      throw apiError('NotFound', 'serviceaccounts "default" not found')
    }
    expect(await prepare(pod)).toEqual({
      ok: false,
      message: 'MountVolume.SetUp failed for volume "kube-api-access-x" : serviceaccounts "default" not found',
    })
  })
})

test('the downward API gives files', async () => {
  const items = [
    { path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } },
    { path: 'cpu', resourceFieldRef: { containerName: 'main', resource: 'limits.cpu' } },
  ]
  await prepare(podOf([{ name: 'v', downwardAPI: { items } }], [{ name: 'v', mountPath: '/info' }]))
  expect([read('/info/labels'), read('/info/cpu')]).toEqual(['app="web"', '2'])
})

test('an emptyDir is one folder wherever it is mounted; a subPath is a folder in it', async () => {
  const mounts = [
    { name: 'v', mountPath: '/a' },
    { name: 'v', mountPath: '/b' },
    { name: 'v', mountPath: '/c', subPath: 'inner/x' },
  ]
  await prepare(podOf([{ name: 'v', emptyDir: {} }], mounts))
  writeFileSync(join(folder, 'root/a/inner/x/file'), '1')
  expect([read('/b/inner/x/file'), read('/c/file')]).toEqual(['1', '1'])
  expect(asked.map(mount => mount.source)).toEqual(
    ['volumes/v', 'volumes/v', 'volumes/v/inner/x'].map(path => join(folder, path)),
  )
})

test('a subPath may not leave its volume', async () => {
  const pod = podOf([{ name: 'v', emptyDir: {} }], [{ name: 'v', mountPath: '/a', subPath: '../x' }])
  expect(await prepare(pod)).toEqual({
    ok: false,
    message: 'failed to prepare subPath for volumeMount "v": must be a path within the volume',
  })
})

test('a hostPath is the host’s own folder, made only where its type says so', async () => {
  const path = join(folder, 'host/made')
  await prepare(
    podOf([{ name: 'v', hostPath: { path, type: 'DirectoryOrCreate' } }], [{ name: 'v', mountPath: '/data' }]),
  )
  writeFileSync(join(folder, 'root/data/x'), '1')
  expect(readFileSync(join(path, 'x'), 'utf8')).toBe('1')
})

test('a mount below a hostPath changes nothing on the host', async () => {
  const path = join(folder, 'host')
  mkdirSync(path)
  const list: Volume[] = [
    { name: 'h', hostPath: { path } },
    { name: 'v', emptyDir: {} },
  ]
  await prepare(
    podOf(list, [
      { name: 'h', mountPath: '/data' },
      { name: 'v', mountPath: '/data/sub' },
    ]),
  )
  expect(readdirSync(path)).toEqual([])
})

test('what no container mounts is not made', async () => {
  await prepare(podOf([{ name: 'v', configMap: { name: 'gone' } }], []))
  expect(readdirSync(join(folder, 'volumes'))).toEqual([])
})

test('without a mount namespace nothing is mounted, and everything still lies at the root', async () => {
  const pod = podOf([{ name: 'v', configMap: { name: 'config' } }], [{ name: 'v', mountPath: '/etc/solvent/plan' }])
  expect(await prepare(pod, factsOf(), sandboxOf({ ok: true }, []))).toEqual({ ok: true })
  expect(asked).toEqual([])
  expect(read('/etc/solvent/plan/a.txt')).toBe('A')
})

test('a mount that is refused is the pod’s message', async () => {
  const pod = podOf([{ name: 'v', emptyDir: {} }], [{ name: 'v', mountPath: '/proc/x' }])
  const refused = { ok: false, message: 'nothing can be made in /proc' } as const
  expect(await prepare(pod, factsOf(), sandboxOf(refused))).toEqual(refused)
})

test('a changed ConfigMap is swapped in whole, and an unchanged one is left alone', async () => {
  const pod = podOf([{ name: 'v', configMap: { name: 'config' } }], [{ name: 'v', mountPath: '/v' }])
  await prepare(pod)
  const version = () => readlinkSync(join(folder, 'root/v/..data'))
  const first = version()
  await volumes.refresh(pod, sandboxOf(), factsOf())
  expect(version()).toBe(first)
  await volumes.refresh(pod, sandboxOf(), factsOf({ ...CONFIG, data: { 'a.txt': 'new' }, binaryData: {} }))
  expect(read('/v/a.txt')).toBe('new')
  expect(readdirSync(join(folder, 'root/v')).sort()).toEqual(['..2', '..data', 'a.txt'])
})

test('a version that was cut off half-way is replaced', () => {
  const place = join(folder, 'half')
  mkdirSync(join(place, '..1'), { recursive: true })
  writeFileSync(join(place, '..1', 'stale'), 'x')
  expect(writePayload(place, new Map([['f', { data: 'new', mode: 0o644 }]]))).toBe(true)
  chmodSync(join(place, 'f'), 0o644)
  expect(readFileSync(join(place, 'f'), 'utf8')).toBe('new')
  expect(existsSync(join(place, 'stale'))).toBe(false)
})
