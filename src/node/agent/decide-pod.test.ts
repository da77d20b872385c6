/** The decision about a pod: tables for the policies, and random lives of random pods for what must always hold. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Container, Pod } from '../../kube/core.ts'
import type { Action } from './action.ts'
import { afterRestart } from './back-off.ts'
import { decidePod } from './decide-pod.ts'
import {
  type ContainerState,
  type ObservedContainer,
  type ObservedPod,
  outcomeOf,
  type Running,
  type Stopping,
} from './observed.ts'
import { podStatus } from './pod-status.ts'

const container = (name: string): Container => ({ name, command: ['run'] })

const podOf = (spec: Partial<Pod['spec']> = {}, metadata: Pod['metadata'] = {}): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p', namespace: 'default', uid: 'u', ...metadata },
  spec: { containers: [container('main')], ...spec },
})

const ended = (exitCode: number, endedMs = 0): ContainerState => ({
  kind: 'ended',
  endedMs,
  end: { life: 0, exitCode, reason: 'Error', finishedAt: 0 },
})
const running: Running = { kind: 'running', startedAt: 0, health: { isStarted: true, isReady: true } }
const stopping = (what: Partial<Stopping> = {}): Running => ({
  ...running,
  stopping: { sinceMs: 0, graceMs: 5000, ...what },
})
const FACTS = { hostIP: 'h', now: 0, nowMs: 0, conditions: [] }

function seenWith(states: Readonly<Record<string, ContainerState>>, rest: Partial<ObservedPod> = {}): ObservedPod {
  const containers = new Map<string, ObservedContainer>(
    Object.entries(states).map(([name, state]) => [name, { life: 0, state }]),
  )
  return { surroundings: { kind: 'ready', address: '10.0.0.2' }, containers, acceptedMs: 0, acceptedAt: 0, ...rest }
}

const kinds = (actions: readonly Action[]): readonly string[] =>
  actions.map(action =>
    action.kind === 'start'
      ? `start ${action.container.name}`
      : action.kind === 'signal'
        ? `${action.signal} ${action.container}`
        : action.kind === 'stop'
          ? `stop ${action.container} in ${action.graceMs}`
          : action.kind === 'wake'
            ? `wake ${action.atMs}`
            : action.kind,
  )
const decide = (pod: Pod, seen: ObservedPod, nowMs = 0) => kinds(decidePod(pod, seen, nowMs))

test.each([
  { policy: 'Always', exitCode: 0, expected: 'start main' },
  { policy: 'Always', exitCode: 1, expected: 'start main' },
  { policy: 'OnFailure', exitCode: 0, expected: 'release' },
  { policy: 'OnFailure', exitCode: 1, expected: 'start main' },
  { policy: 'Never', exitCode: 0, expected: 'release' },
  { policy: 'Never', exitCode: 1, expected: 'release' },
] as const)('$policy after code $exitCode: $expected', ({ policy, exitCode, expected }) => {
  expect(decide(podOf({ restartPolicy: policy }), seenWith({ main: ended(exitCode) }))).toEqual([expected])
})

test('a container that was added to look inside runs once, holds nothing up, and goes with the others', () => {
  const look = { name: 'look', image: 'busybox' }
  const pod = podOf({ restartPolicy: 'Never', ephemeralContainers: [look], initContainers: [container('init')] })
  const init = ended(0)
  expect(decide(pod, seenWith({ init: running }))).toEqual(['start look'])
  expect(decide(pod, seenWith({ init, main: running, look: ended(1) }))).toEqual([])
  const over = seenWith({ init, main: ended(0), look: running })
  expect(decide(pod, over)).toEqual(['stop look in 30000'])
  expect(podStatus(pod, over, FACTS)).toMatchObject({
    phase: 'Running',
    ephemeralContainerStatuses: [{ name: 'look', ready: false, state: { running: {} } }],
  })
  const gone = seenWith({ init, main: ended(0), look: ended(143) })
  expect(decide(pod, gone)).toEqual(['release'])
  expect(podStatus(pod, gone, FACTS).phase).toBe('Succeeded')
})

test('one that crashed again waits for its back-off', () => {
  const backOff = afterRestart(undefined, 0, 0)
  const containers = new Map([['main', { life: 1, state: ended(1, 500), backOff }]])
  expect(decide(podOf(), { ...seenWith({}), containers }, 600)).toEqual(['wake 10500'])
  expect(decide(podOf(), { ...seenWith({}), containers }, 10_500)).toEqual(['start main'])
})

test('surroundings first, and again when they failed for a while', () => {
  const none = (retryMs?: number) =>
    seenWith({}, { surroundings: { kind: 'none', problem: { reason: 'r', message: 'm', retryMs } } })
  expect(decide(podOf(), seenWith({}, { surroundings: { kind: 'none' } }))).toEqual(['prepare'])
  expect(decide(podOf(), seenWith({}, { surroundings: { kind: 'preparing' } }))).toEqual([])
  expect(decide(podOf(), none(50), 49)).toEqual(['wake 50'])
  expect(decide(podOf(), none(50), 50)).toEqual(['prepare'])
  expect(decide(podOf(), none(), 50)).toEqual([])
})

describe('init containers', () => {
  const pod = (restartPolicy: 'Always' | 'Never') =>
    podOf({ restartPolicy, initContainers: [container('a'), container('b')] })

  test.each([
    [{}, ['start a']],
    [{ a: running }, []],
    [{ a: ended(0) }, ['start b']],
    [{ a: ended(0), b: ended(0) }, ['start main']],
  ])('%j: %j', (states, then) => {
    expect(decide(pod('Always'), seenWith(states as Record<string, ContainerState>))).toEqual(then)
  })

  test('that fail are started again, or end the pod', () => {
    expect(decide(pod('Always'), seenWith({ a: ended(1) }))).toEqual(['start a'])
    expect(decide(pod('Never'), seenWith({ a: ended(1) }))).toEqual(['release'])
    expect(outcomeOf(pod('Never'), seenWith({ a: ended(1) }))).toBe('Failed')
  })
})

describe('the end of a pod', () => {
  const deleted = podOf({}, { deletionTimestamp: 'now', deletionGracePeriodSeconds: 5 })

  test('TERM, then KILL after the grace period, then gone', () => {
    expect(decide(deleted, seenWith({ main: running }), 100)).toEqual(['stop main in 5000'])
    expect(decide(deleted, seenWith({ main: stopping({ sinceMs: 100 }) }), 100)).toEqual(['SIGTERM main'])
    const told = seenWith({ main: stopping({ sinceMs: 100, termMs: 100 }) })
    expect(decide(deleted, told, 5099)).toEqual(['wake 5100'])
    expect(decide(deleted, told, 5100)).toEqual(['SIGKILL main'])
    expect(decide(deleted, seenWith({ main: ended(143) }), 200)).toEqual(['release', 'remove'])
    expect(decide(deleted, seenWith({}, { surroundings: { kind: 'none' } }))).toEqual(['remove'])
  })

  test('waits for what is being started', () => {
    expect(decide(deleted, seenWith({ main: { kind: 'starting' } }), 0)).toEqual([])
    expect(decide(deleted, seenWith({}, { surroundings: { kind: 'preparing' } }))).toEqual([])
  })

  test('its deadline', () => {
    const pod = podOf({ activeDeadlineSeconds: 10, terminationGracePeriodSeconds: 2 })
    expect(decide(pod, seenWith({ main: running }), 0)).toEqual(['wake 10000'])
    expect(decide(pod, seenWith({ main: running }), 10_000)).toEqual(['expire'])
    expect(decide(pod, seenWith({ main: running }, { isOverdue: true }), 10_000)).toEqual(['stop main in 2000'])
    expect(decide(pod, seenWith({ main: ended(143) }, { isOverdue: true }), 10_000)).toEqual(['release'])
  })
})

test('a container without a command is not started, and the others are', () => {
  const pod = podOf({ containers: [{ name: 'x', image: 'i' }, container('main')] })
  expect(decide(pod, seenWith({}))).toEqual(['start main'])
})

/** A world that does what is decided, with luck of its own. */
const policies = fc.constantFrom('Always', 'OnFailure', 'Never')
const pods = fc.record({
  restartPolicy: policies,
  inits: fc.nat({ max: 2 }),
  mains: fc.integer({ min: 1, max: 3 }),
  codes: fc.array(fc.constantFrom(0, 0, 1, 137), { minLength: 1 }),
  deleteAt: fc.option(fc.nat({ max: 40 }), { nil: undefined }),
  deadline: fc.option(fc.integer({ min: 1, max: 100 }), { nil: undefined }),
})

