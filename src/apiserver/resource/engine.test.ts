/** The engine through KubeApi in process: what an object goes through from its creation to its end. */
import { generateKeyPairSync } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { KubeApi, WatchOptions } from '../../client/kube-api.ts'
import { createManualClock } from '../../client/manual-clock.ts'
import { INITIAL_EVENTS_END } from '../../kube/names.ts'
import type { KubeObject, UnknownObject, WatchEvent } from '../../kube/object.ts'
import { isApiError, type StatusReason } from '../../kube/status.ts'
import { type ApiServer, createApiServer } from '../server.ts'
import { memoryStore } from '../store/open-store.ts'
import type { Store } from '../store/store.ts'

let store: Store
let server: ApiServer
let api: KubeApi
let clock: ReturnType<typeof createManualClock>

const serviceAccountKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
const pki = { serverKey: '', serverCertificate: '', adminToken: 'secret', serviceAccountKey }

beforeEach(async () => {
  store = memoryStore({ historyEvents: 100 })
  clock = createManualClock()
  server = createApiServer({ store, clock, pki })
  api = server.api
  await api.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'default' } })
  await api.create({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default', namespace: 'default' } })
})
afterEach(async () => {
  await server.close()
  await store.close()
})

const object = (apiVersion: string, kind: string, name: string, rest: object = {}): UnknownObject =>
  ({ apiVersion, kind, metadata: { name, namespace: 'default' }, ...rest }) as UnknownObject
const settings = (name: string, data: object = {}, metadata: object = {}): UnknownObject => {
  const plain = object('v1', 'ConfigMap', name, { data })
  return { ...plain, metadata: { ...plain.metadata, ...metadata } }
}
const ref = (kind: string, name: string, apiVersion = 'v1') => ({ apiVersion, kind, namespace: 'default', name })
const pod = (name: string, spec: object = {}) =>
  object('v1', 'Pod', name, { spec: { containers: [{ name: 'c', command: ['x'] }], ...spec } })
const deployment = (name: string, replicas = 1) =>
  object('apps/v1', 'Deployment', name, {
    spec: {
      replicas,
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'c', image: 'i' }] } },
    },
  })

async function refusal(attempt: Promise<unknown>): Promise<{ reason: StatusReason | undefined; message: string }> {
  const error = await attempt.then(
    () => undefined,
    error => error,
  )
  if (!isApiError(error)) throw new Error(`expected a refusal, got ${error}`)
  return { reason: error.reason, message: error.message }
}

/** Collects events until one satisfies. */
async function watchUntil(
  collection: { apiVersion: string; kind: string; namespace?: string },
  options: WatchOptions,
  isLast: (events: readonly WatchEvent[]) => boolean,
): Promise<string[]> {
  const events: WatchEvent[] = []
  for await (const event of api.watch(collection, options)) {
    events.push(event)
    if (isLast(events)) break
  }
  return events.map(({ type, object: { metadata } }) => `${type} ${metadata.name ?? ''}`.trim())
}
/** What was started has got as far as it can. */
const settled = () => new Promise(resolve => setImmediate(resolve))
const CONFIG_MAPS = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'default' }

