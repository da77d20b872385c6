/**
 * Tells people what happened to an object (client-go's tools/record). An equal event is counted instead of written again, an object that
 * never stops talking is cut off, and writing never delays or fails whoever reports: events are best effort, as in Kubernetes.
 */
import { type Clock, formatTime } from '../base/clock.ts'
import type { Event } from '../kube/core.ts'
import type { KubeObject } from '../kube/object.ts'
import { isApiError } from '../kube/status.ts'
import type { KubeApi } from './kube-api.ts'

export interface EventRecorder {
  event(about: KubeObject, type: 'Normal' | 'Warning', reason: string, message: string): void
  /** Resolves when everything reported so far is written or given up. */
  flush(): Promise<void>
}

export interface EventRecorderOptions {
  readonly api: KubeApi
  readonly clock: Clock
  /** `scheduler`, `job-controller`: the source that `kubectl describe` prints. */
  readonly component: string
  readonly host?: string
}

/** Upstream's spam filter: 25 events an object at once, then one in five minutes (record/events_cache.go). */
const BURST = 25
const REFILL_MS = 300_000
const REMEMBERED = 4096
/** More than that waiting to be written: the newest are dropped (upstream: record/event.go, maxQueuedEvents). */
const MAX_WAITING = 1000
const WRITERS = 4
/** The API's limit on a note. */
const MAX_MESSAGE = 1024

interface Written {
  readonly namespace: string
  readonly name: string
  /** Resolves when the event exists: equal ones that come meanwhile wait for it instead of being written beside it. */
  readonly exists: Promise<unknown>
  count: number
}

export function createEventRecorder({ api, clock, component, host }: EventRecorderOptions): EventRecorder {
  const written = new Map<string, Written>()
  const buckets = new Map<string, { tokens: number; at: number }>()
  const waiting: (() => Promise<void>)[] = []
  const idle: (() => void)[] = []
  let writing = 0

  function hasToken(key: string): boolean {
    const now = clock.monotonicMs()
    const bucket = buckets.get(key) ?? { tokens: BURST, at: now }
    bucket.tokens = Math.min(BURST, bucket.tokens + (now - bucket.at) / REFILL_MS)
    bucket.at = now
    remember(buckets, key, bucket)
    if (bucket.tokens < 1) return false
    bucket.tokens--
    return true
  }

  async function write(about: KubeObject, type: 'Normal' | 'Warning', reason: string, message: string): Promise<void> {
    const key = [about.metadata.uid ?? about.metadata.name, type, reason, message].join('\0')
    const known = written.get(key)
    if (known) {
      known.count++
      const change = { count: known.count, lastTimestamp: formatTime(clock.now()) }
      try {
        await known.exists
        const { namespace, name } = known
        await api.patch({ apiVersion: 'v1', kind: 'Event', namespace, name }, 'merge', change)
        return
      } catch (error) {
        if (!isApiError(error, 'NotFound')) throw error
      }
    }
    const event = newEvent(about, type, reason, message)
    const { namespace = '', name = '' } = event.metadata
    const exists = api.create(event)
    remember(written, key, { namespace, name, exists, count: 1 })
    await exists.catch(error => {
      written.delete(key)
      throw error
    })
  }

  function newEvent(about: KubeObject, type: 'Normal' | 'Warning', reason: string, message: string): Event {
    const { name = '', uid, resourceVersion } = about.metadata
    // Events about objects without a namespace lie in `default`, where kubectl looks for them.
    const namespace = about.metadata.namespace || 'default'
    const now = formatTime(clock.now())
    // Other recorders name events about the same object in the same millisecond.
    const suffix = `${clock.now().toString(16)}${Math.random().toString(16).slice(2, 8).padEnd(6, '0')}`
    const { apiVersion, kind } = about
    return {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: `${name.slice(0, 230)}.${suffix}`, namespace },
      involvedObject: {
        apiVersion,
        kind,
        namespace: about.metadata.namespace,
        name,
        uid,
        ...(resourceVersion ? { resourceVersion } : {}),
      },
      type,
      reason,
      message: message.slice(0, MAX_MESSAGE),
      source: { component, ...(host ? { host } : {}) },
      firstTimestamp: now,
      lastTimestamp: now,
      count: 1,
      reportingComponent: component,
      reportingInstance: host ?? '',
    }
  }

  function pump(): void {
    while (writing < WRITERS && waiting.length > 0) {
      const job = waiting.shift()!
      writing++
      void job()
        .catch(() => {})
        .finally(() => {
          writing--
          pump()
          if (writing === 0 && waiting.length === 0) for (const resolve of idle.splice(0)) resolve()
        })
    }
  }

  return {
    event(about, type, reason, message) {
      if (waiting.length >= MAX_WAITING || !hasToken(`${about.kind} ${about.metadata.uid ?? about.metadata.name}`))
        return
      waiting.push(() => write(about, type, reason, message))
      // What is reported is seldom urgent; what the reporter does next may be.
      setImmediate(pump)
    },
    flush: () =>
      writing === 0 && waiting.length === 0 ? Promise.resolve() : new Promise(resolve => idle.push(resolve)),
  }
}

/** Keeps the most recently used. */
function remember<V>(map: Map<string, V>, key: string, value: V): void {
  map.delete(key)
  map.set(key, value)
  if (map.size <= REMEMBERED) return
  for (const oldest of map.keys()) {
    map.delete(oldest)
    return
  }
}
