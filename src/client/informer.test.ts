import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ensurePki } from '../apiserver/pki/pki.ts'
import { createApiServer } from '../apiserver/server.ts'
import { memoryStore } from '../apiserver/store/open-store.ts'
import { systemClock } from '../base/clock.ts'
import type { ConfigMap } from '../kube/core.ts'
import type { KubeObject } from '../kube/object.ts'
import { apiError } from '../kube/status.ts'
import { createInformer, type Informer } from './informer.ts'
import type { KubeApi, WatchOptions } from './kube-api.ts'
import { createManualClock } from './manual-clock.ts'

const MAPS = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'default' }
const folder = mkdtempSync(join(tmpdir(), 'solvent-informer-'))
const pki = ensurePki(folder)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Our API server, with a line to it that can be cut and that can lose the past. */
function createLine() {
  const server = createApiServer({ store: memoryStore(), pki })
  const { api } = server
  let cuts = new AbortController()
  let isExpired = false
  const asked: WatchOptions[] = []
  const line: KubeApi = {
    get: api.get.bind(api),
    list: api.list.bind(api),
    create: api.create.bind(api),
    update: api.update.bind(api),
    patch: api.patch.bind(api),
    apply: api.apply.bind(api),
    delete: api.delete.bind(api),
    logs: api.logs.bind(api),
    async *watch<T extends KubeObject>(collection: Parameters<KubeApi['watch']>[0], options: WatchOptions = {}) {
      asked.push(options)
      if (isExpired && options.resourceVersion !== undefined) {
        isExpired = false
        throw apiError('Expired', 'too old')
      }
      yield* api.watch<T>(collection, {
        ...options,
        signal: AbortSignal.any([cuts.signal, ...(options.signal ? [options.signal] : [])]),
      })
    },
  }
  return {
    api: line,
    asked,
    cut(alsoForget: boolean) {
      isExpired ||= alsoForget
      cuts.abort()
      cuts = new AbortController()
    },
    close: () => server.close(),
  }
}

let line: ReturnType<typeof createLine>
let informer: Informer<ConfigMap>
beforeEach(async () => {
  line = createLine()
  await line.api.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'default' } })
})
afterEach(() => {
  informer?.stop()
  return line.close()
})

const map = (name: string, value = ''): ConfigMap => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'default' },
  data: { value },
})
const start = (api = line.api): Informer<ConfigMap> => {
  informer = createInformer<ConfigMap>(api, MAPS, { clock: systemClock, random: () => 0 })
  informer.start()
  return informer
}
const seen = (holds: () => boolean): Promise<void> =>
  new Promise(resolve => {
    const check = (): void => {
      if (holds()) resolve()
    }
    for (const event of ['add', 'update', 'delete'] as const) informer.on(event, check)
    check()
  })

test('the view is whole when it is synced, and follows from there', async () => {
  await line.api.create(map('a'))
  start()
  await informer.synced
  expect(informer.list().map(({ metadata }) => metadata.name)).toEqual(['a'])
  await line.api.create(map('b'))
  await seen(() => informer.get('default', 'b') !== undefined)
  await line.api.delete({ ...MAPS, name: 'a' })
  await seen(() => informer.list().length === 1)
})

test('a server that knows no WatchList is listed and watched', async () => {
  await line.api.create(map('a'))
  const { api } = line
  start({
    ...api,
    watch: (collection, options = {}) => {
      if (options.sendInitialEvents) throw apiError('Invalid', 'sendInitialEvents is forbidden')
      return api.watch(collection, options)
    },
  })
  await informer.synced
  await line.api.create(map('b'))
  await seen(() => informer.list().length === 2)
  expect(line.asked[0]?.resourceVersion).toBeDefined()
})

test('a stream that ended goes on where it was', async () => {
  start()
  await informer.synced
  await line.api.create(map('a'))
  await seen(() => informer.list().length === 1)
  line.cut(false)
  await line.api.create(map('b'))
  await seen(() => informer.list().length === 2)
  expect(line.asked.length).toBe(2)
  expect(line.asked[1]?.sendInitialEvents).toBeUndefined()
})

test('after 410 everything is asked for anew, and what changed meanwhile arrives as ordinary changes', async () => {
  for (const name of ['a', 'b', 'c']) await line.api.create(map(name))
  start()
  await informer.synced
  const events: string[] = []
  informer.on('update', ({ metadata }) => events.push(`update ${metadata.name}`))
  informer.on('delete', ({ metadata }) => events.push(`delete ${metadata.name}`))
  line.cut(true)
  await line.api.delete({ ...MAPS, name: 'a' })
  await line.api.patch({ ...MAPS, name: 'b' }, 'merge', { data: { value: 'new' } })
  await seen(() => informer.get('default', 'b')?.data?.value === 'new')
  expect(events).toEqual(['delete a', 'update b'])
})

