/** One watch an object, told of what differs from what was known; against a store in memory. */
import { generateKeyPairSync } from 'node:crypto'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type ApiServer, createApiServer } from '../../apiserver/server.ts'
import { memoryStore } from '../../apiserver/store/open-store.ts'
import { systemClock } from '../../base/clock.ts'
import type { KubeApi, WatchOptions } from '../../client/kube-api.ts'
import type { ConfigMap } from '../../kube/core.ts'
import { fetchReferences, type Lookup } from './references.ts'
import { createReferenceWatcher, type ReferenceWatcher } from './watch-references.ts'

const serviceAccountKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
const NAMES = { configMaps: ['settings'], secrets: [] }

let server: ApiServer
let api: KubeApi
let watcher: ReferenceWatcher
let watches: number

beforeEach(async () => {
  const pki = { serverKey: '', serverCertificate: '', adminToken: 'x', serviceAccountKey }
  server = createApiServer({ store: memoryStore(), pki })
  watches = 0
  const watch: KubeApi['watch'] = (collection, options?: WatchOptions) => {
    watches++
    return server.api.watch(collection, options)
  }
  api = server.api
  await api.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'default' } })
  watcher = createReferenceWatcher({ api: { watch } as KubeApi, clock: systemClock, log: () => {} })
})
afterEach(async () => {
  watcher.stop()
  await server.close()
})

const map = (data: Record<string, string>, rest: Partial<ConfigMap> = {}): ConfigMap => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'settings', namespace: 'default' },
  data,
  ...rest,
})
const ref = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'default', name: 'settings' }
const known = (): Promise<Lookup> => fetchReferences(api, 'default', NAMES)

/** What is told, one after the other. */
function telling(lookup: Lookup) {
  const told: (string | undefined)[] = []
  const waiting: ((value: string | undefined) => void)[] = []
  const stop = watcher.watch('default', NAMES, lookup, now => {
    const value = now.configMap('settings')?.data?.a
    const next = waiting.shift()
    if (next) next(value)
    else told.push(value)
  })
  const next = (): Promise<string | undefined> =>
    told.length > 0 ? Promise.resolve(told.shift()) : new Promise(resolve => waiting.push(resolve))
  return { next, told, stop }
}

test('a change, a deletion and a new one are told', async () => {
  await api.create(map({ a: '1' }))
  const { next } = telling(await known())
  await api.patch(ref, 'merge', { data: { a: '2' } })
  expect(await next()).toBe('2')
  await api.delete(ref)
  expect(await next()).toBeUndefined()
  await api.create(map({ a: '3' }))
  expect(await next()).toBe('3')
})

test('a change between the reading and the watch is told', async () => {
  await api.create(map({ a: '1' }))
  const before = await known()
  await api.patch(ref, 'merge', { data: { a: '2' } })
  expect(await telling(before).next()).toBe('2')
})

test('pods share a watch, and whoever comes later is told only of what is new to it', async () => {
  await api.create(map({ a: '1' }))
  const old = await known()
  const first = telling(old)
  await api.patch(ref, 'merge', { data: { a: '2' } })
  await first.next()
  const second = telling(await known())
  const third = telling(old)
  expect(await third.next()).toBe('2')
  expect(second.told).toEqual([])
  expect(watches).toBe(1)
  first.stop()
  third.stop()
  await api.patch(ref, 'merge', { data: { a: '3' } })
  expect(await second.next()).toBe('3')
  expect([first.told, third.told]).toEqual([[], []])
})

test('what is immutable is not watched', async () => {
  await api.create(map({ a: '1' }, { immutable: true }))
  telling(await known())
  expect(watches).toBe(0)
})
