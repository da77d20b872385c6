/** What every store keeps to, run over memory, over a real folder and over a simulated disk. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import { SimulatedDisk, seededRandom } from '../../../test/crash/simulated-disk.ts'
import type { UnknownObject } from '../../kube/object.ts'
import { apiError, isApiError } from '../../kube/status.ts'
import { nodeDisk } from './node-disk.ts'
import { memoryStore, openStore, type StoreOptions } from './open-store.ts'
import type { Store, StoreEvent, StoreKey, StoreWatch } from './store.ts'

const key = (name: string, namespace = 'default', resource = 'configmaps'): StoreKey => ({ resource, namespace, name })

const object = (name: string, data: Record<string, unknown> = {}): UnknownObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'default' },
  data,
})

const put = (store: Store, at: StoreKey, data: Record<string, unknown> = {}): Promise<UnknownObject | undefined> =>
  store.write(at, () => object(at.name, data))

const create = (store: Store, at: StoreKey): Promise<UnknownObject | undefined> =>
  store.write(at, current => {
    if (current) throw apiError('AlreadyExists', `${at.name} exists`)
    return object(at.name)
  })

const configMaps = { resource: 'configmaps', namespace: 'default' }
const names = (items: readonly UnknownObject[]): readonly (string | undefined)[] =>
  items.map(each => each.metadata.name)
const told = (events: readonly StoreEvent[]): readonly string[] =>
  events.map(event => `${event.type} ${event.key.name} ${event.revision}`)

/** The next `count` events. */
async function take(watch: StoreWatch, count: number): Promise<readonly StoreEvent[]> {
  const taken: StoreEvent[] = []
  if (count === 0) return taken
  for await (const events of watch) {
    taken.push(...events)
    if (taken.length >= count) return taken
  }
  return taken
}