describe('creating', () => {
  test('gives an identity that the client cannot choose', async () => {
    const given = settings('a', { k: 'v' }, { uid: 'mine', generation: 7, creationTimestamp: '1999-01-01T00:00:00Z' })
    const { metadata } = await api.create(given)
    expect(metadata.uid).toMatch(/^[0-9a-f-]{36}$/)
    expect(metadata.creationTimestamp).not.toBe('1999-01-01T00:00:00Z')
    expect(metadata.generation).toBeUndefined()
    expect(Number(metadata.resourceVersion)).toBe(store.revision)
  })

  test('a generated name has five letters behind its base', async () => {
    const made = await api.create(settings('', {}, { name: undefined, generateName: 'run-' }))
    expect(made.metadata.name).toMatch(/^run-[bcdfghjklmnpqrstvwxz2456789]{5}$/)
  })

  test('objects that come back are frozen', async () => {
    const made = await api.create(settings('a', { k: 'v' }))
    expect(Object.isFrozen(made) && Object.isFrozen(made.metadata)).toBe(true)
    expect(await api.get(ref('ConfigMap', 'a'))).toBe(made)
  })

  test.each<[string, KubeObject, StatusReason, string]>([
    [
      'a version',
      settings('a', {}, { resourceVersion: '1' }),
      'BadRequest',
      'resourceVersion should not be set on objects to be created',
    ],
    [
      'a bad name',
      settings('A_b'),
      'Invalid',
      'metadata.name: Invalid value: "A_b": a lowercase RFC 1123 subdomain must consist',
    ],
    ['no name', settings(''), 'Invalid', 'metadata.name: Required value: name or generateName is required'],
    [
      'a namespace that is not there',
      settings('a', {}, { namespace: 'nowhere' }),
      'NotFound',
      'namespaces "nowhere" not found',
    ],
    [
      'a bad label',
      settings('a', {}, { labels: { 'a b': 'c' } }),
      'Invalid',
      'metadata.labels: Invalid value: "a b": name part must consist',
    ],
    ['an unknown kind', object('v1', 'Nothing', 'a'), 'NotFound', 'the server could not find the requested resource'],
    [
      'a pod of a missing account',
      pod('p', { serviceAccountName: 'robot' }),
      'Forbidden',
      'pods "p" is forbidden: error looking up service account default/robot: serviceaccount "robot" not found',
    ],
    [
      'a pod of a missing priority',
      pod('p', { priorityClassName: 'high' }),
      'Forbidden',
      'no PriorityClass with name high was found',
    ],
  ])('%s is refused', async (_, given, reason, message) => {
    expect(await refusal(api.create(given))).toEqual({ reason, message: expect.stringContaining(message) })
  })

  test('a taken name is refused', async () => {
    await api.create(settings('a'))
    expect(await refusal(api.create(settings('a')))).toEqual({
      reason: 'AlreadyExists',
      message: 'configmaps "a" already exists',
    })
  })

  test('a dry run answers and leaves nothing', async () => {
    const { revision } = store
    const made = await api.create(settings('a'), { dryRun: true })
    expect(made.metadata.uid).toBeDefined()
    expect(store.revision).toBe(revision)
    expect((await refusal(api.get(ref('ConfigMap', 'a')))).reason).toBe('NotFound')
  })
})

