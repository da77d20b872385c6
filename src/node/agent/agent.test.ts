/** The agent with a real API server in process, a real spawner and real processes. */
import { generateKeyPairSync } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type ApiServer, createApiServer } from '../../apiserver/server.ts'
import { memoryStore } from '../../apiserver/store/open-store.ts'
import type { Store } from '../../apiserver/store/store.ts'
import { systemClock } from '../../base/clock.ts'
import type { KubeApi, LogOptions } from '../../client/kube-api.ts'
import type { Event, Node, Pod } from '../../kube/core.ts'
import type { KubeObject } from '../../kube/object.ts'
import { createTestbed, type Testbed } from '../testbed.ts'
import { type NodeAgent, startNodeAgent } from './agent.ts'

const NODE = 'test-node'
const serviceAccountKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey

let bed: Testbed
let store: Store
let server: ApiServer
let api: KubeApi
let agent: NodeAgent
let serial = 0
const complaints: string[] = []

beforeAll(async () => {
  bed = await createTestbed()
})
afterAll(() => bed.dispose())

beforeEach(async () => {
  store = memoryStore()
  server = createApiServer({ store, pki: { serverKey: '', serverCertificate: '', adminToken: 'x', serviceAccountKey } })
  api = server.api
  for (const name of ['default', 'kube-node-lease']) {
    await api.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })
  }
  await api.create({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default', namespace: 'default' } })
  agent = await startAgent()
  server.setNodeApi(() => agent)
})
afterEach(async () => {
  const { items } = await api.list<Pod>({ apiVersion: 'v1', kind: 'Pod' })
  for (const pod of items) {
    await api.delete(
      { apiVersion: 'v1', kind: 'Pod', namespace: 'default', name: pod.metadata.name! },
      { gracePeriodSeconds: 0 },
    )
  }
  await agent.stop()
  await server.close()
  await store.close()
  expect(complaints.splice(0)).toEqual([])
})

const startAgent = (spawner = bed.spawner): Promise<NodeAgent> =>
  startNodeAgent({
    api,
    spawner,
    sandboxes: bed.sandboxes,
    clock: systemClock,
    stateDir: bed.stateDir,
    nodeName: NODE,
    apiPort: 6443,
    warmProcesses: 1,
    warmProgram: bed.programs.warm,
    log: line => complaints.push(line),
  })

type Spec = Partial<Pod['spec']> & { command?: readonly string[] }

async function run({ command, ...spec }: Spec): Promise<string> {
  const name = `pod-${serial++}`
  await api.create({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default' },
    spec: {
      nodeName: NODE,
      restartPolicy: 'Never',
      automountServiceAccountToken: false,
      terminationGracePeriodSeconds: 5,
      ...(command ? { containers: [{ name: 'main', command }] } : {}),
      ...spec,
    },
  } as KubeObject)
  return name
}

const get = (name: string): Promise<Pod> => api.get<Pod>({ apiVersion: 'v1', kind: 'Pod', namespace: 'default', name })

/** The first state of the pod for which it holds. */
async function when(name: string, holds: (pod: Pod) => boolean): Promise<Pod> {
  const stop = new AbortController()
  const options = { fieldSelector: `metadata.name=${name}`, signal: stop.signal }
  for await (const { type, object } of api.watch<Pod>(
    { apiVersion: 'v1', kind: 'Pod', namespace: 'default' },
    options,
  )) {
    if (type !== 'BOOKMARK' && type !== 'DELETED' && holds(object)) {
      stop.abort()
      return object
    }
  }
  throw new Error('the watch ended')
}

const isOver = ({ status }: Pod): boolean => status?.phase === 'Succeeded' || status?.phase === 'Failed'
const isRunning = ({ status }: Pod): boolean => status?.phase === 'Running'
const state = (pod: Pod, i = 0) => pod.status?.containerStatuses?.[i]?.state

