/** What the store makes of its disk: restarts, torn ends, damage, a full disk, group commit, compaction. Crashes by the thousand: test/crash. */
import { describe, expect, test } from 'vitest'
import { type DiskFaults, type Operation, SimulatedDisk, seededRandom } from '../../../test/crash/simulated-disk.ts'
import type { UnknownObject } from '../../kube/object.ts'
import { apiError, isApiError } from '../../kube/status.ts'
import { openStore, type StoreOptions } from './open-store.ts'
import { encodeRecord } from './record.ts'
import type { Store, StoreKey } from './store.ts'

const key = (name: string): StoreKey => ({ resource: 'pods', namespace: 'default', name })
const pod = (name: string, more: object = {}): UnknownObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'default' },
  ...more,
})
const put = (store: Store, name: string, more: object = {}): Promise<UnknownObject | undefined> =>
  store.write(key(name), () => pod(name, more))
const create = (store: Store, name: string): Promise<UnknownObject | undefined> =>
  store.write(key(name), current => {
    if (current) throw apiError('AlreadyExists', `${name} exists`)
    return pod(name)
  })
const remove = (store: Store, name: string): Promise<UnknownObject | undefined> =>
  store.write(key(name), () => undefined)
const pods = (store: Store): readonly UnknownObject[] => store.list({ resource: 'pods' }).items

const newDisk = (faults: DiskFaults = {}): SimulatedDisk => new SimulatedDisk(new Map(), seededRandom(1), faults)
const open = (disk: SimulatedDisk, options: StoreOptions = {}): Promise<Store> => openStore(disk, options)

/** The disk as another process finds it, with one file changed by hand. */
async function changed(
  disk: SimulatedDisk,
  prefix: string,
  change: (bytes: Buffer) => Uint8Array,
): Promise<SimulatedDisk> {
  const names = await disk.list()
  const image = new Map(await Promise.all(names.map(async name => [name, await disk.read(name)] as const)))
  const name = names.find(each => each.startsWith(prefix))!
  return new SimulatedDisk(image.set(name, change(Buffer.from(image.get(name)!))), seededRandom(2))
}

const count = (operations: readonly Operation[], kind: Operation['kind']): number =>
  operations.filter(operation => operation.kind === kind).length

describe('restart', () => {
  test('finds everything as it was, and revisions go on', async () => {
    const disk = newDisk()
    const first = await open(disk)
    await put(first, 'a')
    await put(first, 'b', { spec: { nodeName: 'n' } })
    await remove(first, 'a')
    const before = pods(first)
    await first.close()
    const second = await open(disk)
    expect([second.revision, pods(second)]).toEqual([3, before])
    expect((await put(second, 'c'))?.metadata.resourceVersion).toBe('4')
  })

  test('a store that was emptied remembers its revision through a snapshot', async () => {
    const disk = newDisk()
    const first = await open(disk, { compactBytes: 1 })
    await put(first, 'a')
    await remove(first, 'a')
    await first.close()
    const second = await open(disk, { compactBytes: 1 })
    expect([second.revision, pods(second)]).toEqual([2, []])
  })

  test('a watch goes on over a restart as far as the journal reaches', async () => {
    const disk = newDisk()
    const first = await open(disk)
    for (const name of ['a', 'b', 'c']) await put(first, name)
    await remove(first, 'b')
    await first.close()
    const second = await open(disk)
    for await (const events of second.watch({ resource: 'pods' }, 2)) {
      expect(
        events.map(event => `${event.type} ${event.key.name} ${event.previous?.metadata.resourceVersion}`),
      ).toEqual(['ADDED c undefined', 'DELETED b 2'])
      break
    }
  })

  test('before its snapshot a watch has expired', async () => {
    const disk = newDisk()
    const first = await open(disk, { compactBytes: 1 })
    for (const name of ['a', 'b', 'c']) await put(first, name)
    await first.close()
    const second = await open(disk)
    expect(() => second.watch({ resource: 'pods' }, 0)).toThrow('too old resource version')
  })

  test.each([
    ['torn', (bytes: Buffer) => bytes.subarray(0, -5)],
    ['of zeros', (bytes: Buffer) => Buffer.concat([bytes.subarray(0, -200), Buffer.alloc(200)])],
    ['scribbled over', (bytes: Buffer) => Buffer.concat([bytes.subarray(0, -1), Buffer.from('!')])],
  ])('an end that is %s is cut off, and writing goes on behind it', async (_, damage) => {
    const disk = newDisk()
    const first = await open(disk)
    await put(first, 'a')
    await put(first, 'b', { filler: 'x'.repeat(150) })
    await first.close()
    const torn = await changed(disk, 'journal', damage)
    const second = await open(torn)
    expect(second.revision).toBe(1)
    await put(second, 'c')
    await second.close()
    const third = await open(torn)
    expect(pods(third).map(each => each.metadata.name)).toEqual(['a', 'c'])
  })

  test('a gap in the revisions is damage, and said', async () => {
    const disk = newDisk()
    const first = await open(disk)
    await put(first, 'a')
    await first.close()
    const gap = encodeRecord(JSON.stringify([3, 'pods', 'default', 'b', pod('b')]))
    const damaged = await changed(disk, 'journal', bytes => Buffer.concat([bytes, gap]))
    await expect(open(damaged)).rejects.toThrow('the journal is damaged: revision 3 follows where 2 belongs')
  })

  test('a snapshot that is not whole is damage, and said', async () => {
    const disk = newDisk()
    const first = await open(disk, { compactBytes: 1 })
    await put(first, 'a')
    await first.close()
    const damaged = await changed(disk, 'snapshot', bytes => bytes.subarray(0, -1))
    await expect(open(damaged)).rejects.toThrow(/snapshot-0+1 is damaged: 0 of 1 objects are readable/)
  })
})

