/**
 * Tells of changes of the ConfigMaps and Secrets that pods of this node name (the kubelet's watch based manager,
 * pkg/kubelet/util/manager): one watch an object, however many pods name it, and none for one that is immutable.
 */
import type { Clock } from '../../base/clock.ts'
import { createInformer, type Informer } from '../../client/informer.ts'
import type { KubeApi } from '../../client/kube-api.ts'
import type { ConfigMap, Secret } from '../../kube/core.ts'
import type { Lookup, References } from './references.ts'

export interface ReferenceWatcher {
  /** Calls with how they are whenever one of them differs from `known`, and from what was told last. Returns how to stop. */
  watch(namespace: string, references: References, known: Lookup, onChange: (now: Lookup) => void): () => void
  stop(): void
}

export interface ReferenceWatcherOptions {
  readonly api: KubeApi
  readonly clock: Clock
  readonly log: (message: string) => void
}

type Named = ConfigMap | Secret
type Kind = 'ConfigMap' | 'Secret'

interface Watched {
  readonly informer: Informer<Named>
  readonly users: Set<() => void>
  isSynced: boolean
}

const ABSENT = ''
const versionOf = (object: Named | undefined): string => object?.metadata.resourceVersion ?? ABSENT
const inLookup = (lookup: Lookup, kind: Kind, name: string): Named | undefined =>
  kind === 'ConfigMap' ? lookup.configMap(name) : lookup.secret(name)

export function createReferenceWatcher({ api, clock, log }: ReferenceWatcherOptions): ReferenceWatcher {
  const watched = new Map<string, Watched>()

  function watchOne(kind: Kind, namespace: string, name: string): Watched {
    const collection = { apiVersion: 'v1', kind, namespace }
    const onError = (error: unknown): void => log(`${kind} ${namespace}/${name}: ${(error as Error).message}`)
    const fieldSelector = `metadata.name=${name}`
    const informer = createInformer<Named>(api, collection, { clock, fieldSelector, onError })
    const one: Watched = { informer, users: new Set(), isSynced: false }
    const tell = (): void => {
      for (const user of one.users) user()
    }
    informer.on('add', tell)
    informer.on('update', tell)
    informer.on('delete', tell)
    informer.start()
    void informer.synced.then(() => {
      one.isSynced = true
      tell()
    })
    return one
  }

  function use(key: string, kind: Kind, namespace: string, name: string, user: () => void): Watched {
    const one = watched.get(key) ?? watchOne(kind, namespace, name)
    watched.set(key, one)
    one.users.add(user)
    return one
  }

  function leave(key: string, user: () => void): void {
    const one = watched.get(key)
    one?.users.delete(user)
    if (!one || one.users.size > 0) return
    one.informer.stop()
    watched.delete(key)
  }

  return {
    watch(namespace, { configMaps, secrets }, known, onChange) {
      const names: readonly (readonly [Kind, string])[] = [
        ...configMaps.map(name => ['ConfigMap', name] as const),
        ...secrets.map(name => ['Secret', name] as const),
      ].filter(([kind, name]) => !inLookup(known, kind, name)?.immutable)
      const keyOf = (kind: Kind, name: string): string => `${kind}/${namespace}/${name}`
      const told = new Map(names.map(([kind, name]) => [keyOf(kind, name), versionOf(inLookup(known, kind, name))]))
      const present = (kind: Kind, name: string): Named | undefined => {
        const one = watched.get(keyOf(kind, name))
        return one?.isSynced ? one.informer.get(namespace, name) : inLookup(known, kind, name)
      }
      let isStopped = false
      const check = (): void => {
        if (isStopped) return
        let isNew = false
        for (const [kind, name] of names) {
          const key = keyOf(kind, name)
          const version = versionOf(present(kind, name))
          if (told.get(key) === version) continue
          told.set(key, version)
          isNew = true
        }
        if (!isNew) return
        onChange({
          configMap: name => present('ConfigMap', name) as ConfigMap | undefined,
          secret: name => present('Secret', name) as Secret | undefined,
        })
      }
      for (const [kind, name] of names) use(keyOf(kind, name), kind, namespace, name, check)
      // What is watched for another pod is known already.
      queueMicrotask(check)
      return () => {
        isStopped = true
        for (const [kind, name] of names) leave(keyOf(kind, name), check)
      }
    },
    stop() {
      for (const { informer } of watched.values()) informer.stop()
      watched.clear()
    },
  }
}