async function logs(name: string, options: LogOptions = {}): Promise<string> {
  let text = ''
  for await (const chunk of api.logs({ namespace: 'default', name }, options)) text += Buffer.from(chunk).toString()
  return text
}

const gone = async (name: string): Promise<void> => {
  const stop = new AbortController()
  const options = { fieldSelector: `metadata.name=${name}`, signal: stop.signal }
  for await (const { type } of api.watch<Pod>({ apiVersion: 'v1', kind: 'Pod', namespace: 'default' }, options)) {
    if (type === 'DELETED') break
  }
  stop.abort()
}

async function eventAbout(name: string, reason: string): Promise<Event> {
  const stop = new AbortController()
  for await (const { object } of api.watch<Event>(
    { apiVersion: 'v1', kind: 'Event', namespace: 'default' },
    { signal: stop.signal },
  )) {
    if (object.involvedObject?.name === name && object.reason === reason) {
      stop.abort()
      return object
    }
  }
  throw new Error('the watch ended')
}

const sh = (script: string): readonly string[] => ['sh', '-c', script]

test('the Node is there, ready, with what the machine has', async () => {
  await agent.ready
  const node = await api.get<Node>({ apiVersion: 'v1', kind: 'Node', name: NODE })
  expect(node.status?.conditions?.find(each => each.type === 'Ready')?.status).toBe('True')
  expect(Number(node.status?.allocatable?.cpu)).toBeGreaterThan(0)
  expect(node.metadata.labels).toMatchObject({ 'kubernetes.io/hostname': NODE, 'kubernetes.io/os': process.platform })
})

describe('how containers end', () => {
  test('well', async () => {
    const pod = await when(await run({ command: ['true'] }), isOver)
    expect(pod.status?.phase).toBe('Succeeded')
    expect(state(pod)?.terminated).toMatchObject({ exitCode: 0, reason: 'Completed' })
    expect(pod.status?.conditions?.map(({ type, status }) => `${type}=${status}`).sort()).toEqual([
      'ContainersReady=False',
      'Initialized=True',
      'PodScheduled=True',
      'Ready=False',
    ])
    expect(pod.status?.podIP).toMatch(/^127\./)
    expect(pod.status?.qosClass).toBe('BestEffort')
  })

  test('badly, with what it printed and its code', async () => {
    const name = await run({ command: sh('echo out; echo err >&2; exit 3') })
    const pod = await when(name, isOver)
    expect(pod.status?.phase).toBe('Failed')
    expect(state(pod)?.terminated).toMatchObject({ exitCode: 3, reason: 'Error' })
    expect(await logs(name)).toBe('out\nerr\n')
  })

  test('by a signal', async () => {
    const pod = await when(await run({ command: sh('kill -9 $$$$') }), isOver)
    expect(state(pod)?.terminated?.exitCode).toBe(137)
  })

  test.each([
    [['no-such-program'], 'exec: "no-such-program": executable file not found in $PATH'],
    [['/no/such/file'], 'exec: "/no/such/file": no such file or directory'],
    [['/etc'], 'exec: "/etc": is a directory'],
  ])('%j cannot be started', async (command, message) => {
    const pod = await when(await run({ command }), isOver)
    expect(state(pod)?.terminated).toMatchObject({ exitCode: 128, reason: 'StartError', message })
  })

  test('a file that is no program', async () => {
    const file = join(bed.stateDir, 'text')
    writeFileSync(file, 'text', { mode: 0o600 })
    const pod = await when(await run({ command: [file] }), isOver)
    expect(state(pod)?.terminated?.message).toBe(`exec: "${file}": permission denied`)
  })

  test('in a working directory that is not there', async () => {
    const pod = await when(
      await run({ containers: [{ name: 'main', command: ['true'], workingDir: '/no/where' }] }),
      isOver,
    )
    expect(state(pod)?.terminated?.message).toBe('workingDir /no/where is no directory on this machine')
  })
})

