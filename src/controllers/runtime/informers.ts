/** The informers of all controllers, one a kind (client-go's shared informer factory), and the way back into their caches. */
import type { Clock } from '../../base/clock.ts'
import { createInformer, type Informer } from '../../client/informer.ts'
import type { KubeApi } from '../../client/kube-api.ts'
import type { KubeObject, ObjectRef, UnknownObject } from '../../kube/object.ts'
import { isApiError } from '../../kube/status.ts'

export interface Informers {
  /** Made on first demand; started by `start`, or at once after that. */
  of<T extends KubeObject>(apiVersion: string, kind: string): Informer<T>
  /** Starts all that were asked for. */
  start(): void
  /** The kind is served from now on: its informer need not wait. */
  served(apiVersion: string, kind: string): void
  /** Ends the informer of a kind that is no longer served. */
  drop(apiVersion: string, kind: string): void
  assume(object: KubeObject): void
  assumeDeleting(ref: ObjectRef, uid: string | undefined, deletionTimestamp: string): void
  stop(): void
}

export function createInformers(api: KubeApi, clock: Clock, log: (line: string) => void): Informers {
  const all = new Map<string, Informer<UnknownObject>>()
  let started = false
  const key = (apiVersion: string, kind: string): string => `${apiVersion} ${kind}`

  return {
    of<T extends KubeObject>(apiVersion: string, kind: string): Informer<T> {
      const known = all.get(key(apiVersion, kind))
      if (known) return known as unknown as Informer<T>
      const onError = (error: unknown): void => {
        // A kind that is not served yet is waited for; `served` tells when it is.
        if (!isApiError(error, 'NotFound')) log(`watch ${kind}: ${(error as Error).message}`)
      }
      const made = createInformer<UnknownObject>(api, { apiVersion, kind }, { clock, onError })
      all.set(key(apiVersion, kind), made)
      if (started) made.start()
      return made as unknown as Informer<T>
    },
    start() {
      started = true
      startInOrder(all)
    },
    served: (apiVersion, kind) => all.get(key(apiVersion, kind))?.retry(),
    drop(apiVersion, kind) {
      all.get(key(apiVersion, kind))?.stop()
      all.delete(key(apiVersion, kind))
    },
    assume: object => all.get(key(object.apiVersion, object.kind))?.assume(object as UnknownObject),
    assumeDeleting(ref, uid, deletionTimestamp) {
      all.get(key(ref.apiVersion, ref.kind))?.assumeDeleting(ref.namespace, ref.name, uid, deletionTimestamp)
    },
    stop() {
      for (const informer of all.values()) informer.stop()
    },
  }
}

/**
 * Pods are listed after the Jobs: a Job's status never names a pod as uncounted that the view of pods is too old to know, or that pod would
 * be taken for gone, and counted again when it appears (controllers/kubernetes/job/tally.ts).
 */
function startInOrder(all: ReadonlyMap<string, Informer<UnknownObject>>): void {
  const jobs = all.get('batch/v1 Job')
  for (const [key, informer] of all) {
    if (key === 'v1 Pod' && jobs) void jobs.synced.then(() => informer.start())
    else informer.start()
  }
}
