/** Leader election over a Lease: the cases of client-go's leaderelection_test.go that carry over, with a clock that stands still. */
import { expect, test } from 'vitest'
import { formatMicroTime } from '../base/clock.ts'
import type { KubeObject } from '../kube/object.ts'
import { apiError } from '../kube/status.ts'
import type { Lease } from '../kube/workloads.ts'
import type { KubeApi } from './kube-api.ts'
import { type LeaderElection, nextRecord, runForLeader } from './leader-election.ts'
import { createManualClock, type ManualClock } from './manual-clock.ts'

const WANTED = { identity: 'baz', leaseDurationMs: 15_000 }
const leaseOf = (spec: NonNullable<Lease['spec']>): Lease => ({
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  metadata: { name: 'l', namespace: 'n', resourceVersion: '1' },
  spec,
})

/** testTryAcquireOrRenew of client-go: `outHolder` is who holds it afterwards. */
test.each([
  ['acquire from no object', undefined, 0, 'baz', 0],
  ['acquire from an object without a holder', { holderIdentity: '' }, 0, 'baz', 1],
  [
    'acquire from led object with the lease duration seconds',
    { holderIdentity: 'bing', leaseDurationSeconds: 5 },
    5_000,
    'baz',
    1,
  ],
  ['acquire from unled object', { holderIdentity: '', leaseTransitions: 3 }, 0, 'baz', 4],
  ['acquire from led, unacked object', { holderIdentity: 'bing', leaseDurationSeconds: 15 }, 15_000, 'baz', 1],
  ["don't acquire from led, acked object", { holderIdentity: 'bing', leaseDurationSeconds: 15 }, 14_999, undefined, 0],
  ['renew already acquired object', { holderIdentity: 'baz', leaseTransitions: 2 }, 20_000, 'baz', 2],
])('%s', (_case, spec, stoodStillMs, holder, transitions) => {
  const observed = spec && { lease: leaseOf(spec), sinceMs: 1000 }
  const next = nextRecord(observed, WANTED, { at: 0, monotonicMs: 1000 + stoodStillMs })
  expect(next?.holderIdentity).toBe(holder)
  if (next) expect(next.leaseTransitions).toBe(transitions)
})

test('a renewal keeps the time of acquisition', () => {
  const held = leaseOf({ holderIdentity: 'baz', acquireTime: 'then' })
  expect(nextRecord({ lease: held, sinceMs: 0 }, WANTED, { at: 5, monotonicMs: 5 })).toEqual({
    holderIdentity: 'baz',
    leaseDurationSeconds: 15,
    acquireTime: 'then',
    renewTime: formatMicroTime(5),
    leaseTransitions: 0,
  })
})

/** One Lease, with the server's rule about versions. */
function board() {
  let lease: Lease | undefined
  let version = 0
  let isAway = false
  const reach = (): void => {
    if (isAway) throw new Error('connect ECONNREFUSED')
  }
  const put = (object: KubeObject | Lease): Lease => {
    lease = { ...(object as Lease), metadata: { ...object.metadata, resourceVersion: String(++version) } }
    return lease
  }
  const api = {
    async get() {
      reach()
      if (!lease) throw apiError('NotFound', 'no lease')
      return lease
    },
    async create(object: KubeObject) {
      reach()
      if (lease) throw apiError('AlreadyExists', 'is there')
      return put(object)
    },
    async update(object: KubeObject) {
      reach()
      if (object.metadata.resourceVersion !== lease?.metadata.resourceVersion) throw apiError('Conflict', 'changed')
      return put(object)
    },
  } as unknown as KubeApi
  return {
    api,
    put,
    get lease() {
      return lease
    },
    setAway: (away: boolean) => {
      isAway = away
    },
  }
}

const settle = async (): Promise<void> => {
  for (let i = 0; i < 20; i++) await Promise.resolve()
}

async function pass(clock: ManualClock, seconds: number): Promise<void> {
  for (let i = 0; i < seconds * 2; i++) {
    clock.advance(500)
    await settle()
  }
}

function candidate(on: ReturnType<typeof board>, clock: ManualClock, identity: string, told: string[]): LeaderElection {
  return runForLeader({
    api: on.api,
    clock,
    namespace: 'kube-system',
    name: 'l',
    identity,
    onStarted: () => told.push(`${identity} leads`),
    onStopped: () => told.push(`${identity} stops`),
  })
}

test('one leads; when it gives the Lease back the other follows at once, and when it is gone after its duration', async () => {
  const [on, clock, told] = [board(), createManualClock(), [] as string[]]
  const first = candidate(on, clock, 'a', told)
  await settle()
  const second = candidate(on, clock, 'b', told)
  await pass(clock, 60)
  expect(told).toEqual(['a leads'])
  await first.stop()
  expect(on.lease?.spec).toMatchObject({ holderIdentity: '', leaseDurationSeconds: 1 })
  await pass(clock, 3)
  expect(told).toEqual(['a leads', 'b leads'])
  expect(on.lease?.spec?.leaseTransitions).toBe(1)
  await second.stop()
})

test('a holder that is killed is followed after its duration; one that comes back under its name goes on at once', async () => {
  const [on, clock, told] = [board(), createManualClock(), [] as string[]]
  on.put({ ...leaseOf({ holderIdentity: 'a', leaseDurationSeconds: 15 }), metadata: { namespace: 'n', name: 'l' } })
  const other = candidate(on, clock, 'b', told)
  await pass(clock, 14)
  expect(told).toEqual([])
  await pass(clock, 4)
  expect(told).toEqual(['b leads'])
  await other.stop()
  on.put({ ...on.lease!, spec: { holderIdentity: 'a', leaseDurationSeconds: 15 } })
  const again = candidate(on, clock, 'a', told)
  await settle()
  expect(told).toEqual(['b leads', 'a leads'])
  await again.stop()
})

test('a holder that cannot renew stops before others may follow', async () => {
  const [on, clock, told] = [board(), createManualClock(), [] as string[]]
  const only = candidate(on, clock, 'a', told)
  await settle()
  on.setAway(true)
  await pass(clock, 9)
  expect(told).toEqual(['a leads'])
  await pass(clock, 4)
  expect(told).toEqual(['a leads', 'a stops'])
  on.setAway(false)
  await pass(clock, 3)
  expect(told).toEqual(['a leads', 'a stops', 'a leads'])
  await only.stop()
})

test('a holder whose Lease another one has taken stops at its next look', async () => {
  const [on, clock, told] = [board(), createManualClock(), [] as string[]]
  const only = candidate(on, clock, 'a', told)
  await settle()
  on.put({ ...on.lease!, spec: { holderIdentity: 'x', leaseDurationSeconds: 15 } })
  await pass(clock, 3)
  expect(told).toEqual(['a leads', 'a stops'])
  await only.stop()
  expect(on.lease?.spec?.holderIdentity).toBe('x')
})