test('variables, arguments and working directory are as declared', async () => {
  const name = await run({
    hostname: 'me',
    containers: [
      {
        name: 'main',
        command: ['sh', '-c', 'echo "$1"; pwd; echo $HOSTNAME $POD $SOLVENT_ROOT $KUBERNETES_SERVICE_PORT', '--'],
        args: ['$(GREETING), $(NOBODY)'],
        workingDir: '/usr',
        env: [
          { name: 'GREETING', value: 'hello' },
          { name: 'POD', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
        ],
      },
    ],
  })
  await when(name, isOver)
  expect(await logs(name)).toMatch(
    new RegExp(`^hello, \\$\\(NOBODY\\)\n/usr\nme ${name} ${bed.stateDir}/sandboxes/.* 6443\n$`),
  )
})

describe('several containers', () => {
  test('init containers run one after the other, before the rest', async () => {
    const file = join(bed.stateDir, `order-${serial}`)
    const container = (name: string, wait: string) => ({ name, command: sh(`sleep ${wait}; echo ${name} >>${file}`) })
    const name = await run({
      initContainers: [container('a', '0.1'), container('b', '0')],
      containers: [
        container('c', '0'),
        { name: 'd', command: sh(`while ! grep -q c ${file}; do sleep 0.01; done; cat ${file}`) },
      ],
    })
    const pod = await when(name, isOver)
    expect(pod.status?.phase).toBe('Succeeded')
    expect(pod.status?.initContainerStatuses?.map(({ ready }) => ready)).toEqual([true, true])
    expect(await logs(name, { container: 'd' })).toBe('a\nb\nc\n')
  })

  test('one init container that fails ends a pod that is not restarted', async () => {
    const name = await run({
      initContainers: [{ name: 'a', command: ['false'] }],
      containers: [{ name: 'main', command: ['true'] }],
    })
    const pod = await when(name, isOver)
    expect(pod.status?.phase).toBe('Failed')
    expect(state(pod)?.waiting?.reason).toBe('PodInitializing')
  })
})

describe('restarts', () => {
  test('OnFailure: the first at once, with the end before in lastState and its log as the previous one', async () => {
    const mark = join(bed.stateDir, `mark-${serial}`)
    const name = await run({
      restartPolicy: 'OnFailure',
      command: sh(`if [ -e ${mark} ]; then echo second; exit 0; fi; touch ${mark}; echo first; exit 5`),
    })
    const pod = await when(name, isOver)
    expect(pod.status?.phase).toBe('Succeeded')
    const [status] = pod.status?.containerStatuses ?? []
    expect(status?.restartCount).toBe(1)
    expect(status?.lastState?.terminated?.exitCode).toBe(5)
    expect(await logs(name)).toBe('second\n')
    expect(await logs(name, { previous: true })).toBe('first\n')
  })

  test('the second waits, and says so', async () => {
    const name = await run({ restartPolicy: 'Always', command: ['true'] })
    const pod = await when(name, each => state(each)?.waiting?.reason === 'CrashLoopBackOff')
    expect(pod.status?.phase).toBe('Running')
    expect(state(pod)?.waiting?.message).toMatch(/^back-off 10s restarting failed container=main pod=/)
    expect(pod.status?.containerStatuses?.[0]?.restartCount).toBe(1)
  })
})

describe('deletion', () => {
  test('TERM first: the container may finish', async () => {
    const name = await run({ command: sh('trap "echo bye; exit 0" TERM; echo up; sleep 100 & wait') })
    await when(name, isRunning)
    const removed = gone(name)
    let text = ''
    for await (const chunk of api.logs({ namespace: 'default', name }, { follow: true })) {
      if (text === '') await api.delete({ apiVersion: 'v1', kind: 'Pod', namespace: 'default', name })
      text += Buffer.from(chunk).toString()
    }
    expect(text).toBe('up\nbye\n')
    await removed
  })

  test('KILL after the grace period', async () => {
    const name = await run({ command: sh('trap "" TERM; echo up; while :; do sleep 0.02; done') })
    await when(name, isRunning)
    const removed = gone(name)
    await api.delete({ apiVersion: 'v1', kind: 'Pod', namespace: 'default', name }, { gracePeriodSeconds: 1 })
    await removed
    expect((await bed.spawner.list()).processes.filter(each => !each.process.startsWith('warm'))).toEqual([])
  })

  test('of a pod that waits for a command', async () => {
    const name = await run({ containers: [{ name: 'main', image: 'nginx' }] })
    const event = await eventAbout(name, 'NoCommand')
    expect(event.message).toBe(
      'container main has no command, and the embedded cluster does not run the image nginx. ' +
        'Add what it should run on this machine, such as command: ["node", "main.js"].',
    )
    const pod = await when(name, each => state(each)?.waiting?.reason === 'NoCommand')
    expect(pod.status?.phase).toBe('Pending')
    const removed = gone(name)
    await api.delete({ apiVersion: 'v1', kind: 'Pod', namespace: 'default', name })
    await removed
  })
})

describe('probes and hooks', () => {
  const file = (name: string): string => join(bed.stateDir, `${name}-${serial}`)
  const isReady = ({ status }: Pod): boolean =>
    status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True') ?? false

  test('ready only while its readiness probe says so', async () => {
    const mark = file('ready')
    const readinessProbe = { exec: { command: ['test', '-e', mark] }, periodSeconds: 1, failureThreshold: 1 }
    const name = await run({ containers: [{ name: 'main', command: ['sleep', '100'], readinessProbe }] })
    const pod = await when(name, isRunning)
    expect(isReady(pod)).toBe(false)
    expect(pod.status?.containerStatuses?.[0]).toMatchObject({ started: true, ready: false })
    writeFileSync(mark, '')
    await when(name, isReady)
    rmSync(mark)
    const unready = await when(name, each => !isReady(each))
    expect(unready.status?.conditions?.find(({ type }) => type === 'Ready')).toMatchObject({
      reason: 'ContainersNotReady',
      message: 'containers with unready status: [main]',
    })
    expect((await eventAbout(name, 'Unhealthy')).message).toBe('Readiness probe failed: ')
  })

  test('one that its liveness probe gives up is stopped and started again', async () => {
    const mark = file('dead')
    const livenessProbe = {
      exec: { command: sh(`test ! -e ${mark} || { echo it hangs; exit 1; }`) },
      periodSeconds: 1,
      failureThreshold: 1,
    }
    const command = sh(`rm -f ${mark}; trap 'echo bye; exit 3' TERM; sleep 100 & wait`)
    const name = await run({ restartPolicy: 'Always', containers: [{ name: 'main', command, livenessProbe }] })
    await when(name, isRunning)
    writeFileSync(mark, '')
    const again = await when(name, each => each.status?.containerStatuses?.[0]?.restartCount === 1 && isRunning(each))
    expect(again.status?.containerStatuses?.[0]?.lastState?.terminated?.exitCode).toBe(3)
    expect((await eventAbout(name, 'Unhealthy')).message).toBe('Liveness probe failed: it hangs\n')
    expect((await eventAbout(name, 'Killing')).message).toBe('Container main failed liveness probe, will be restarted')
  })

  test('a command that hangs is killed with all that it started', async () => {
    const mark = file('left')
    const readinessProbe = { exec: { command: sh(`sleep 1.2 && touch ${mark} & wait`) }, timeoutSeconds: 1 }
    const name = await run({ containers: [{ name: 'main', command: ['sleep', '100'], readinessProbe }] })
    const { message } = await eventAbout(name, 'Unhealthy')
    expect(message).toMatch(/^Readiness probe failed: command timed out: ".*" timed out after 1s$/)
    await new Promise(resolve => setTimeout(resolve, 300))
    expect(existsSync(mark)).toBe(false)
  })

  test('postStart comes before it counts as running, preStop before TERM', async () => {
    const order = file('order')
    const lifecycle = {
      postStart: { exec: { command: sh(`sleep 0.2; echo "post $X" >>${order}`) } },
      preStop: { exec: { command: sh(`echo pre >>${order}`) } },
    }
    const command = sh(`echo up >>${order}; trap 'echo term >>${order}; exit 0' TERM; sleep 100 & wait`)
    const env = [{ name: 'X', value: 'of the container' }]
    const name = await run({ containers: [{ name: 'main', command, lifecycle, env }] })
    await when(name, isRunning)
    expect(readFileSync(order, 'utf8')).toBe('up\npost of the container\n')
    const removed = gone(name)
    await api.delete({ apiVersion: 'v1', kind: 'Pod', namespace: 'default', name })
    await removed
    expect(readFileSync(order, 'utf8')).toBe('up\npost of the container\npre\nterm\n')
  })

  test('a postStart hook that fails ends its container', async () => {
    const lifecycle = { postStart: { exec: { command: ['false'] } } }
    const name = await run({ containers: [{ name: 'main', command: ['sleep', '100'], lifecycle }] })
    const pod = await when(name, isOver)
    expect(state(pod)?.terminated?.exitCode).toBe(143)
    expect((await eventAbout(name, 'FailedPostStartHook')).message).toBe('PostStartHook failed')
    expect(complaints.splice(0)[0]).toContain('postStart hook of')
  })

  test('a preStop hook that sleeps keeps it serving meanwhile', async () => {
    const name = await run({
      containers: [
        {
          name: 'main',
          command: sh('trap "exit 0" TERM; sleep 100 & wait'),
          lifecycle: { preStop: { sleep: { seconds: 1 } } },
        },
      ],
    })
    await when(name, isRunning)
    const removed = gone(name)
    const askedAt = Date.now()
    await api.delete({ apiVersion: 'v1', kind: 'Pod', namespace: 'default', name })
    await removed
    expect(Date.now() - askedAt).toBeGreaterThanOrEqual(1000)
  })

  test('a sidecar is there before the rest, and goes after it', async () => {
    const order = file('sidecar')
    const logging = (who: string) =>
      sh(`echo ${who} up >>${order}; trap 'echo ${who} down >>${order}; exit 0' TERM; sleep 100 & wait`)
    const startupProbe = { exec: { command: ['grep', '-q', 'proxy', order] } }
    const name = await run({
      initContainers: [{ name: 'proxy', restartPolicy: 'Always', command: logging('proxy'), startupProbe }],
      containers: [{ name: 'main', command: sh(`echo main up >>${order}; sleep 0.1; echo main down >>${order}`) }],
    })
    const pod = await when(name, isOver)
    expect(pod.status?.phase).toBe('Succeeded')
    expect(readFileSync(order, 'utf8')).toBe('proxy up\nmain up\nmain down\nproxy down\n')
  })

  test('another agent knows how it was, and asks on', async () => {
    const mark = file('known')
    writeFileSync(mark, '')
    const readinessProbe = { exec: { command: ['test', '-e', mark] }, periodSeconds: 1, failureThreshold: 1 }
    const name = await run({ containers: [{ name: 'main', command: ['sleep', '100'], readinessProbe }] })
    await when(name, isReady)
    await agent.stop()
    const states: boolean[] = []
    agent = await startAgent(await bed.connect())
    server.setNodeApi(() => agent)
    rmSync(mark)
    await when(name, each => {
      states.push(isReady(each))
      return !isReady(each)
    })
    expect(states[0]).toBe(true)
  })
})

test('a container that ends with the code of a rule restarts all of its pod in place', async () => {
  const mark = join(bed.stateDir, `over-${serial}`)
  const rules = [{ action: 'RestartAllContainers' as const, exitCodes: { operator: 'In' as const, values: [88] } }]
  const name = await run({
    initContainers: [{ name: 'init', command: sh(`echo init >>${mark}`) }],
    containers: [
      {
        name: 'main',
        command: sh(`[ $(wc -l <${mark}) = 2 ] && exit 0; sleep 0.1; exit 88`),
        restartPolicy: 'Never',
        restartPolicyRules: rules,
      },
      { name: 'beside', command: sh(`while [ $(wc -l <${mark}) != 2 ]; do sleep 0.02; done`) },
    ],
  })
  const { status } = await when(name, isOver)
  expect(status?.phase).toBe('Succeeded')
  expect(readFileSync(mark, 'utf8')).toBe('init\ninit\n')
  expect(status?.containerStatuses?.map(({ restartCount }) => restartCount)).toEqual([1, 1])
  expect(status?.containerStatuses?.[1]?.lastState?.terminated).toMatchObject({ reason: 'RestartingAllContainers' })
})

describe('last words', () => {
  test('what it wrote to its terminationMessagePath', async () => {
    const command = sh('mkdir -p $SOLVENT_ROOT/out; echo -n out of flour >$SOLVENT_ROOT/out/why; exit 1')
    const name = await run({ containers: [{ name: 'main', command, terminationMessagePath: '/out/why' }] })
    expect(state(await when(name, isOver))?.terminated?.message).toBe('out of flour')
  })

  test.each([
    { code: 1, message: 'a\nb' },
    { code: 0, message: undefined },
  ])('FallbackToLogsOnError with code $code: $message', async ({ code, message }) => {
    const command = sh(`echo a; echo b; exit ${code}`)
    const name = await run({
      containers: [{ name: 'main', command, terminationMessagePolicy: 'FallbackToLogsOnError' }],
    })
    expect(state(await when(name, isOver))?.terminated?.message).toBe(message)
  })
})

test('readiness gates are for others to open', async () => {
  const name = await run({ command: ['sleep', '100'], readinessGates: [{ conditionType: 'example.com/lb' }] })
  const condition = (pod: Pod, type: string) => pod.status?.conditions?.find(each => each.type === type)
  const closed = await when(name, pod => condition(pod, 'ContainersReady')?.status === 'True')
  expect(condition(closed, 'Ready')).toMatchObject({ status: 'False', reason: 'ReadinessGatesNotReady' })
  const conditions = [{ type: 'example.com/lb', status: 'True', lastProbeTime: null, lastTransitionTime: null }]
  const ref = { apiVersion: 'v1', kind: 'Pod', namespace: 'default', name }
  await api.patch(ref, 'strategic', { status: { conditions } }, { subresource: 'status' })
  const open = await when(name, pod => condition(pod, 'Ready')?.status === 'True')
  expect(condition(open, 'example.com/lb')?.status).toBe('True')
})

test('a pod that is too slow for its deadline fails', async () => {
  const name = await run({ activeDeadlineSeconds: 1, command: ['sleep', '100'] })
  const pod = await when(name, isOver)
  expect(pod.status).toMatchObject({ phase: 'Failed', reason: 'DeadlineExceeded' })
})

test('a mount that this machine cannot make is refused in an Event', async () => {
  const name = await run({
    containers: [{ name: 'main', command: ['true'], volumeMounts: [{ name: 'data', mountPath: '/data' }] }],
    volumes: [{ name: 'data', emptyDir: {} }],
  })
  const event = await eventAbout(name, 'FailedMount')
  expect(event.message).toContain('container main mounts volume data at /data')
  expect(state(await when(name, each => state(each)?.waiting?.reason === 'MountRefused'))).toBeDefined()
})

test('a missing ConfigMap is waited for', async () => {
  const env = [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'settings', key: 'a' } } }]
  const name = await run({ containers: [{ name: 'main', command: sh('echo $A'), env }] })
  const waiting = await when(name, each => state(each)?.waiting?.reason === 'CreateContainerConfigError')
  expect(state(waiting)?.waiting?.message).toContain('configmap "settings" not found')
  await api.create({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'settings', namespace: 'default' },
    data: { a: 'found' },
  } as KubeObject)
  await when(name, isOver)
  expect(await logs(name)).toBe('found\n')
})

