import { describe, expect, test } from 'vitest'
import type { Container, Pod } from '../../kube/core.ts'
import { afterRestart } from './back-off.ts'
import type { ContainerState, ObservedContainer, ObservedPod } from './observed.ts'
import { podStatus } from './pod-status.ts'
import { qosClassOf } from './qos-class.ts'

const container = (name: string): Container => ({ name, command: ['run'] })
const podOf = (spec: Partial<Pod['spec']> = {}, metadata: Pod['metadata'] = {}): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p', namespace: 'default', uid: 'u', ...metadata },
  spec: { containers: [container('main')], ...spec },
})

const running: ContainerState = { kind: 'running', startedAt: 0, health: { isStarted: true, isReady: true } }
const ended = (exitCode: number, life = 0): ContainerState => ({
  kind: 'ended',
  endedMs: 0,
  end: { life, exitCode, reason: exitCode === 0 ? 'Completed' : 'Error', startedAt: 0, finishedAt: 5000 },
})

function seenWith(
  containers: Readonly<Record<string, ObservedContainer>>,
  rest: Partial<ObservedPod> = {},
): ObservedPod {
  return {
    surroundings: { kind: 'ready', address: '10.0.0.2' },
    containers: new Map(Object.entries(containers)),
    acceptedMs: 0,
    acceptedAt: 0,
    ...rest,
  }
}

const at = (life: number, state: ContainerState): ObservedContainer => ({ life, state })
const status = (pod: Pod, seen: ObservedPod, nowMs = 0) =>
  podStatus(pod, seen, { hostIP: '10.0.0.1', now: 9000, nowMs, conditions: pod.status?.conditions ?? [] })

describe('phase', () => {
  const two = { containers: [container('a'), container('b')] }
  test.each([
    ['nothing started', {}, {}, 'Pending'],
    ['one is being started', {}, { main: at(0, { kind: 'starting' }) }, 'Pending'],
    ['one runs', {}, { main: at(0, running) }, 'Running'],
    ['one of two runs', two, { a: at(0, running) }, 'Pending'],
    ['one of two ended', { ...two, restartPolicy: 'Never' }, { a: at(0, ended(1)), b: at(0, running) }, 'Running'],
    ['both ended, one badly', { ...two, restartPolicy: 'Never' }, { a: at(0, ended(1)), b: at(0, ended(0)) }, 'Failed'],
    ['it will be restarted', { restartPolicy: 'OnFailure' }, { main: at(0, ended(1)) }, 'Running'],
    ['it is being restarted', {}, { main: at(1, { kind: 'starting' }) }, 'Running'],
    ['init runs', { initContainers: [container('i')] }, { i: at(0, running) }, 'Pending'],
  ] as const)('%s: %4$s', (_, spec, containers, phase) => {
    expect(status(podOf(spec), seenWith(containers)).phase).toBe(phase)
  })

  test('deleted before it started, or overdue: Failed', () => {
    expect(
      status(podOf({}, { deletionTimestamp: 'now' }), seenWith({}, { surroundings: { kind: 'none' } })).phase,
    ).toBe('Failed')
    const overdue = status(podOf(), seenWith({ main: at(0, ended(143)) }, { isOverdue: true }))
    expect(overdue).toMatchObject({ phase: 'Failed', reason: 'DeadlineExceeded' })
  })
})

test('a running pod, whole', () => {
  expect(status(podOf(), seenWith({ main: at(0, running) }))).toEqual({
    phase: 'Running',
    conditions: ['PodScheduled', 'Initialized', 'ContainersReady', 'Ready'].map(type => ({
      type,
      status: 'True',
      lastProbeTime: null,
      lastTransitionTime: '1970-01-01T00:00:09Z',
    })),
    hostIP: '10.0.0.1',
    podIP: '10.0.0.2',
    podIPs: [{ ip: '10.0.0.2' }],
    startTime: '1970-01-01T00:00:00Z',
    containerStatuses: [
      {
        name: 'main',
        image: '',
        imageID: '',
        state: { running: { startedAt: '1970-01-01T00:00:00Z' } },
        lastState: {},
        ready: true,
        started: true,
        restartCount: 0,
        containerID: 'solvent://u/main/0',
      },
    ],
    qosClass: 'BestEffort',
  })
})

test('between two lives: CrashLoopBackOff, and the end before', () => {
  const backOff = afterRestart({ delayMs: 80_000, updatedMs: 0 }, 0, 0)
  const seen = seenWith({ main: { life: 5, state: ended(3, 5), backOff } })
  expect(status(podOf(), seen).containerStatuses?.[0]).toMatchObject({
    restartCount: 5,
    ready: false,
    state: {
      waiting: {
        reason: 'CrashLoopBackOff',
        message: 'back-off 2m40s restarting failed container=main pod=p_default(u)',
      },
    },
    lastState: { terminated: { exitCode: 3, finishedAt: '1970-01-01T00:00:05Z', containerID: 'solvent://u/main/5' } },
  })
})

test('conditions of others stay, and an unchanged one keeps its time', () => {
  const conditions = [
    { type: 'DisruptionTarget', status: 'True' as const },
    { type: 'Ready', status: 'True' as const, lastTransitionTime: 'then' },
  ]
  const pod = { ...podOf(), status: { conditions } }
  const found = status(pod, seenWith({ main: at(0, running) })).conditions
  expect(found?.[0]).toEqual(conditions[0])
  expect(found?.find(({ type }) => type === 'Ready')?.lastTransitionTime).toBe('then')
  const unready = status(pod, seenWith({ main: at(0, { kind: 'starting' }) })).conditions
  expect(unready?.find(({ type }) => type === 'Ready')).toMatchObject({
    status: 'False',
    reason: 'ContainersNotReady',
    message: 'containers with unready status: [main]',
    lastTransitionTime: '1970-01-01T00:00:09Z',
  })
})

test.each([
  [[{}], 'BestEffort'],
  [[{ requests: { cpu: '0' } }], 'BestEffort'],
  [[{ requests: { cpu: '1' } }], 'Burstable'],
  [[{ limits: { cpu: '1', memory: '1Gi' } }], 'Guaranteed'],
  [[{ requests: { cpu: '1000m', memory: '1024Mi' }, limits: { cpu: '1', memory: '1Gi' } }], 'Guaranteed'],
  [[{ limits: { cpu: '1', memory: '1Gi' } }, {}], 'Burstable'],
])('quality of service of %j: %s', (resources, expected) => {
  const containers = resources.map((each, i) => ({ ...container(`c${i}`), resources: each as Container['resources'] }))
  expect(qosClassOf(podOf({ containers }))).toBe(expected)
})
