/** Sidecars, hooks, probes and the order of ends, as rows; upstream's cases are named. */
import { describe, expect, test } from 'vitest'
import type { Container, Pod } from '../../kube/core.ts'
import { decidePod } from './decide-pod.ts'
import {
  type ContainerState,
  type ObservedContainer,
  type ObservedPod,
  outcomeOf,
  pendingInit,
  type Running,
  type Stopping,
} from './observed.ts'
import { podStatus } from './pod-status.ts'
import { restarts } from './roles.ts'

const container = (name: string, rest: Partial<Container> = {}): Container => ({ name, command: ['run'], ...rest })
const sidecar = (name: string, rest: Partial<Container> = {}) => container(name, { restartPolicy: 'Always', ...rest })

const podOf = (spec: Partial<Pod['spec']> = {}, metadata: Pod['metadata'] = {}): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p', namespace: 'default', uid: 'u', ...metadata },
  spec: { containers: [container('main')], terminationGracePeriodSeconds: 30, ...spec },
})
const DELETED = { deletionTimestamp: 'now', deletionGracePeriodSeconds: 30 }

const running = (rest: Partial<Running> = {}): Running => ({
  kind: 'running',
  startedAt: 0,
  health: { isStarted: true, isReady: true },
  ...rest,
})
const notStarted = running({ health: { isStarted: false, isReady: false } })
const stopping = (rest: Partial<Stopping> = {}): Running =>
  running({ stopping: { sinceMs: 0, graceMs: 30_000, ...rest } })
const ended = (exitCode: number, endedMs = 0): ContainerState => ({
  kind: 'ended',
  endedMs,
  end: { life: 0, exitCode, reason: 'Error', finishedAt: 0 },
})

function seenWith(states: Readonly<Record<string, ContainerState>>, rest: Partial<ObservedPod> = {}): ObservedPod {
  const containers = new Map<string, ObservedContainer>(
    Object.entries(states).map(([name, state]) => [name, { life: 0, state }]),
  )
  return { surroundings: { kind: 'ready', address: '10.0.0.2' }, containers, acceptedMs: 0, acceptedAt: 0, ...rest }
}

const decide = (pod: Pod, states: Readonly<Record<string, ContainerState>>, nowMs = 0): readonly string[] =>
  decidePod(pod, seenWith(states), nowMs).map(action => {
    switch (action.kind) {
      case 'start':
        return `start ${action.container.name}`
      case 'stop':
        return `stop ${action.container} in ${action.graceMs}: ${action.message}`
      case 'signal':
        return `${action.signal} ${action.container}`
      case 'wake':
        return `wake ${action.atMs}`
      default:
        return action.kind
    }
  })

const statusOf = (pod: Pod, states: Readonly<Record<string, ContainerState>>) =>
  podStatus(pod, seenWith(states), { hostIP: 'h', now: 0, nowMs: 0, conditions: [] })