function storeContract(what: string, open: (options?: StoreOptions) => Promise<Store>): void {
  describe(what, () => {
    test('every change takes the next revision and stamps it on the object', async () => {
      const store = await open()
      expect(store.revision).toBe(0)
      const a = await put(store, key('a'))
      const b = await put(store, key('b'))
      expect([a, b].map(each => each?.metadata.resourceVersion)).toEqual(['1', '2'])
      expect(store.get(key('a'))).toBe(a)
      expect(store.revision).toBe(2)
    })

    test('objects come back frozen all the way down, as JSON would give them back', async () => {
      const store = await open()
      const written = await put(store, key('a'), {
        list: [1, { deep: undefined, kept: 'x' }, undefined],
        gone: undefined,
      })
      expect(written?.data).toStrictEqual({ list: [1, { kept: 'x' }, null] })
      expect(() => (written!.data as { list: number[] }).list.push(2)).toThrow(TypeError)
    })

    test('what a change returns unchanged takes no revision', async () => {
      const store = await open()
      const first = await put(store, key('a'))
      expect(await store.write(key('a'), current => current)).toBe(first)
      expect(await store.write(key('b'), () => undefined)).toBeUndefined()
      expect(store.revision).toBe(1)
    })

    test('what a change throws is the answer, and nothing happens', async () => {
      const store = await open()
      await create(store, key('a'))
      await expect(create(store, key('a'))).rejects.toSatisfy(error => isApiError(error, 'AlreadyExists'))
      expect(store.revision).toBe(1)
    })

    test('of many creates of one name at once exactly one wins, and the others are told when that is certain', async () => {
      const store = await open()
      const answers = await Promise.allSettled(Array.from({ length: 20 }, () => create(store, key('a'))))
      expect(answers.filter(answer => answer.status === 'fulfilled')).toHaveLength(1)
      expect(store.revision).toBe(1)
    })

    test('writes to one object at once follow each other without conflict', async () => {
      const store = await open()
      await put(store, key('a'), { count: 0 })
      const increment = (): Promise<UnknownObject | undefined> =>
        store.write(key('a'), current => object('a', { count: (current!.data as { count: number }).count + 1 }))
      await Promise.all(Array.from({ length: 50 }, increment))
      expect(store.get(key('a'))?.data).toEqual({ count: 50 })
      expect(store.revision).toBe(51)
    })

    test('nobody sees a write before it is acknowledged', async () => {
      const store = await open()
      const writing = put(store, key('a'))
      expect(store.get(key('a'))).toBeUndefined()
      expect(store.list(configMaps).items).toEqual([])
      expect(store.revision).toBe(0)
      await writing
      expect(store.list(configMaps)).toMatchObject({ revision: 1, remaining: 0 })
    })

    test('lists are in order, of one namespace or all, and carry the revision of the store', async () => {
      const store = await open()
      for (const name of ['c', 'a', 'b']) await put(store, key(name))
      await put(store, key('z', 'another'))
      await put(store, key('y', 'default-2'))
      await put(store, key('x', 'default', 'secrets'))
      expect(names(store.list(configMaps).items)).toEqual(['a', 'b', 'c'])
      expect(names(store.list({ resource: 'configmaps' }).items)).toEqual(['z', 'y', 'a', 'b', 'c'])
      expect(store.list(configMaps).revision).toBe(6)
      expect(store.list({ resource: 'pods' })).toEqual({ revision: 6, entries: [], items: [], remaining: 0 })
    })

    test('pages of one list show one state, whatever is written in between', async () => {
      const store = await open()
      for (const name of ['a', 'b', 'c', 'd', 'e']) await put(store, key(name), { old: true })
      const first = store.list(configMaps, { limit: 2 })
      expect(first).toMatchObject({ revision: 5, remaining: 3, next: expect.any(String) })
      await store.write(key('c'), () => undefined)
      await put(store, key('d'), { old: false })
      await put(store, key('bb'))
      const second = store.list(configMaps, { limit: 2, after: first.next, at: first.revision })
      const third = store.list(configMaps, { limit: 2, after: second.next, at: first.revision })
      expect([first, second, third].map(page => names(page.items))).toEqual([['a', 'b'], ['c', 'd'], ['e']])
      expect(second.items[1]?.data).toEqual({ old: true })
      expect(third.next).toBeUndefined()
      expect(names(store.list(configMaps, { after: first.next }).items)).toEqual(['bb', 'd', 'e'])
    })

    test('a watch from a list misses nothing and repeats nothing', async () => {
      const store = await open()
      await put(store, key('a'))
      const watch = store.watch(configMaps, store.list(configMaps).revision)
      const events = take(watch, 4)
      await put(store, key('b'))
      await put(store, key('elsewhere', 'other'))
      await put(store, key('a'), { changed: true })
      await store.write(key('a'), () => undefined)
      await put(store, key('a'))
      expect(told(await events)).toEqual(['ADDED b 2', 'MODIFIED a 4', 'DELETED a 5', 'ADDED a 6'])
    })

    test('a deletion tells the last state under a revision of its own', async () => {
      const store = await open()
      await put(store, key('a'), { last: 'state' })
      const removed = await store.write(key('a'), () => undefined)
      const [event] = await take(store.watch(configMaps, 1), 1)
      expect(event).toMatchObject({ type: 'DELETED', revision: 2, previous: { metadata: { resourceVersion: '1' } } })
      expect(event?.object).toEqual(removed)
      expect(removed).toMatchObject({ data: { last: 'state' }, metadata: { resourceVersion: '2' } })
      expect(store.get(key('a'))).toBeUndefined()
    })

    test('an idle watch still says how far it has come, for bookmarks', async () => {
      const store = await open()
      const watch = store.watch(configMaps, 0)
      const iterator = watch[Symbol.asyncIterator]()
      const first = iterator.next()
      await put(store, key('a', 'default', 'secrets'))
      expect(watch.revision).toBe(1)
      await put(store, key('b'))
      await first
      expect(watch.revision).toBe(2)
      await put(store, key('c'))
      expect(watch.revision).toBe(2)
    })

    test('a watch ends with its signal, and with the store', async () => {
      const store = await open()
      const cancel = new AbortController()
      const [cancelled, closed] = [
        take(store.watch(configMaps, 0, cancel.signal), 1),
        take(store.watch(configMaps, 0), 1),
      ]
      cancel.abort()
      expect(await cancelled).toEqual([])
      await store.close()
      expect(await closed).toEqual([])
      await expect(put(store, key('a'))).rejects.toSatisfy(error => isApiError(error, 'ServiceUnavailable'))
    })

    test('what has left the history is expired, for watches, past lists and readers that are too slow', async () => {
      const store = await open({ historyEvents: 5 })
      await put(store, key('quiet', 'default', 'secrets'))
      const slow = store.watch(configMaps, 1)
      for (let i = 0; i < 10; i++) await put(store, key(`n${i}`))
      const isExpired = (error: unknown): boolean => isApiError(error, 'Expired') && error.code === 410
      expect(() => store.watch(configMaps, 5)).toThrow(expect.toSatisfy(isExpired))
      expect(() => store.list(configMaps, { at: 5 })).toThrow(expect.toSatisfy(isExpired))
      await expect(take(slow, 1)).rejects.toSatisfy(isExpired)
      expect(told(await take(store.watch(configMaps, 9), 2))).toEqual(['ADDED n8 10', 'ADDED n9 11'])
      // A quiet resource has lost nothing but what happened to itself.
      expect(() => store.watch({ resource: 'secrets' }, 1)).not.toThrow()
    })

    test('the history is bounded in bytes too', async () => {
      const store = await open({ historyBytes: 3000 })
      for (let i = 0; i < 4; i++) await put(store, key(`n${i}`), { text: 'x'.repeat(1000) })
      expect(() => store.watch(configMaps, 1)).toThrow('too old resource version: 1 (2)')
      expect(() => store.watch(configMaps, 2)).not.toThrow()
    })

    test('a revision from the future is answered as Kubernetes does', async () => {
      const store = await open()
      const isTooLarge = (error: unknown): boolean =>
        isApiError(error, 'Timeout') && error.status.details?.causes?.[0]?.reason === 'ResourceVersionTooLarge'
      expect(() => store.watch(configMaps, 7)).toThrow(expect.toSatisfy(isTooLarge))
      expect(() => store.list(configMaps, { at: 7 })).toThrow(expect.toSatisfy(isTooLarge))
    })

    test('watches, pages and past states agree with a plain model over random histories', async () => {
      const step = fc.record({
        name: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
        namespace: fc.constantFrom('default', 'other'),
        remove: fc.boolean(),
      })
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 40 }), fc.integer({ min: 1, max: 4 }), async (steps, limit) => {
          const store = await open()
          const past: (readonly UnknownObject[])[] = [[]]
          const model = new Map<string, UnknownObject>()
          for (const { name, namespace, remove } of steps) {
            const at = key(name, namespace)
            const written = await store.write(at, () => (remove ? undefined : object(name)))
            if (!written) continue
            if (remove) model.delete(`${namespace}/${name}`)
            else model.set(`${namespace}/${name}`, written)
            past.push([...model].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, each]) => each))
          }
          expect(store.revision).toBe(past.length - 1)
          for (const [revision, items] of past.entries()) {
            expect(pages(store, revision, limit)).toEqual(items)
          }
          const events = await take(store.watch({ resource: 'configmaps' }, 0), store.revision)
          expect(events.map(event => event.revision)).toEqual(past.slice(1).map((_, i) => i + 1))
        }),
        { numRuns: 30 },
      )
    })
  })
}

function pages(store: Store, at: number, limit: number): readonly UnknownObject[] {
  const items: UnknownObject[] = []
  let after: string | undefined
  do {
    const page = store.list({ resource: 'configmaps' }, { at, limit, ...(after === undefined ? {} : { after }) })
    items.push(...page.items)
    after = page.next
  } while (after !== undefined)
  return items
}

const cleanUp: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const action of cleanUp.splice(0).reverse()) await action()
})

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'solvent-store-'))
  cleanUp.push(() => rm(folder, { recursive: true }))
  return folder
}

storeContract('a store in memory', async options => memoryStore(options))
storeContract('a store in a folder', async options => {
  const store = await openStore(await nodeDisk(await temporaryFolder()), options)
  cleanUp.push(() => store.close())
  return store
})
storeContract('a store on a simulated disk that compacts all the time', options =>
  openStore(new SimulatedDisk(new Map(), seededRandom(1)), { ...options, compactBytes: 1000 }),
)
