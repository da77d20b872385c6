/** Scale from zero and to zero, with real connections and a clock of the test's own. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { EventRecorder } from '../../client/events.ts'
import type { KubeApi } from '../../client/kube-api.ts'
import { createManualClock } from '../../client/manual-clock.ts'
import type { Service } from '../../kube/core.ts'
import type { Backend, Forwarding } from '../services/forwarding.ts'
import { type Activator, createActivator } from './activator.ts'
import { activityAfter, isIdle, scaledServices } from './scaled-service.ts'

const KEY = 'tcp/80/ns/web'
const serviceOf = (annotations: Readonly<Record<string, string>>): Service => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { namespace: 'ns', name: 'web', annotations },
  spec: { clusterIP: '10.0.0.1', ports: [{ port: 80 }] },
})
const FROM_ZERO = { 'solvent.dev/scale-from-zero': 'Deployment/web' }

test.each([
  [FROM_ZERO, { kind: 'Deployment', namespace: 'ns', name: 'web' }],
  [{ 'solvent.dev/scale-from-zero': 'StatefulSet/db' }, { kind: 'StatefulSet', namespace: 'ns', name: 'db' }],
])('%o is understood', (annotations, target) => {
  expect(scaledServices([serviceOf(annotations)])).toMatchObject({
    scaled: [{ target, keys: [KEY] }],
    misunderstood: [],
  })
})

test.each([
  [
    { 'solvent.dev/scale-from-zero': 'web' },
    'solvent.dev/scale-from-zero: web must be KIND/NAME with one of Deployment, ReplicaSet, StatefulSet',
  ],
  [
    { 'solvent.dev/scale-from-zero': 'Job/web' },
    'solvent.dev/scale-from-zero: Job/web must be KIND/NAME with one of Deployment, ReplicaSet, StatefulSet',
  ],
  [
    { ...FROM_ZERO, 'solvent.dev/scale-to-zero-after': 'soon' },
    'solvent.dev/scale-to-zero-after: soon must be a number of seconds above 0',
  ],
])('%o is not, and that is said', (annotations, message) => {
  expect(scaledServices([serviceOf(annotations)])).toMatchObject({ scaled: [], misunderstood: [{ message }] })
})

test('silence is counted from the last change, and begins anew for who is busy or new', () => {
  const at = (before: Parameters<typeof activityAfter>[0], count: number, now: number, busy: readonly string[] = []) =>
    activityAfter(before, new Map([['d', count]]), new Set(busy), now)
  const first = at(new Map(), 5, 0)
  const silent = at(first, 5, 10)
  expect(silent.get('d')).toEqual({ count: 5, sinceMs: 0 })
  expect(isIdle(silent.get('d'), 10, 10)).toBe(true)
  expect(at(silent, 6, 20).get('d')).toEqual({ count: 6, sinceMs: 20 })
  expect(at(silent, 5, 20, ['d']).get('d')).toEqual({ count: 5, sinceMs: 20 })
  expect(isIdle(undefined, 10, 99)).toBe(false)
})

let replicas: number
let patched: (() => void)[]
let traffic: number
let told: string[]
let activator: Activator
let server: Server
let clock: ReturnType<typeof createManualClock>
const sockets: Socket[] = []

const api = {
  get: async () => ({ spec: { replicas } }),
  patch: async (_ref: unknown, _type: unknown, { spec }: { spec: { replicas: number } }) => {
    replicas = spec.replicas
    for (const act of patched.splice(0)) act()
  },
} as unknown as KubeApi
const events = { event: (_about, _type, reason, message) => void told.push(`${reason}: ${message}`) } as EventRecorder

beforeEach(async () => {
  replicas = 0
  patched = []
  traffic = 0
  told = []
  clock = createManualClock()
  server = createServer(socket => {
    sockets.push(socket)
    socket.on('error', () => {})
    socket.write('hello')
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const options = { api, clock, events, address: '127.0.0.1', log: () => {} }
  activator = createActivator({ ...options, traffic: async () => new Map([[KEY, traffic]]) })
})
afterEach(() => {
  activator.close()
  for (const socket of sockets.splice(0)) socket.destroy()
  server.close()
})

const serving = (backends: readonly Backend[]): Forwarding => ({
  key: KEY,
  protocol: 'tcp',
  addresses: ['10.0.0.1'],
  port: 80,
  backends,
  isLocalOnly: false,
  isMetered: true,
})
const there = (): Backend => ({ address: '127.0.0.1', port: (server.address() as AddressInfo).port })
const scaled = (): Promise<void> => new Promise(resolve => patched.push(resolve))

function visit(): Socket {
  const place = activator.activations().get(KEY)!
  const socket = connect({ host: place.address, port: place.port })
  sockets.push(socket)
  return socket
}

/** Time, and whatever it sets off. */
async function pass(ms: number): Promise<void> {
  clock.advance(ms)
  await new Promise(resume => setImmediate(resume))
}

test('the first connection scales to one, and all that wait are joined with who comes', async () => {
  await activator.follow([serviceOf(FROM_ZERO)])
  activator.serve([serving([])])
  const up = scaled()
  const visitors = [visit(), visit()]
  const heard = visitors.map(visitor => once(visitor, 'data'))
  await up
  expect(replicas).toBe(1)
  activator.serve([serving([there()])])
  expect((await Promise.all(heard)).map(String)).toEqual(['hello', 'hello'])
})

test('a target that is not there is told, and nobody waits for ever', async () => {
  const failing = {
    ...api,
    get: async () => Promise.reject(new Error('deployments.apps "web" not found')),
  } as unknown as KubeApi
  activator.close()
  activator = createActivator({
    api: failing,
    clock,
    events,
    address: '127.0.0.1',
    traffic: async () => new Map(),
    log: () => {},
  })
  await activator.follow([serviceOf(FROM_ZERO)])
  activator.serve([serving([])])
  const visitor = visit()
  await once(visitor, 'connect')
  while (told.length === 0) await new Promise(resume => setImmediate(resume))
  expect(told).toEqual(['FailedToScale: cannot scale Deployment web from zero: deployments.apps "web" not found'])
  const ended = once(visitor, 'error')
  await pass(60_000)
  expect(((await ended) as [NodeJS.ErrnoException])[0].code).toBe('ECONNRESET')
})

test('without traffic for as long as it says it is scaled to none, and with traffic it is not', async () => {
  await activator.follow([serviceOf({ ...FROM_ZERO, 'solvent.dev/scale-to-zero-after': '8' })])
  activator.serve([serving([there()])])
  replicas = 3
  for (let i = 0; i < 6; i++) {
    traffic++
    await pass(2_000)
  }
  expect(replicas).toBe(3)
  const down = scaled()
  for (let i = 0; i < 6; i++) await pass(2_000)
  await down
  expect(replicas).toBe(0)
})