describe('sidecars (TestComputePodActionsWithRestartableInitContainers)', () => {
  const pod = podOf({ initContainers: [sidecar('s1'), container('i'), sidecar('s2')] })

  test.each<{ states: Record<string, ContainerState>; due: string[]; why: string }>([
    { why: 'the first one first', states: {}, due: ['start s1'] },
    { why: 'the next waits until it has started', states: { s1: notStarted }, due: [] },
    { why: 'then the next', states: { s1: running() }, due: ['start i'] },
    { why: 'an init container is waited for', states: { s1: running(), i: running() }, due: [] },
    {
      why: 'a sidecar that ends meanwhile is started again',
      states: { s1: ended(0), i: running() },
      due: ['start s1'],
    },
    {
      why: 'a sidecar that is not up again holds nothing up',
      states: { s1: ended(1, 1e9), i: ended(0) },
      due: ['wake 1000000000', 'start s2'],
    },
    { why: 'all at last', states: { s1: running(), i: ended(0), s2: running() }, due: ['start main'] },
    {
      why: 'once the rest runs, an init container is not run again',
      states: { s1: running(), i: ended(1), s2: ended(0), main: running() },
      due: ['start s2'],
    },
  ])('$why', ({ states, due }) => {
    expect(decide(pod, states)).toEqual(due)
  })

  test('is started again even where nothing else is (TestComputePodActionsWithRestartableInitContainers, Never)', () => {
    const never = podOf({ restartPolicy: 'Never', initContainers: [sidecar('s')] })
    expect(decide(never, { s: ended(0), main: running() })).toEqual(['start s'])
  })

  test('does not keep the pod alive, and is ended with it', () => {
    const never = podOf({ restartPolicy: 'Never', initContainers: [sidecar('s')] })
    const over = { s: running(), main: ended(0) }
    expect(decide(never, over)).toEqual(['stop s in 30000: Stopping container s'])
    expect(statusOf(never, over).phase).toBe('Running')
    const gone = { s: ended(137), main: ended(0) }
    expect(decide(never, gone)).toEqual(['release'])
    expect(statusOf(never, gone).phase).toBe('Succeeded')
    expect(statusOf(never, gone).initContainerStatuses?.[0]?.state?.terminated?.exitCode).toBe(137)
  })

  test('an init container that fails for good ends the sidecars too', () => {
    const never = podOf({ restartPolicy: 'Never', initContainers: [sidecar('s'), container('i')] })
    expect(decide(never, { s: running(), i: ended(1) })).toEqual(['stop s in 30000: Stopping container s'])
    expect(outcomeOf(never, seenWith({ s: running(), i: ended(1) }))).toBe('Failed')
  })

  test('counts for readiness, and for Initialized only until the rest has run (TestGeneratePodInitializedCondition)', () => {
    const own = podOf({ initContainers: [sidecar('s')] })
    const condition = (states: Record<string, ContainerState>, type: string) =>
      statusOf(own, states).conditions?.find(each => each.type === type)
    expect(condition({ s: notStarted }, 'Initialized')).toMatchObject({
      status: 'False',
      reason: 'ContainersNotInitialized',
      message: 'containers with incomplete status: [s]',
    })
    expect(condition({ s: running() }, 'Initialized')?.status).toBe('True')
    expect(condition({ s: notStarted, main: running() }, 'Initialized')?.status).toBe('True')
    expect(condition({ s: notStarted, main: running() }, 'Ready')).toMatchObject({
      status: 'False',
      message: 'containers with unready status: [s]',
    })
    expect(condition({ s: running(), main: running() }, 'Ready')?.status).toBe('True')
  })

  test('phases (TestPodPhaseWithRestartableInitContainers)', () => {
    const own = podOf({ initContainers: [sidecar('s')] })
    const phase = (states: Record<string, ContainerState>) => statusOf(own, states).phase
    expect(phase({})).toBe('Pending')
    expect(phase({ s: notStarted })).toBe('Pending')
    expect(phase({ s: running() })).toBe('Pending')
    expect(phase({ s: running(), main: running() })).toBe('Running')
    expect(phase({ s: ended(1), main: running() })).toBe('Running')
  })
})

describe('the order of ends (TestTerminationOrdering…)', () => {
  const pod = podOf({ initContainers: [sidecar('s1'), sidecar('s2')] }, DELETED)

  test('all are told at once, so that every preStop hook runs', () => {
    expect(decide(pod, { s1: running(), s2: running(), main: running() })).toEqual([
      'stop s1 in 30000: Stopping container s1',
      'stop s2 in 30000: Stopping container s2',
      'stop main in 30000: Stopping container main',
    ])
  })

  test('main containers get TERM first, sidecars in reverse (TestTerminationOrderingSidecarsInReverse)', () => {
    const termed = stopping({ termMs: 0 })
    const all = { s1: stopping(), s2: stopping() }
    expect(decide(pod, { ...all, main: stopping() })).toContain('SIGTERM main')
    expect(decide(pod, { ...all, main: termed })).toEqual(['wake 30000', 'wake 30000', 'wake 30000'])
    expect(decide(pod, { ...all, main: ended(0) })).toEqual(['wake 30000', 'SIGTERM s2'])
    expect(decide(pod, { s1: stopping(), s2: ended(0), main: ended(0) })).toEqual(['SIGTERM s1'])
  })

  test('the grace period is one for all: at its end nobody waits for others (TestTerminationOrderingTimeout)', () => {
    const states = { s1: stopping(), s2: stopping(), main: stopping({ termMs: 0 }) }
    expect(decide(pod, states, 30_000)).toEqual(['SIGTERM s1', 'SIGTERM s2', 'SIGKILL main'])
    const late = { s1: stopping({ termMs: 30_000 }), s2: ended(0), main: ended(0) }
    expect(decide(pod, late, 31_999)).toEqual(['wake 32000'])
    expect(decide(pod, late, 32_000)).toEqual(['SIGKILL s1'])
  })
})