describe('group commit', () => {
  test('writes that arrive together, or while the disk is busy, share one sync', async () => {
    const disk = newDisk()
    const store = await open(disk)
    const before = count(disk.log, 'sync')
    const busy = put(store, 'first')
    await Promise.resolve()
    await Promise.resolve()
    await Promise.all([busy, ...Array.from({ length: 100 }, (_, i) => put(store, `p${i}`))])
    expect(count(disk.log, 'sync') - before).toBe(2)
    expect(store.revision).toBe(101)
  })

  test('closing waits for the writes under way', async () => {
    const disk = newDisk()
    const store = await open(disk)
    const writing = Promise.all([put(store, 'a'), put(store, 'b')])
    await store.close()
    await writing
    expect((await open(disk)).revision).toBe(2)
  })
})

/** A disk that is full while `isFull` says so. */
function fillable(): { isFull: boolean; readonly faults: DiskFaults } {
  const error = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' })
  const state = {
    isFull: false,
    faults: {
      refuse: (kind: Operation['kind']) => (state.isFull && kind === 'append' ? { error, partOf: 0.7 } : undefined),
    },
  }
  return state
}

describe('a full disk', () => {
  test('refuses writes, shows nothing of them, and all goes on once there is space', async () => {
    const space = fillable()
    const disk = newDisk(space.faults)
    const store = await open(disk)
    await put(store, 'a')
    space.isFull = true
    const answers = await Promise.allSettled([put(store, 'b'), put(store, 'a', { changed: true }), remove(store, 'a')])
    for (const answer of answers) {
      expect(answer.status === 'rejected' && isApiError(answer.reason, 'InsufficientStorage')).toBe(true)
    }
    await expect(put(store, 'c')).rejects.toThrow('the disk is full, nothing was changed: ENOSPC')
    expect([store.revision, pods(store)]).toEqual([1, [store.get(key('a'))]])

    space.isFull = false
    expect((await put(store, 'd'))?.metadata.resourceVersion).toBe('2')
    await store.close()
    const again = await open(disk)
    expect(pods(again).map(each => each.metadata.name)).toEqual(['a', 'd'])
  })

  test('a write that lost against a refused one is decided anew', async () => {
    let refusals = 1
    const error = Object.assign(new Error('full'), { code: 'ENOSPC' })
    const disk = newDisk({ refuse: kind => (kind === 'append' && refusals-- > 0 ? { error } : undefined) })
    const store = await open(disk)
    const [first, second] = await Promise.allSettled([create(store, 'a'), create(store, 'a')])
    expect([first.status, second.status]).toEqual(['rejected', 'fulfilled'])
  })

  test('a failing fsync is an error of ours, and its file is trusted no more', async () => {
    let failures = 1
    const error = Object.assign(new Error('EIO: i/o error, fdatasync'), { code: 'EIO' })
    const disk = newDisk({ refuse: kind => (kind === 'sync' && failures-- > 0 ? { error } : undefined) })
    const store = await open(disk)
    await expect(put(store, 'a')).rejects.toSatisfy(refused => isApiError(refused, 'InternalError'))
    await put(store, 'b')
    await store.close()
    expect((await disk.list()).filter(name => name.startsWith('journal'))).toEqual([
      'journal-00000002-0000000000000001',
    ])
    expect(pods(await open(disk)).map(each => each.metadata.name)).toEqual(['b'])
  })
})

describe('compaction', () => {
  test('leaves one snapshot and a short journal, whatever was written', async () => {
    const disk = newDisk()
    const store = await open(disk, { compactBytes: 2000 })
    for (let i = 0; i < 200; i++) await put(store, `p${i % 5}`, { i })
    await store.close()
    const names = await disk.list()
    expect(names.filter(name => name.startsWith('snapshot'))).toHaveLength(1)
    expect(names.filter(name => name.startsWith('journal')).length).toBeLessThanOrEqual(2)
    const again = await open(disk)
    expect([again.revision, pods(again).map(each => each.i)]).toEqual([200, [195, 196, 197, 198, 199]])
  })

  test('that fails is told, hurts nobody and is tried again', async () => {
    const warnings: string[] = []
    let failures = 1
    const disk = newDisk({
      refuse: kind => (kind === 'rename' && failures-- > 0 ? { error: new Error('no room') } : undefined),
    })
    const store = await open(disk, { compactBytes: 1000, warn: message => warnings.push(message) })
    for (let i = 0; i < 50; i++) await put(store, 'a', { i })
    await store.close()
    expect(warnings).toEqual(['the store could not be compacted, its journal grows: no room'])
    const names = await disk.list()
    expect(names.filter(name => name.endsWith('.tmp'))).toEqual([])
    expect(names.filter(name => name.startsWith('snapshot'))).toHaveLength(1)
    expect((await open(disk)).revision).toBe(50)
  })

  test('what a crash left of one is cleared away', async () => {
    const disk = newDisk()
    const leftover = await disk.create('snapshot-0000000000000009.tmp')
    await leftover.append(Buffer.from('half'))
    const store = await open(disk)
    expect([store.revision, await disk.list()]).toEqual([0, []])
  })
})
