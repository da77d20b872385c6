/**
 * A local copy of a collection: objects by key, any number of indexes, and who wants to hear of changes. `informer.ts` fills it from a
 * watch; a controller adds what its own writes gave back (`assume`), so that it reads its own writes and never acts twice on an old
 * view (client-go reaches the same end with expectations in controller_utils.go and with cache/mutation_cache.go).
 */
import { type KubeObject, keyOf, type WatchEvent } from '../kube/object.ts'

export interface CacheHandlers<T> {
  readonly add: (object: T) => void
  readonly update: (object: T, before: T) => void
  readonly delete: (object: T) => void
}

export interface ObjectCache<T extends KubeObject> {
  get(namespace: string | undefined, name: string): T | undefined
  list(): readonly T[]
  /** Handlers run in the order of changes, after the change (and the whole of a replacement) is in. `add` is told of what is already there. */
  on<E extends keyof CacheHandlers<T>>(event: E, handler: CacheHandlers<T>[E]): void
  /** Objects by any key that can be read off them; kept up to date change by change. */
  index(keysOf: (object: T) => readonly string[]): (key: string) => readonly T[]
  /** Takes in what a write of ours returned, unless the watch is already past it. */
  assume(object: T): void
  /** Marks what a delete of ours was accepted for, unless it is gone already. */
  assumeDeleting(namespace: string | undefined, name: string, uid: string | undefined, deletionTimestamp: string): void
  apply(event: WatchEvent<T>): void
  /** Everything there is at `version`, as one change. */
  replace(objects: Iterable<T>, version: string | undefined): void
  /** A bookmark: everything up to `version` has been seen. */
  advance(version: string | undefined): void
}

interface Index<T> {
  readonly keysOf: (object: T) => readonly string[]
  readonly byKey: Map<string, Map<string, T>>
}

/** Versions of one store grow and may be compared as numbers (KEP-5504); NaN, which compares false, for a server that differs. */
const versionOf = (object: KubeObject): number => Number(object.metadata.resourceVersion ?? Number.NaN)

export function createObjectCache<T extends KubeObject>(): ObjectCache<T> {
  const objects = new Map<string, T>()
  const indexes: Index<T>[] = []
  const handlers: { [E in keyof CacheHandlers<T>]: CacheHandlers<T>[E][] } = { add: [], update: [], delete: [] }
  /** Every change up to here is in `objects`; assumed objects may be newer. */
  let seen = 0

  type Change =
    | { readonly kind: 'add' | 'delete'; readonly object: T }
    | { readonly kind: 'update'; readonly object: T; readonly before: T }

  function unfile(key: string, object: T): void {
    for (const { keysOf, byKey } of indexes) {
      for (const at of keysOf(object)) {
        const group = byKey.get(at)
        group?.delete(key)
        if (group?.size === 0) byKey.delete(at)
      }
    }
  }

  function file(key: string, object: T): void {
    for (const index of indexes) fileIn(index, key, object)
  }

  function fileIn({ keysOf, byKey }: Index<T>, key: string, object: T): void {
    for (const at of keysOf(object)) {
      const group = byKey.get(at)
      if (group) group.set(key, object)
      else byKey.set(at, new Map([[key, object]]))
    }
  }

  function remove(key: string, old: T, last: T): Change {
    unfile(key, old)
    objects.delete(key)
    return { kind: 'delete', object: last }
  }

  function put(object: T): readonly Change[] {
    const key = keyOf(object)
    const before = objects.get(key)
    if (before === undefined) {
      objects.set(key, object)
      file(key, object)
      return [{ kind: 'add', object }]
    }
    if (versionOf(object) <= versionOf(before)) return []
    if (before.metadata.uid !== object.metadata.uid) return [remove(key, before, before), ...put(object)]
    return [renew(key, before, object)]
  }

  function renew(key: string, before: T, object: T): Change {
    unfile(key, before)
    objects.set(key, object)
    file(key, object)
    return { kind: 'update', object, before }
  }

  function take(object: T): readonly Change[] {
    const key = keyOf(object)
    const old = objects.get(key)
    if (old === undefined) return []
    // The end of an earlier object of that name must not take away the one that we already made anew.
    if (old.metadata.uid !== object.metadata.uid && versionOf(object) < versionOf(old)) return []
    return [remove(key, old, object)]
  }

  function tell(changes: readonly Change[]): void {
    for (const change of changes) {
      if (change.kind === 'update') for (const handler of handlers.update) handler(change.object, change.before)
      else for (const handler of handlers[change.kind]) handler(change.object)
    }
  }

  function advance(version: string | undefined): void {
    const to = Number(version)
    if (to > seen) seen = to
  }

  return {
    get: (namespace, name) => objects.get(namespace ? `${namespace}/${name}` : name),
    list: () => [...objects.values()],
    on(event, handler) {
      handlers[event].push(handler)
      if (event === 'add') for (const object of [...objects.values()]) (handler as CacheHandlers<T>['add'])(object)
    },
    index(keysOf) {
      const index: Index<T> = { keysOf, byKey: new Map() }
      indexes.push(index)
      for (const [key, object] of objects) fileIn(index, key, object)
      return key => [...(index.byKey.get(key)?.values() ?? [])]
    },
    assume(object) {
      if (versionOf(object) > seen) tell(put(object))
    },
    assumeDeleting(namespace, name, uid, deletionTimestamp) {
      const key = namespace ? `${namespace}/${name}` : name
      const before = objects.get(key)
      if (!before || before.metadata.deletionTimestamp || (uid && before.metadata.uid !== uid)) return
      const object = { ...before, metadata: { ...before.metadata, deletionTimestamp } }
      tell([renew(key, before, object)])
    },
    apply({ type, object }) {
      advance(object.metadata.resourceVersion)
      if (type === 'BOOKMARK') return
      tell(type === 'DELETED' ? take(object) : put(object))
    },
    replace(present, version) {
      const incoming = new Map([...present].map(object => [keyOf(object), object]))
      const changes: Change[] = []
      for (const [key, old] of [...objects]) {
        if (!incoming.has(key) && !(versionOf(old) > Number(version))) changes.push(remove(key, old, old))
      }
      for (const object of incoming.values()) changes.push(...put(object))
      advance(version)
      tell(changes)
    },
    advance,
  }
}