describe('the preStop hook', () => {
  const pod = podOf({}, DELETED)
  test('comes before TERM, and its time counts', () => {
    expect(decide(pod, { main: stopping({ isHookRunning: true }) }, 5_000)).toEqual(['wake 30000'])
    expect(decide(pod, { main: stopping({ isHookRunning: false }) }, 5_000)).toEqual(['SIGTERM main'])
    expect(decide(pod, { main: stopping({ termMs: 5_000 }) }, 29_999)).toEqual(['wake 30000'])
  })
  test('one that takes too long leaves two seconds', () => {
    expect(decide(pod, { main: stopping({ isHookRunning: true }) }, 30_000)).toEqual(['SIGTERM main'])
    expect(decide(pod, { main: stopping({ isHookRunning: true, termMs: 30_000 }) }, 31_000)).toEqual(['wake 32000'])
  })
  test('a shorter deletion cuts the grace that runs', () => {
    const shorter = podOf({}, { ...DELETED, deletionGracePeriodSeconds: 5 })
    expect(decide(shorter, { main: stopping({ termMs: 0 }) }, 5_000)).toEqual(['SIGKILL main'])
  })
  test('a deletion without grace is KILL', () => {
    const forced = podOf({}, { ...DELETED, deletionGracePeriodSeconds: 0 })
    expect(decide(forced, { main: stopping({ isHookRunning: true }) })).toEqual(['SIGKILL main'])
  })
})

describe('a server that may still be sent requests', () => {
  const pod = (declared: Partial<Container>) => podOf({ containers: [container('main', declared)] }, DELETED)
  const ports = [{ containerPort: 80 }]
  test.each<[string, Partial<Container>, Running, string[]]>([
    ['gets TERM a moment after its Services have let go of it', { ports }, stopping(), ['wake 100']],
    ['not if it is not ready anyway', { ports }, { ...stopping(), health: notStarted.health }, ['SIGTERM main']],
    ['not if it listens nowhere', {}, stopping(), ['SIGTERM main']],
    [
      'not if it waits by a hook of its own',
      { ports, lifecycle: { preStop: { sleep: { seconds: 0 } } } },
      stopping({ isHookRunning: false }),
      ['SIGTERM main'],
    ],
  ])('%s', (_, declared, state, due) => {
    expect(decide(pod(declared), { main: state }, 0)).toEqual(due)
    expect(decide(pod(declared), { main: state }, 100)).toEqual(['SIGTERM main'])
  })
})

describe('probes that failed (TestComputePodActions)', () => {
  const failed = (what: 'liveness' | 'startup') =>
    running({ health: { isStarted: what === 'liveness', isReady: false, failed: what } })

  test.each<{ policy: 'Always' | 'OnFailure' | 'Never'; message: string }>([
    { policy: 'Always', message: 'Container main failed liveness probe, will be restarted' },
    { policy: 'OnFailure', message: 'Container main failed liveness probe, will be restarted' },
    { policy: 'Never', message: 'Container main failed liveness probe' },
  ])('$policy: $message', ({ policy, message }) => {
    expect(decide(podOf({ restartPolicy: policy }), { main: failed('liveness') })).toEqual([
      `stop main in 30000: ${message}`,
    ])
  })

  test('startup', () => {
    expect(decide(podOf(), { main: failed('startup') })).toEqual([
      'stop main in 30000: Container main failed startup probe, will be restarted',
    ])
  })

  test('a probe has a grace period of its own (TestKillContainerGracePeriod)', () => {
    const livenessProbe = { tcpSocket: { port: 1 }, terminationGracePeriodSeconds: 3 }
    const pod = podOf({ containers: [container('main', { livenessProbe })] })
    expect(decide(pod, { main: failed('liveness') })[0]).toContain('stop main in 3000')
    expect(decide(pod, { main: running({ stopping: { sinceMs: 0, graceMs: 3_000, termMs: 0 } }) }, 3_000)).toEqual([
      'SIGKILL main',
    ])
  })

  test('a sidecar', () => {
    const pod = podOf({ initContainers: [sidecar('s')] })
    expect(decide(pod, { s: failed('liveness'), main: running() })).toEqual([
      'stop s in 30000: Init container s failed liveness probe',
    ])
  })

  test('a postStart hook that failed is the end of its container', () => {
    expect(decide(podOf(), { main: running({ postStart: 'failed' }) })).toEqual([
      'stop main in 30000: FailedPostStartHook',
    ])
  })
})

test('until its postStart hook is through a container is not running', () => {
  const states = { main: running({ postStart: 'running' }) }
  const status = statusOf(podOf(), states)
  expect(status.phase).toBe('Pending')
  expect(status.containerStatuses?.[0]).toMatchObject({
    ready: false,
    started: false,
    state: { waiting: { reason: 'ContainerCreating' } },
  })
})