describe('updating', () => {
  test('a stale version conflicts, in the words that clients look for', async () => {
    const first = await api.create(settings('a', { n: '1' }))
    await api.update({ ...first, data: { n: '2' } } as UnknownObject)
    expect(await refusal(api.update({ ...first, data: { n: '3' } } as UnknownObject))).toEqual({
      reason: 'Conflict',
      message:
        'Operation cannot be fulfilled on configmaps "a": the object has been modified; please apply your changes to the latest version and try again',
    })
  })

  test('another uid conflicts', async () => {
    await api.create(settings('a'))
    expect((await refusal(api.update(settings('a', {}, { uid: 'other' })))).message).toContain(
      'Precondition failed: UID in precondition: other',
    )
  })

  test('what changes nothing takes no version', async () => {
    const first = await api.create(settings('a', { n: '1' }))
    const { revision } = store
    expect(await api.update(settings('a', { n: '1' }))).toBe(first)
    expect(await api.patch(ref('ConfigMap', 'a'), 'merge', { data: { n: '1' } })).toBe(first)
    expect(store.revision).toBe(revision)
  })

  test('the generation counts changes of the spec, and only those', async () => {
    const made = await api.create<UnknownObject>(deployment('web'))
    expect(made.metadata.generation).toBe(1)
    const at = ref('Deployment', 'web', 'apps/v1')
    const labelled = await api.patch(at, 'merge', { metadata: { labels: { a: 'b' } } })
    expect(labelled.metadata.generation).toBe(1)
    const reported = await api.patch(at, 'merge', { status: { replicas: 1 } }, { subresource: 'status' })
    expect(reported.metadata.generation).toBe(1)
    const scaled = await api.patch(at, 'merge', { spec: { replicas: 3 } })
    expect(scaled.metadata.generation).toBe(2)
  })

  test('spec and status are written apart', async () => {
    await api.create({ ...deployment('web'), status: { replicas: 9 } } as UnknownObject)
    const at = ref('Deployment', 'web', 'apps/v1')
    expect((await api.get(at)).status).toEqual({})
    const status = await api.patch(
      at,
      'merge',
      { spec: { replicas: 7 }, status: { replicas: 1 } },
      { subresource: 'status' },
    )
    expect(status).toMatchObject({ spec: { replicas: 1 }, status: { replicas: 1 } })
    const spec = await api.patch(at, 'merge', { spec: { replicas: 7 }, status: { replicas: 5 } })
    expect(spec).toMatchObject({ spec: { replicas: 7 }, status: { replicas: 1 } })
  })

  test('identity stays what it is', async () => {
    const first = await api.create(settings('a'))
    const next = await api.patch(ref('ConfigMap', 'a'), 'merge', {
      metadata: {
        creationTimestamp: '1999-01-01T00:00:00Z',
        generation: 9,
        deletionTimestamp: '1999-01-01T00:00:00Z',
        labels: { x: 'y' },
      },
    })
    expect(next.metadata).toMatchObject({
      uid: first.metadata.uid,
      creationTimestamp: first.metadata.creationTimestamp,
    })
    expect(next.metadata.deletionTimestamp).toBeUndefined()
  })

  test('an immutable ConfigMap stays as it is', async () => {
    await api.create({ ...settings('a', { n: '1' }), immutable: true } as UnknownObject)
    const { message } = await refusal(api.patch(ref('ConfigMap', 'a'), 'merge', { data: { n: '2' } }))
    expect(message).toBe('ConfigMap "a" is invalid: data: Forbidden: field is immutable when `immutable` is set')
    await api.patch(ref('ConfigMap', 'a'), 'merge', { metadata: { labels: { ok: 'yes' } } })
  })

  test('scale changes the replicas and nothing else', async () => {
    await api.create(deployment('web'))
    const at = ref('Deployment', 'web', 'apps/v1')
    const scale = await api.patch(at, 'merge', { spec: { replicas: 4 } }, { subresource: 'scale' })
    expect(scale).toMatchObject({ kind: 'Scale', spec: { replicas: 4 }, status: { replicas: 0, selector: 'app=web' } })
    expect(await api.get(at)).toMatchObject({
      kind: 'Deployment',
      spec: { replicas: 4, selector: { matchLabels: { app: 'web' } } },
    })
  })

  test('owners of fields are kept, and apply conflicts with them', async () => {
    const applied = await api.apply(settings('a', { n: '1' }), { fieldManager: 'first' })
    expect(applied.metadata.managedFields).toMatchObject([{ manager: 'first', operation: 'Apply' }])
    const { message } = await refusal(api.apply(settings('a', { n: '2' }), { fieldManager: 'second' }))
    expect(message).toContain('conflict with "first": .data.n')
    const forced = await api.apply(settings('a', { n: '2' }), { fieldManager: 'second', force: true })
    expect(forced.data).toEqual({ n: '2' })
    expect(await api.apply(settings('a', { n: '2' }), { fieldManager: 'second' })).toBe(forced)
  })
})

