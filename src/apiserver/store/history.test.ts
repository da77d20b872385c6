/** How far back the history reaches: by count, by bytes and by age. */
import { expect, test } from 'vitest'
import type { UnknownObject } from '../../kube/object.ts'
import { isApiError } from '../../kube/status.ts'
import { memoryStore, type StoreOptions } from './open-store.ts'

const put = (store: ReturnType<typeof memoryStore>, name: string) =>
  store.write(
    { resource: 'pods', namespace: 'a', name },
    (): UnknownObject => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name } }),
  )

/** From which revisions the changes of a store with five of them, a second apart, can still be told. */
async function reach(options: StoreOptions): Promise<readonly number[]> {
  let now = 0
  const store = memoryStore({ ...options, nowMs: () => now })
  for (let i = 0; i < 5; i++) {
    await put(store, `p${i}`)
    now += 1000
  }
  return [0, 1, 2, 3, 4, 5].filter(from => {
    try {
      return store.changes({ resource: 'pods' }, from).length === 5 - from
    } catch (error) {
      if (isApiError(error, 'Expired')) return false
      throw error
    }
  })
}

test.each<[string, StoreOptions, readonly number[]]>([
  ['everything, where there is room', {}, [0, 1, 2, 3, 4, 5]],
  ['three changes', { historyEvents: 3 }, [2, 3, 4, 5]],
  ['two seconds', { historyAgeMs: 2000 }, [2, 3, 4, 5]],
  ['no bytes', { historyBytes: 0 }, [5]],
])('%s', async (_, options, expected) => expect(await reach(options)).toEqual(expected))