describe('readiness gates (TestGeneratePodReadyCondition)', () => {
  const pod = podOf({ readinessGates: [{ conditionType: 'example.com/lb' }] })
  const ready = (conditions: readonly { type: string; status: 'True' | 'False' }[]) =>
    podStatus(pod, seenWith({ main: running() }), { hostIP: 'h', now: 0, nowMs: 0, conditions }).conditions?.find(
      each => each.type === 'Ready',
    )
  test.each([
    {
      given: [],
      status: 'False',
      message: 'corresponding condition of pod readiness gate "example.com/lb" does not exist.',
    },
    {
      given: [{ type: 'example.com/lb', status: 'False' as const }],
      status: 'False',
      message: 'the status of pod readiness gate "example.com/lb" is not "True", but False',
    },
    { given: [{ type: 'example.com/lb', status: 'True' as const }], status: 'True', message: undefined },
  ])('$given: $status', ({ given, status, message }) => {
    expect(ready(given)).toMatchObject({ status, ...(message && { reason: 'ReadinessGatesNotReady', message }) })
  })
})

describe('a restart policy of a container (TestContainerShouldRestart)', () => {
  const rule = (operator: 'In' | 'NotIn', ...values: number[]) => ({
    action: 'Restart' as const,
    exitCodes: { operator, values },
  })
  test.each<[Partial<Container>, 'Always' | 'Never', number, boolean]>([
    [{}, 'Always', 0, true],
    [{ restartPolicy: 'Never' }, 'Always', 1, false],
    [{ restartPolicy: 'OnFailure' }, 'Never', 1, true],
    [{ restartPolicy: 'OnFailure' }, 'Never', 0, false],
    [{ restartPolicy: 'Always' }, 'Never', 0, true],
    [{ restartPolicy: 'Never', restartPolicyRules: [rule('In', 42)] }, 'Never', 42, true],
    [{ restartPolicy: 'Never', restartPolicyRules: [rule('In', 42)] }, 'Never', 1, false],
    [{ restartPolicy: 'Never', restartPolicyRules: [rule('NotIn', 42)] }, 'Never', 1, true],
    [{ restartPolicy: 'OnFailure', restartPolicyRules: [rule('In', 0)] }, 'Never', 0, true],
  ])('%j in a pod with %s, code %i: %s', (declared, restartPolicy, exitCode, expected) => {
    const main = container('main', declared)
    expect(restarts(podOf({ restartPolicy, containers: [main] }), main, 'main', exitCode)).toBe(expected)
  })
})

describe('RestartAllContainers (TestComputePodActionsWithRestartAllContainers)', () => {
  const rules = [{ action: 'RestartAllContainers' as const, exitCodes: { operator: 'In' as const, values: [88] } }]
  const pod = podOf({
    restartPolicy: 'Never',
    initContainers: [container('i'), sidecar('s')],
    containers: [container('main', { restartPolicy: 'Never', restartPolicyRules: rules }), container('other')],
  })
  const ready = { i: ended(0), s: running() }

  test('what still runs is killed first, whatever its grace', () => {
    expect(decide(pod, { ...ready, main: ended(88), other: running() })).toEqual([
      'stop s in 0: Stopping container s',
      'stop other in 0: Stopping container other',
    ])
    const killed = { i: ended(0), s: stopping({ graceMs: 0 }), main: ended(88), other: ended(137) }
    expect(decide(pod, killed)).toEqual(['SIGKILL s'])
  })

  test('then all of it starts over, the first init container first', () => {
    expect(decide(pod, { i: ended(0), s: ended(137), main: ended(88), other: ended(137) })).toEqual(['start-over'])
    const containers = new Map<string, ObservedContainer>(
      ['i', 's', 'main', 'other'].map(name => [name, { life: 0, resetLife: 0, state: { kind: 'waiting' } }]),
    )
    const seen = { ...seenWith({}), containers }
    expect(decidePod(pod, seen, 0)).toMatchObject([{ kind: 'start', container: { name: 'i' } }])
  })

  test('another exit code is left to the policy', () => {
    expect(decide(pod, { ...ready, main: ended(1), other: running() })).toEqual([])
  })
})

test('nothing is pending once a main container has been started', () => {
  const pod = podOf({ initContainers: [container('i')] })
  expect(pendingInit(pod, seenWith({ main: running() }))).toBeUndefined()
})