describe('deleting', () => {
  test('what nothing holds is gone at once', async () => {
    await api.create(settings('a'))
    await api.delete(ref('ConfigMap', 'a'))
    expect((await refusal(api.get(ref('ConfigMap', 'a')))).reason).toBe('NotFound')
  })

  test('a finalizer holds the object until it is taken away', async () => {
    await api.create(settings('a', {}, { finalizers: ['example.com/hold'] }))
    await api.delete(ref('ConfigMap', 'a'))
    expect((await api.get(ref('ConfigMap', 'a'))).metadata.deletionTimestamp).toBeDefined()
    const { message } = await refusal(
      api.patch(ref('ConfigMap', 'a'), 'merge', { metadata: { finalizers: ['example.com/hold', 'example.com/more'] } }),
    )
    expect(message).toContain(
      'metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted',
    )
    await api.patch(ref('ConfigMap', 'a'), 'merge', { metadata: { finalizers: null } })
    expect((await refusal(api.get(ref('ConfigMap', 'a')))).reason).toBe('NotFound')
  })

  test.each([
    ['Foreground', 'foregroundDeletion'],
    ['Orphan', 'orphan'],
  ] as const)('%s leaves the rest to the garbage collector', async (propagationPolicy, finalizer) => {
    await api.create(deployment('web'))
    const at = ref('Deployment', 'web', 'apps/v1')
    await api.delete(at, { propagationPolicy })
    expect((await api.get(at)).metadata).toMatchObject({ finalizers: [finalizer], generation: 2 })
  })

  test('a pod on a node gets its time, and less when asked again', async () => {
    await api.create(pod('p', { terminationGracePeriodSeconds: 20, nodeName: 'n' }))
    await api.delete(ref('Pod', 'p'))
    expect((await api.get(ref('Pod', 'p'))).metadata.deletionGracePeriodSeconds).toBe(20)
    await api.delete(ref('Pod', 'p'), { gracePeriodSeconds: 5 })
    expect((await api.get(ref('Pod', 'p'))).metadata.deletionGracePeriodSeconds).toBe(5)
    await api.delete(ref('Pod', 'p'), { gracePeriodSeconds: 50 })
    expect((await api.get(ref('Pod', 'p'))).metadata.deletionGracePeriodSeconds).toBe(5)
    await api.delete(ref('Pod', 'p'), { gracePeriodSeconds: 0 })
    expect((await refusal(api.get(ref('Pod', 'p')))).reason).toBe('NotFound')
  })

  test('a pod that no node has is gone at once', async () => {
    await api.create(pod('p'))
    await api.delete(ref('Pod', 'p'))
    expect((await refusal(api.get(ref('Pod', 'p')))).reason).toBe('NotFound')
  })

  test('preconditions are kept', async () => {
    await api.create(settings('a'))
    const { message } = await refusal(api.delete(ref('ConfigMap', 'a'), { preconditions: { uid: 'other' } }))
    expect(message).toContain('the UID in the precondition (other) does not match the UID in record')
    expect(await api.get(ref('ConfigMap', 'a'))).toBeDefined()
  })

  test('a namespace on its way out takes nothing new, and goes when it is finalized', async () => {
    const at = { apiVersion: 'v1', kind: 'Namespace', name: 'team' }
    await api.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'team' } })
    await api.delete(at)
    const leaving = await api.get(at)
    expect(leaving.status).toEqual({ phase: 'Terminating' })
    const late = { ...settings('a'), metadata: { name: 'a', namespace: 'team' } }
    expect(await refusal(api.create(late))).toEqual({
      reason: 'Forbidden',
      message:
        'configmaps "a" is forbidden: unable to create new content in namespace team because it is being terminated',
    })
    await api.update({ ...leaving, spec: { finalizers: [] } } as UnknownObject, { subresource: 'finalize' })
    expect((await refusal(api.get(at))).reason).toBe('NotFound')
  })
})

describe('pods', () => {
  test('a binding puts a pod on a node, once', async () => {
    await api.create(pod('p'))
    const binding = object('v1', 'Binding', 'p', { target: { kind: 'Node', name: 'n' } })
    await api.create(binding, { subresource: 'binding' })
    expect(await api.get(ref('Pod', 'p'))).toMatchObject({
      spec: { nodeName: 'n' },
      status: { phase: 'Pending', conditions: [{ type: 'PodScheduled', status: 'True' }] },
    })
    expect((await refusal(api.create(binding, { subresource: 'binding' }))).message).toContain(
      'pod p is already assigned to node "n"',
    )
  })

  test('only few fields of a pod change', async () => {
    await api.create(pod('p'))
    const { message } = await refusal(api.patch(ref('Pod', 'p'), 'merge', { spec: { hostname: 'h' } }))
    expect(message).toContain('spec: Forbidden: pod updates may not change fields other than')
    await api.patch(ref('Pod', 'p'), 'strategic', { spec: { containers: [{ name: 'c', image: 'new' }] } })
  })

  test('a token is bound to account and pod', async () => {
    const made = await api.create(pod('p'))
    const request = object('authentication.k8s.io/v1', 'TokenRequest', 'default', {
      spec: { boundObjectRef: { kind: 'Pod', name: 'p', uid: made.metadata.uid } },
    })
    const { status } = await api.create<UnknownObject>(request, { subresource: 'token' })
    expect((status as { token: string }).token.split('.')).toHaveLength(3)
    const wrong = { ...request, spec: { boundObjectRef: { kind: 'Pod', name: 'gone' } } } as UnknownObject
    expect((await refusal(api.create(wrong, { subresource: 'token' }))).message).toBe('pods "gone" not found')
  })
})

