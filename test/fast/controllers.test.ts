/** Controllers and scheduler together against our API server in process. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { ConfigMap, EndpointSlice, Endpoints, Pod, Service } from '../../src/kube/core.ts'
import type { KubeObject } from '../../src/kube/object.ts'
import type { Deployment, Job, PodGroup, ReplicaSet } from '../../src/kube/workloads.ts'
import { namespace, type Part, startTestCluster, type TestCluster } from './cluster-in-process.ts'

let cluster: TestCluster
let part: (pod: Pod) => Part | Promise<Part>

beforeEach(async () => {
  part = () => ({ exits: 0 })
  cluster = await startTestCluster(pod => part(pod))
})
afterEach(() => cluster.stop())

const isTrue = (object: { status?: { conditions?: readonly { type: string; status: string }[] } }, type: string) =>
  object.status?.conditions?.some(condition => condition.type === type && condition.status === 'True') ?? false

const template = (restartPolicy: 'Never' | 'OnFailure' | 'Always' = 'Never', requests = {}) => ({
  spec: { restartPolicy, containers: [{ name: 'main', image: 'x', command: ['true'], resources: { requests } }] },
})

const job = (name: string, spec: Partial<Job['spec']> = {}): Job => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { name, namespace: 'default' },
  spec: { template: template(), ...spec },
})
const jobRef = (name: string) => ({ apiVersion: 'batch/v1', kind: 'Job', namespace: 'default', name })

test('a namespace gets its ServiceAccount and the CA', async () => {
  await cluster.api.create(namespace('team'))
  await cluster.when({ apiVersion: 'v1', kind: 'ServiceAccount', namespace: 'team', name: 'default' }, () => true)
  const ref = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'team', name: 'kube-root-ca.crt' }
  expect((await cluster.when<ConfigMap>(ref, () => true)).data).toEqual({ 'ca.crt': 'CA' })
})

describe('Job', () => {
  beforeEach(() => cluster.addNode('node-0'))

  test('an Indexed Job runs each index once, with host name, label and environment', async () => {
    await cluster.api.create(job('sum', { completionMode: 'Indexed', completions: 5, parallelism: 2 }))
    const done = await cluster.when<Job>(jobRef('sum'), each => isTrue(each, 'Complete'))
    expect(done.status).toMatchObject({ succeeded: 5, completedIndexes: '0-4' })
    expect(done.status?.uncountedTerminatedPods).toEqual({})
    expect(done.status?.active ?? 0).toBe(0)
    const pods = await cluster.list<Pod>('v1', 'Pod', 'default')
    expect(pods.map(({ spec }) => spec.hostname).sort()).toEqual(['sum-0', 'sum-1', 'sum-2', 'sum-3', 'sum-4'])
    expect(pods.flatMap(({ metadata }) => metadata.finalizers ?? [])).toEqual([])
    expect(pods[0]!.metadata.name).toMatch(/^sum-\d-[a-z0-9]{5}$/)
  })

  test('a Job of many completions keeps to its parallelism and counts each once', async () => {
    let running = 0
    let most = 0
    part = async () => {
      most = Math.max(most, ++running)
      await new Promise(setImmediate)
      running--
      return { exits: 0 }
    }
    await cluster.api.create(job('many', { completions: 300, parallelism: 8 }))
    const done = await cluster.when<Job>(jobRef('many'), each => isTrue(each, 'Complete'))
    expect(done.status).toMatchObject({ succeeded: 300 })
    expect(most).toBeLessThanOrEqual(8)
    expect((await cluster.list('v1', 'Pod', 'default')).length).toBe(300)
  })

  test('a Job that fails more often than its backoffLimit fails, and its other pods end', async () => {
    part = pod => (pod.spec.hostname === 'bad-1' ? { exits: 3 } : 'runs')
    await cluster.api.create(job('bad', { completionMode: 'Indexed', completions: 3, parallelism: 3, backoffLimit: 0 }))
    const failed = await cluster.when<Job>(jobRef('bad'), each => isTrue(each, 'Failed'))
    expect(failed.status).toMatchObject({ failed: 3 })
    expect(failed.status?.conditions?.find(({ type }) => type === 'Failed')).toMatchObject({
      reason: 'BackoffLimitExceeded',
      message: 'Job has reached the specified backoff limit',
    })
  })

  test('a suspended Job has no pods until it is resumed', async () => {
    await cluster.api.create(job('later', { suspend: true }))
    await cluster.when<Job>(jobRef('later'), each => isTrue(each, 'Suspended'))
    expect(await cluster.list('v1', 'Pod', 'default')).toEqual([])
    await cluster.api.patch(jobRef('later'), 'merge', { spec: { suspend: false } })
    await cluster.when<Job>(jobRef('later'), each => isTrue(each, 'Complete'))
  })

  test('an elastic Job follows its parallelism', async () => {
    part = () => 'runs'
    await cluster.api.create(job('wide', { completionMode: 'Indexed', completions: 2, parallelism: 2 }))
    await cluster.when<Job>(jobRef('wide'), each => each.status?.ready === 2)
    await cluster.api.patch(jobRef('wide'), 'merge', { spec: { completions: 4, parallelism: 4 } })
    await cluster.when<Job>(jobRef('wide'), each => each.status?.ready === 4)
    await cluster.api.patch(jobRef('wide'), 'merge', { spec: { completions: 1, parallelism: 1 } })
    const done = await cluster.when<Job>(jobRef('wide'), each => each.status?.active === 1)
    expect(done.status?.failed ?? 0).toBe(0)
  })

  test('a finished Job goes after its time, and its pods with it', async () => {
    await cluster.api.create(job('brief', { ttlSecondsAfterFinished: 0 }))
    await cluster.whenGone(jobRef('brief'))
    for (const pod of await cluster.list<Pod>('v1', 'Pod', 'default')) {
      await cluster.whenGone({ apiVersion: 'v1', kind: 'Pod', namespace: 'default', name: pod.metadata.name! })
    }
  })

  test('deleting a running Job takes its pods', async () => {
    part = () => 'runs'
    await cluster.api.create(job('gone', { parallelism: 3, completions: 3 }))
    await cluster.when<Job>(jobRef('gone'), each => each.status?.ready === 3)
    const pods = await cluster.list<Pod>('v1', 'Pod', 'default')
    await cluster.api.delete(jobRef('gone'), { propagationPolicy: 'Foreground' })
    await cluster.whenGone(jobRef('gone'))
    expect(await cluster.list('v1', 'Pod', 'default')).toEqual([])
    expect(pods.length).toBe(3)
  })
})

test('controllers that are restarted in the middle of a Job count every pod once', async () => {
  await cluster.addNode('node-0')
  let ended = 0
  let restarts = Promise.resolve()
  part = async () => {
    // A few of the ends fall into the time when nobody watches.
    if (++ended % 10 === 0) restarts = restarts.then(cluster.restartControllers)
    return { exits: 0 }
  }
  await cluster.api.create(job('sturdy', { completionMode: 'Indexed', completions: 60, parallelism: 6 }))
  const done = await cluster.when<Job>(jobRef('sturdy'), each => isTrue(each, 'Complete'))
  await restarts
  expect(done.status).toMatchObject({ succeeded: 60, completedIndexes: '0-59' })
  expect(done.status?.failed).toBeUndefined()
  const pods = await cluster.list<Pod>('v1', 'Pod', 'default')
  expect(pods.length).toBe(60)
  expect(pods.flatMap(({ metadata }) => metadata.finalizers ?? [])).toEqual([])
})

test('the same controllers and scheduler work over HTTPS, as against any API server', async () => {
  const remote = await startTestCluster(() => ({ exits: 0 }), { overHttps: true })
  try {
    await remote.addNode('node-0')
    await remote.api.create(job('far', { completionMode: 'Indexed', completions: 5, parallelism: 2 }))
    const done = await remote.when<Job>(jobRef('far'), each => isTrue(each, 'Complete'))
    expect(done.status).toMatchObject({ succeeded: 5, completedIndexes: '0-4' })
    await remote.api.delete(jobRef('far'), { propagationPolicy: 'Foreground' })
    await remote.whenGone(jobRef('far'))
    expect(await remote.list('v1', 'Pod', 'default')).toEqual([])
    expect(remote.log).toEqual([])
  } finally {
    await remote.stop()
  }
})

describe('Deployment and Service', () => {
  const deployment = (image: string, more = {}): Deployment => ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace: 'default' },
    spec: {
      replicas: 3,
      selector: { matchLabels: { app: 'web' } },
      template: {
        metadata: { labels: { app: 'web' } },
        spec: { containers: [{ name: 'main', image, ports: [{ name: 'http', containerPort: 8080 }] }] },
      },
      ...more,
    },
  })
  const ref = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'default', name: 'web' }
  const isRolledOut = ({ status, spec, metadata }: Deployment): boolean =>
    status?.observedGeneration === metadata.generation &&
    status?.availableReplicas === spec.replicas &&
    status?.updatedReplicas === spec.replicas &&
    status?.replicas === spec.replicas

  beforeEach(async () => {
    part = () => 'runs'
    await cluster.addNode('node-0')
  })

  test('rolls over to a new template without falling below what must be available', async () => {
    await cluster.api.create(deployment('v1'))
    const first = await cluster.when<Deployment>(ref, isRolledOut)
    expect(isTrue(first, 'Available') && isTrue(first, 'Progressing')).toBe(true)
    await cluster.api.patch(ref, 'strategic', {
      spec: { template: { spec: { containers: [{ name: 'main', image: 'v2' }] } } },
    })
    const second = await cluster.when<Deployment>(
      ref,
      each => each.metadata.generation! > first.metadata.generation! && isRolledOut(each),
    )
    expect(second.metadata.annotations?.['deployment.kubernetes.io/revision']).toBe('2')
    const sets = await cluster.list<ReplicaSet>('apps/v1', 'ReplicaSet', 'default')
    expect(sets.map(({ spec }) => spec.replicas).sort()).toEqual([0, 3])
    await cluster.api.delete(ref)
    for (const set of sets)
      await cluster.whenGone({
        apiVersion: 'apps/v1',
        kind: 'ReplicaSet',
        namespace: 'default',
        name: set.metadata.name!,
      })
  })

  test('a Service lists the pods that it picks, with names where they ask for one', async () => {
    const service: Service = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'web', namespace: 'default' },
      spec: { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 'http' }] },
    }
    await cluster.api.create(service)
    await cluster.api.create(deployment('v1'))
    const at = { namespace: 'default', name: 'web' }
    const endpoints = await cluster.when<Endpoints>(
      { apiVersion: 'v1', kind: 'Endpoints', ...at },
      each => each.subsets?.[0]?.addresses?.length === 3,
    )
    expect(endpoints.subsets?.[0]?.ports).toEqual([{ port: 8080, protocol: 'TCP' }])
    const slices = { apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', namespace: 'default' }
    const { items } = await cluster.api.list<EndpointSlice>(slices, {
      labelSelector: 'kubernetes.io/service-name=web',
    })
    const slice = await cluster.when<EndpointSlice>(
      { ...slices, name: items[0]!.metadata.name! },
      each => each.endpoints.length === 3,
    )
    expect(slice.endpoints.every(({ conditions }) => conditions?.ready)).toBe(true)
  })
})

describe('garbage', () => {
  const map = (name: string, ownerReferences: KubeObject['metadata']['ownerReferences'] = []): ConfigMap => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace: 'default', ...(ownerReferences.length > 0 ? { ownerReferences } : {}) },
  })
  const mapRef = (name: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', namespace: 'default', name })
  const owner = ({ metadata }: KubeObject, more = {}) => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    name: metadata.name!,
    uid: metadata.uid!,
    ...more,
  })

  test('an object goes when the last of its owners went', async () => {
    const [a, b] = [await cluster.api.create(map('a')), await cluster.api.create(map('b'))]
    await cluster.api.create(map('c', [owner(a), owner(b)]))
    await cluster.api.delete(mapRef('a'))
    await cluster.when<ConfigMap>(mapRef('c'), ({ metadata }) => metadata.ownerReferences?.length === 1)
    await cluster.api.delete(mapRef('b'))
    await cluster.whenGone(mapRef('c'))
  })

  test('an owner of another uid is no owner', async () => {
    await cluster.api.create(map('a'))
    await cluster.api.create(map('c', [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'a', uid: 'another' }]))
    await cluster.whenGone(mapRef('c'))
  })

  test('orphaned dependents stay and forget their owner', async () => {
    const a = await cluster.api.create(map('a'))
    await cluster.api.create(map('c', [owner(a)]))
    await cluster.when(mapRef('c'), () => true)
    await cluster.api.delete(mapRef('a'), { propagationPolicy: 'Orphan' })
    await cluster.whenGone(mapRef('a'))
    await cluster.when<ConfigMap>(mapRef('c'), ({ metadata }) => metadata.ownerReferences === undefined)
  })
})

test('a namespace that is deleted takes all that is in it, custom objects too', async () => {
  await cluster.api.create(namespace('team'))
  await cluster.when({ apiVersion: 'v1', kind: 'ServiceAccount', namespace: 'team', name: 'default' }, () => true)
  await cluster.api.create({
    apiVersion: 'solvent.dev/v1alpha1',
    kind: 'Server',
    metadata: { name: 'web', namespace: 'team' },
    spec: { run: { command: ['x'], port: 80 } },
  } as KubeObject)
  await cluster.api.delete({ apiVersion: 'v1', kind: 'Namespace', name: 'team' })
  await cluster.whenGone({ apiVersion: 'v1', kind: 'Namespace', name: 'team' })
})

describe('scheduling', () => {
  const pod = (name: string, cpu: string, group?: string): Pod => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default' },
    spec: {
      ...template('Never', { cpu }).spec,
      ...(group ? { schedulingGroup: { podGroupName: group } } : {}),
    },
  })
  const podRef = (name: string) => ({ apiVersion: 'v1', kind: 'Pod', namespace: 'default', name })
  const scheduled = (each: Pod) => each.status?.conditions?.find(({ type }) => type === 'PodScheduled')

  test('a pod that fits nowhere is told why, and placed when room comes', async () => {
    part = () => 'runs'
    await cluster.addNode('node-0', { cpu: '1', memory: '1Gi', pods: '10' })
    await cluster.api.create(pod('first', '800m'))
    await cluster.when<Pod>(podRef('first'), each => each.status?.phase === 'Running')
    await cluster.api.create(pod('second', '800m'))
    const waiting = await cluster.when<Pod>(podRef('second'), each => scheduled(each)?.status === 'False')
    expect(scheduled(waiting)).toMatchObject({
      reason: 'Unschedulable',
      message:
        '0/1 nodes are available: 1 Insufficient cpu. preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod.',
    })
    await cluster.api.delete(podRef('first'))
    await cluster.when<Pod>(podRef('second'), each => each.status?.phase === 'Running')
  })

  test('a gang starts as a whole or not at all', async () => {
    part = () => 'runs'
    await cluster.addNode('node-0', { cpu: '2', memory: '1Gi', pods: '10' })
    const group: PodGroup = {
      apiVersion: 'scheduling.k8s.io/v1beta1',
      kind: 'PodGroup',
      metadata: { name: 'ring', namespace: 'default' },
      spec: { schedulingPolicy: { gang: { minCount: 3 } } },
    }
    await cluster.api.create(pod('r-0', '1', 'ring'))
    await cluster.api.create(pod('r-1', '1', 'ring'))
    const gated = await cluster.when<Pod>(podRef('r-0'), each => scheduled(each)?.status === 'False')
    expect(scheduled(gated)).toMatchObject({ reason: 'SchedulingGated' })
    await cluster.api.create(group)
    await cluster.api.create(pod('r-2', '1', 'ring'))
    const full = await cluster.when<Pod>(podRef('r-2'), each => scheduled(each)?.reason === 'Unschedulable')
    expect(scheduled(full)?.message).toBe(
      '0/1 nodes are available: 1 Insufficient cpu. The 3 pods of PodGroup "ring" start together; 2 would fit now.',
    )
    expect((await cluster.list<Pod>('v1', 'Pod')).every(({ spec }) => spec.nodeName === undefined)).toBe(true)
    await cluster.addNode('node-1', { cpu: '1', memory: '1Gi', pods: '10' })
    for (const name of ['r-0', 'r-1', 'r-2']) {
      await cluster.when<Pod>(podRef(name), each => each.status?.phase === 'Running')
    }
    await cluster.when<PodGroup>(
      { apiVersion: 'scheduling.k8s.io/v1beta1', kind: 'PodGroup', namespace: 'default', name: 'ring' },
      each => isTrue(each, 'PodGroupInitiallyScheduled'),
    )
  })
})