test('a connection that has fallen silent is given up, and the watch goes on where it was', async () => {
  const clock = createManualClock()
  const asked: WatchOptions[] = []
  const silent = new Set<() => void>()
  const api: KubeApi = {
    ...line.api,
    async *watch<T extends KubeObject>(collection: Parameters<KubeApi['watch']>[0], options: WatchOptions = {}) {
      asked.push(options)
      if (options.sendInitialEvents) {
        for await (const event of line.api.watch<T>(collection, options)) {
          yield event
          if (event.type === 'BOOKMARK') break
        }
      }
      // The other end is gone and nobody says so.
      await new Promise<void>(resolve => {
        options.signal?.addEventListener('abort', () => resolve())
        for (const notify of silent) notify()
      })
    },
  }
  const hangs = (): Promise<void> => new Promise(resolve => silent.add(resolve))
  informer = createInformer<ConfigMap>(api, MAPS, { clock, random: () => 0 })
  const first = hangs()
  informer.start()
  await informer.synced
  await first
  const second = hangs()
  clock.advance(149_000)
  expect(asked.length).toBe(1)
  clock.advance(1_000)
  // It is silent from the start this time, which asks for a moment's patience before the next attempt.
  await second
  expect(asked.length).toBe(2)
  expect(asked[1]?.resourceVersion).toBeDefined()
})

describe('assume', () => {
  test('our own write is seen at once, and its event does not come twice', async () => {
    start()
    await informer.synced
    const adds: string[] = []
    informer.on('add', ({ metadata }) => adds.push(metadata.name!))
    informer.assume(await line.api.create<ConfigMap>(map('a')))
    expect(informer.get('default', 'a')).toBeDefined()
    await line.api.create(map('b'))
    await seen(() => informer.get('default', 'b') !== undefined)
    expect(adds).toEqual(['a', 'b'])
  })

  test('a write that the watch is already past brings nothing back to life', async () => {
    start()
    await informer.synced
    const made = await line.api.create<ConfigMap>(map('a'))
    await line.api.delete({ ...MAPS, name: 'a' })
    await line.api.create(map('b'))
    await seen(() => informer.get('default', 'b') !== undefined)
    informer.assume(made)
    expect(informer.get('default', 'a')).toBeUndefined()
  })
})

test('an index follows every change', async () => {
  start()
  await informer.synced
  const byValue = informer.index(({ data }) => [data?.value ?? ''])
  await line.api.create(map('a', 'x'))
  await seen(() => byValue('x').length === 1)
  await line.api.patch({ ...MAPS, name: 'a' }, 'merge', { data: { value: 'y' } })
  await seen(() => byValue('y').length === 1 && byValue('x').length === 0)
})

test('whatever happens to the line, view and events agree with the server in the end', async () => {
  const step = fc.record({
    kind: fc.constantFrom('create', 'update', 'delete', 'cut', 'forget', 'turn'),
    name: fc.constantFrom('a', 'b', 'c', 'd'),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async steps => {
      const own = createLine()
      await own.api.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'default' } })
      const view = createInformer<ConfigMap>(own.api, MAPS, { clock: systemClock, random: () => 0 })
      /** What somebody believes who only hears of changes. */
      const believed = new Map<string, string>()
      const value = ({ data }: ConfigMap): string => data?.value ?? ''
      view.on('add', object => {
        expect(believed.has(object.metadata.name!)).toBe(false)
        believed.set(object.metadata.name!, value(object))
      })
      view.on('update', (object, before) => {
        expect(believed.get(object.metadata.name!)).toBe(value(before))
        believed.set(object.metadata.name!, value(object))
      })
      view.on('delete', object => expect(believed.delete(object.metadata.name!)).toBe(true))
      view.start()
      let serial = 0
      for (const { kind, name } of steps) {
        const ref = { ...MAPS, name }
        if (kind === 'create') await own.api.create(map(name, `${serial++}`)).catch(() => {})
        else if (kind === 'update')
          await own.api.patch(ref, 'merge', { data: { value: `${serial++}` } }).catch(() => {})
        else if (kind === 'delete') await own.api.delete(ref).catch(() => {})
        else if (kind === 'turn') await new Promise(setImmediate)
        else own.cut(kind === 'forget')
      }
      await view.synced
      const last = await own.api.create<ConfigMap>(map('last'))
      await new Promise<void>(resolve => {
        if (view.get('default', 'last')) resolve()
        view.on('add', ({ metadata }) => metadata.name === last.metadata.name && resolve())
      })
      const { items } = await own.api.list<ConfigMap>(MAPS)
      const wanted = new Map(items.map(object => [object.metadata.name!, value(object)]))
      expect(new Map(view.list().map(object => [object.metadata.name!, value(object)]))).toEqual(wanted)
      expect(believed).toEqual(wanted)
      view.stop()
      await own.close()
    }),
    { numRuns: 40 },
  )
})