describe('services', () => {
  const service = (name: string, spec: object) =>
    object('v1', 'Service', name, { spec: { ports: [{ port: 80 }], ...spec } })
  const address = async (name: string, spec: object = {}): Promise<string> =>
    ((await api.create<UnknownObject>(service(name, spec))).spec as { clusterIP: string }).clusterIP

  test('each gets an address of its own, also at the same time', async () => {
    const addresses = await Promise.all(Array.from({ length: 50 }, (_, i) => address(`s${i}`)))
    expect(new Set(addresses).size).toBe(50)
    for (const each of addresses) expect(each).toMatch(/^10\.96\./)
  })

  test('one that is asked for is given, once', async () => {
    expect(await address('a', { clusterIP: '10.96.0.10' })).toBe('10.96.0.10')
    expect((await refusal(address('b', { clusterIP: '10.96.0.10' }))).message).toContain(
      'provided IP is already allocated',
    )
    expect((await refusal(address('b', { clusterIP: '192.168.0.1' }))).message).toContain('is not in the valid range')
    await api.delete(ref('Service', 'a'))
    expect(await address('b', { clusterIP: '10.96.0.10' })).toBe('10.96.0.10')
  })

  test('a headless one has none, and an update without one means the same', async () => {
    expect(await address('h', { clusterIP: 'None' })).toBe('None')
    const before = await address('a')
    const updated = await api.update<UnknownObject>(service('a', { ports: [{ port: 81 }] }))
    expect((updated.spec as { clusterIP: string }).clusterIP).toBe(before)
    expect((await refusal(api.update(service('a', { clusterIP: '10.96.0.99' })))).message).toContain(
      'may not change once set',
    )
  })
})

describe('listing', () => {
  beforeEach(async () => {
    for (const name of ['a', 'b', 'c', 'd', 'e'])
      await api.create(settings(name, {}, { labels: { odd: String('ace'.includes(name)) } }))
  })
  const names = (items: readonly UnknownObject[]) => items.map(item => item.metadata.name).join('')

  test('pages fit together, whatever happens between them', async () => {
    const first = await api.list(CONFIG_MAPS, { limit: 2 })
    expect([names(first.items), first.metadata.remainingItemCount]).toEqual(['ab', 3])
    await api.delete(ref('ConfigMap', 'c'))
    await api.create(settings('bb'))
    const second = await api.list(CONFIG_MAPS, { limit: 2, continue: first.metadata.continue! })
    const third = await api.list(CONFIG_MAPS, { limit: 2, continue: second.metadata.continue! })
    expect([names(second.items), names(third.items), third.metadata.continue]).toEqual(['cd', 'e', undefined])
    expect(third.metadata.resourceVersion).toBe(first.metadata.resourceVersion)
  })

  test('selected pages hold what was asked for', async () => {
    const first = await api.list(CONFIG_MAPS, { limit: 2, labelSelector: 'odd=true' })
    expect([names(first.items), first.metadata.remainingItemCount]).toEqual(['ac', undefined])
    const second = await api.list(CONFIG_MAPS, {
      limit: 2,
      labelSelector: 'odd=true',
      continue: first.metadata.continue!,
    })
    expect(names(second.items)).toBe('e')
  })

  test('an expired token is answered with one that goes on', async () => {
    const { metadata } = await api.list(CONFIG_MAPS, { limit: 2 })
    for (let i = 0; i < 150; i++) await api.patch(ref('ConfigMap', 'e'), 'merge', { data: { i: String(i) } })
    const error = await api.list(CONFIG_MAPS, { limit: 2, continue: metadata.continue! }).catch(error => error)
    expect(isApiError(error, 'Expired')).toBe(true)
    const rest = await api.list(CONFIG_MAPS, { continue: error.status.metadata.continue })
    expect(names(rest.items)).toBe('cde')
  })

  test('fields select', async () => {
    expect(names((await api.list(CONFIG_MAPS, { fieldSelector: 'metadata.name!=a' })).items)).toBe('bcde')
    expect((await refusal(api.list(CONFIG_MAPS, { fieldSelector: 'data.x=1' }))).message).toBe(
      '"data.x" is not a known field selector: only "metadata.name", "metadata.namespace"',
    )
    expect((await refusal(api.list(CONFIG_MAPS, { labelSelector: 'a=(' }))).reason).toBe('BadRequest')
    expect((await refusal(api.list(CONFIG_MAPS, { continue: 'rubbish' }))).message).toContain(
      'invalid continue token: continue key is not valid: invalid character',
    )
  })
})