test('in every life: nothing starts twice, out of order or after the end; a settled pod asks for nothing', () => {
  fc.assert(
    fc.property(pods, ({ restartPolicy, inits, mains, codes, deleteAt, deadline }) => {
      const names = (prefix: string, n: number) => Array.from({ length: n }, (_, i) => container(`${prefix}${i}`))
      let pod = podOf({
        restartPolicy,
        activeDeadlineSeconds: deadline,
        terminationGracePeriodSeconds: 1,
        initContainers: names('init', inits),
        containers: names('main', mains),
      })
      const containers = new Map<string, ObservedContainer>()
      let seen: ObservedPod = { ...seenWith({}), surroundings: { kind: 'none' }, containers }
      let nowMs = 0
      let lastPhase: string | undefined
      for (let step = 0; step < 80; step++) {
        if (step === deleteAt)
          pod = { ...pod, metadata: { ...pod.metadata, deletionTimestamp: 'now', deletionGracePeriodSeconds: 1 } }
        let wakeMs: number | undefined
        const actions = decidePod(pod, seen, nowMs)
        for (const action of actions) {
          switch (action.kind) {
            case 'prepare':
              expect(seen.surroundings.kind).toBe('none')
              seen = { ...seen, surroundings: { kind: 'ready', address: 'a' } }
              break
            case 'start': {
              const { name } = action.container
              const before = containers.get(name)
              expect(before?.state.kind).not.toBe('running')
              expect(pod.metadata.deletionTimestamp ?? seen.isOverdue).toBeUndefined()
              const earlier = [...containers].filter(([each]) => each.startsWith('init') && each < name)
              expect(earlier.every(([, { state }]) => state.kind === 'ended' && state.end.exitCode === 0)).toBe(true)
              const backOff =
                before?.state.kind === 'ended' ? afterRestart(before.backOff, before.state.endedMs, nowMs) : undefined
              containers.set(name, { life: (before?.life ?? -1) + 1, state: running, backOff })
              break
            }
            case 'stop': {
              const present = containers.get(action.container)!
              containers.set(action.container, {
                ...present,
                state: stopping({ sinceMs: nowMs, graceMs: action.graceMs }),
              })
              break
            }
            case 'signal': {
              const present = containers.get(action.container)!
              const { state } = present
              if (state.kind !== 'running' || !state.stopping) throw new Error('a signal before its time')
              const termed = { ...state, stopping: { ...state.stopping, termMs: nowMs } }
              containers.set(action.container, {
                ...present,
                state: action.signal === 'SIGKILL' ? ended(137, nowMs) : termed,
              })
              break
            }
            case 'release':
              expect([...containers.values()].every(({ state }) => state.kind !== 'running')).toBe(true)
              seen = { ...seen, surroundings: { kind: 'released' } }
              break
            case 'expire':
              seen = { ...seen, isOverdue: true }
              break
            case 'remove':
              seen = { ...seen, isRemoved: true }
              break
            case 'wake':
              expect(action.atMs).toBeGreaterThan(nowMs)
              wakeMs = Math.min(wakeMs ?? action.atMs, action.atMs)
          }
        }
        const { phase } = podStatus(pod, seen, { hostIP: 'h', now: 0, nowMs, conditions: [] })
        if (lastPhase === 'Succeeded' || lastPhase === 'Failed') {
          if (deleteAt === undefined) expect(phase).toBe(lastPhase)
          expect(decidePod(pod, seen, nowMs).filter(({ kind }) => kind !== 'remove')).toEqual([])
        }
        lastPhase = actions.length === 0 ? phase : undefined
        // One that runs ends, or time passes.
        const alive = [...containers].find(([, { state }]) => state.kind === 'running' && !state.stopping)
        if (alive) containers.set(alive[0], { ...alive[1], state: ended(codes[step % codes.length]!, nowMs) })
        nowMs = wakeMs !== undefined && !alive ? wakeMs : nowMs + 10
      }
    }),
  )
})