test('a Node program is started warm', async () => {
  const file = join(bed.stateDir, 'warm-pod.mjs')
  // Warm is what lived before anybody asked for it.
  writeFileSync(
    file,
    `const [asked, x] = process.argv.slice(2)
console.log(Date.now() - 1000 * process.uptime() < asked, process.env.HOSTNAME, x)
process.exitCode = 6
`,
  )
  let log = ''
  // The pool fills a moment after the agent's start.
  while (!log.startsWith('true')) {
    const name = await run({ command: ['node', file, String(Date.now()), 'x'] })
    const pod = await when(name, isOver)
    expect(state(pod)?.terminated?.exitCode).toBe(6)
    log = await logs(name)
  }
  expect(log).toMatch(/^true pod-\d+ x\n$/)
})

describe('another agent in the same state folder', () => {
  test('takes over what runs, and learns what ended meanwhile', async () => {
    const go = join(bed.stateDir, `go-${serial}`)
    const long = await run({ command: sh(`echo on; while [ ! -e ${go} ]; do sleep 0.02; done; exit 7`) })
    const short = await run({
      restartPolicy: 'OnFailure',
      command: sh(`while [ ! -e ${go}.short ]; do sleep 0.02; done`),
    })
    const [before] = await Promise.all([when(long, isRunning), when(short, isRunning)])
    await agent.stop()
    writeFileSync(`${go}.short`, '')
    const other = await bed.connect()
    agent = await startAgent(other)
    server.setNodeApi(() => agent)
    expect((await when(short, isOver)).status?.phase).toBe('Succeeded')
    expect(state(await get(long))?.running).toBeDefined()
    writeFileSync(go, '')
    const after = await when(long, isOver)
    expect(state(after)?.terminated?.exitCode).toBe(7)
    expect(after.status?.containerStatuses?.[0]?.restartCount).toBe(0)
    expect(after.status?.startTime).toBe(before.status?.startTime)
    expect(await logs(long)).toBe('on\n')
  })

  test('frees what was deleted meanwhile', async () => {
    const name = await run({ command: ['sleep', '1000'] })
    const pod = await when(name, isRunning)
    await agent.stop()
    await api.delete({ apiVersion: 'v1', kind: 'Pod', namespace: 'default', name }, { gracePeriodSeconds: 0 })
    agent = await startAgent(await bed.connect())
    expect(pod.metadata.uid).toBeDefined()
    const ours = async () =>
      (await bed.spawner.list()).processes.filter(each => each.process.startsWith(pod.metadata.uid ?? ''))
    // Killed at once, buried a moment later.
    while ((await ours()).length > 0) await new Promise(resolve => setTimeout(resolve, 5))
  })
})

test('the log of a container that has not started is refused with the reason', async () => {
  const name = await run({ containers: [{ name: 'main' }] })
  await when(name, each => state(each)?.waiting?.reason === 'NoCommand')
  await expect(logs(name)).rejects.toThrow(`container "main" in pod "${name}" is waiting to start: NoCommand`)
  await expect(logs(name, { container: 'other' })).rejects.toThrow('container other is not valid for pod')
})

test('a hundred pods, eight at a time, leave nothing behind', async () => {
  mkdirSync(join(bed.stateDir, 'many'), { recursive: true })
  let started = 0
  const worker = async (): Promise<void> => {
    while (started++ < 100) {
      const name = await run({ command: ['true'] })
      expect((await when(name, isOver)).status?.phase).toBe('Succeeded')
    }
  }
  await Promise.all(Array.from({ length: 8 }, worker))
  expect((await bed.spawner.list()).processes.filter(each => !each.process.startsWith('warm'))).toEqual([])
})