describe('watching', () => {
  test('without a version begins with what is there', async () => {
    await api.create(settings('a'))
    const seen = watchUntil(CONFIG_MAPS, {}, events => events.length === 3)
    await api.create(settings('b'))
    await api.delete(ref('ConfigMap', 'a'))
    expect(await seen).toEqual(['ADDED a', 'ADDED b', 'DELETED a'])
  })

  test('sendInitialEvents marks the end of what was there', async () => {
    await api.create(settings('a'))
    const events: WatchEvent[] = []
    for await (const event of api.watch(CONFIG_MAPS, { sendInitialEvents: true })) {
      events.push(event)
      if (event.type === 'BOOKMARK') break
    }
    expect(events).toMatchObject([
      { type: 'ADDED' },
      {
        type: 'BOOKMARK',
        object: {
          metadata: { resourceVersion: String(store.revision), annotations: { [INITIAL_EVENTS_END]: 'true' } },
        },
      },
    ])
  })

  test('an object that begins or ceases to match is added or deleted', async () => {
    await api.create(settings('a'))
    const from = { resourceVersion: String(store.revision), labelSelector: 'on=yes' }
    const seen = watchUntil(CONFIG_MAPS, from, events => events.length === 4)
    const label = (on: string | null) => api.patch(ref('ConfigMap', 'a'), 'merge', { metadata: { labels: { on } } })
    await label('no')
    await label('yes')
    await api.patch(ref('ConfigMap', 'a'), 'merge', { data: { x: 'y' } })
    await label(null)
    await label('yes')
    await api.delete(ref('ConfigMap', 'a'))
    expect(await seen).toEqual(['ADDED a', 'MODIFIED a', 'DELETED a', 'ADDED a'])
  })

  test('bookmarks come about once a minute', async () => {
    const from = { resourceVersion: String(store.revision), allowBookmarks: true }
    const seen = watchUntil(CONFIG_MAPS, from, events => events.length === 2)
    await settled()
    clock.advance(70_000)
    await settled()
    clock.advance(70_000)
    expect(await seen).toEqual(['BOOKMARK', 'BOOKMARK'])
  })

  test('ends at its time-out', async () => {
    const seen = watchUntil(CONFIG_MAPS, { resourceVersion: String(store.revision), timeoutSeconds: 5 }, () => false)
    await settled()
    clock.advance(5_001)
    expect(await seen).toEqual([])
  })

  test.each<[string, StatusReason]>([
    ['1', 'Expired'],
    ['99999999', 'Timeout'],
    ['abc', 'BadRequest'],
  ])('version %s is refused as %s', async (resourceVersion, reason) => {
    await api.create(settings('a'))
    for (let i = 0; i < 150; i++) await api.patch(ref('ConfigMap', 'a'), 'merge', { data: { i: String(i) } })
    expect((await refusal(watchUntil(CONFIG_MAPS, { resourceVersion }, () => false))).reason).toBe(reason)
  })
})

test('Events are seen under both of their names', async () => {
  await api.create(
    object('v1', 'Event', 'e', {
      involvedObject: { kind: 'Pod', name: 'p', namespace: 'default' },
      message: 'hi',
      reason: 'R',
    }),
  )
  const seen = await api.get(ref('Event', 'e', 'events.k8s.io/v1'))
  expect(seen).toMatchObject({ apiVersion: 'events.k8s.io/v1', regarding: { name: 'p' }, note: 'hi' })
  const found = await api.list(
    { apiVersion: 'v1', kind: 'Event', namespace: 'default' },
    { fieldSelector: 'involvedObject.name=p,type!=Warning' },
  )
  expect(found.items).toHaveLength(1)
})

test("somebody else has that user's rights", async () => {
  const robot = server.as({ name: 'system:serviceaccount:default:robot', groups: ['system:authenticated'] })
  expect((await refusal(robot.list(CONFIG_MAPS))).message).toContain(
    'cannot list resource "configmaps" in API group "" in the namespace "default"',
  )
  const rbac = 'rbac.authorization.k8s.io/v1'
  await api.create(
    object(rbac, 'Role', 'reader', { rules: [{ apiGroups: [''], resources: ['configmaps'], verbs: ['list'] }] }),
  )
  await api.create(
    object(rbac, 'RoleBinding', 'robot-reads', {
      roleRef: { kind: 'Role', name: 'reader' },
      subjects: [{ kind: 'ServiceAccount', name: 'robot', namespace: 'default' }],
    }),
  )
  expect((await robot.list(CONFIG_MAPS)).items).toEqual([])
  expect((await refusal(robot.get(ref('ConfigMap', 'a')))).reason).toBe('Forbidden')
})
