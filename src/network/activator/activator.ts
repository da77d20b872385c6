/**
 * Scales from zero and to zero: while a Service that asks for it has no pods, its connections are led here and wait; the first one has its target
 * scaled to one. When nobody talked for as long as it says, the target is scaled to none.
 */
import type { Clock } from '../../base/clock.ts'
import type { EventRecorder } from '../../client/events.ts'
import type { KubeApi } from '../../client/kube-api.ts'
import type { Service } from '../../kube/core.ts'
import type { KubeObject } from '../../kube/object.ts'
import type { Activations, Backend, Forwarding } from '../services/forwarding.ts'
import { type Holding, holdConnections } from './hold-connections.ts'
import { type Activity, activityAfter, isIdle, type ScaledService, scaledServices } from './scaled-service.ts'

export interface ActivatorOptions {
  readonly api: KubeApi
  readonly clock: Clock
  readonly events: EventRecorder
  /** Where connections wait: an address that the proxy reaches. */
  readonly address: string
  /** Of the proxy, by forwarding. */
  readonly traffic: () => Promise<ReadonlyMap<string, number>>
  readonly log: (message: string) => void
}

export interface Activator {
  /** What the Services ask for now. Resolves when their connections can be taken. */
  follow(services: readonly Service[]): Promise<void>
  /** Where connections of Services without pods go. */
  activations(): Activations
  /** Who serves now: connections that wait are led there. */
  serve(forwardings: readonly Forwarding[]): void
  close(): void
}

/** A client that waits for a program to start; most give up by themselves before. */
const PATIENCE_MS = 60_000
const WAKE_AGAIN_MS = 1_000
/** How often silence is looked for: four times in the time that is asked for, within bounds. */
const LOOKS = 4
const LOOK_BOUNDS_MS = { least: 250, most: 5_000 }

type Scalable = KubeObject & { readonly spec?: { readonly replicas?: number } }

const targetKey = ({ target }: ScaledService): string => `${target.kind}/${target.namespace}/${target.name}`
const refOf = ({ target }: ScaledService) => ({ apiVersion: 'apps/v1', ...target })

export function createActivator({ api, clock, events, address, traffic, log }: ActivatorOptions): Activator {
  const holdings = new Map<string, Holding>()
  const wakenAt = new Map<string, number>()
  let scaled: readonly ScaledService[] = []
  let backends: ReadonlyMap<string, readonly Backend[]> = new Map()
  let activity: ReadonlyMap<string, Activity> = new Map()
  let told = new Set<string>()
  let cancel: (() => void) | undefined
  let isClosed = false

  async function setReplicas(
    one: ScaledService,
    replicas: number,
    isWanted: (present: number) => boolean,
  ): Promise<void> {
    const ref = refOf(one)
    const { spec } = await api.get<Scalable>(ref)
    if (isWanted(spec?.replicas ?? 1)) await api.patch(ref, 'merge', { spec: { replicas } })
  }

  function wake(key: string): void {
    const one = scaled.find(({ keys }) => keys.includes(key))
    if (!one) return
    const target = targetKey(one)
    const now = clock.monotonicMs()
    if (now - (wakenAt.get(target) ?? Number.NEGATIVE_INFINITY) < WAKE_AGAIN_MS) return
    wakenAt.set(target, now)
    setReplicas(one, 1, present => present === 0).catch((error: Error) => {
      const message = `cannot scale ${one.target.kind} ${one.target.name} from zero: ${error.message}`
      events.event(one.service, 'Warning', 'FailedToScale', message)
      log(message)
    })
  }

  async function hold(key: string): Promise<void> {
    const current = (): readonly Backend[] => backends.get(key) ?? []
    holdings.set(
      key,
      await holdConnections({
        address,
        backends: current,
        wake: () => wake(key),
        patienceMs: PATIENCE_MS,
        after: clock.after,
      }),
    )
  }

  function lookLater(): void {
    cancel?.()
    cancel = undefined
    const shortest = Math.min(...scaled.map(({ idleMs }) => idleMs ?? Number.POSITIVE_INFINITY))
    if (isClosed || !Number.isFinite(shortest)) return
    const pause = Math.min(LOOK_BOUNDS_MS.most, Math.max(LOOK_BOUNDS_MS.least, shortest / LOOKS))
    cancel = clock.after(pause, () => {
      void look()
        .catch((error: Error) => log(`scale to zero: ${error.message}`))
        .finally(lookLater)
    })
  }

  async function look(): Promise<void> {
    const counts = await traffic()
    const now = clock.monotonicMs()
    const idle = scaled.filter(({ idleMs }) => idleMs !== undefined)
    const sum = ({ keys }: ScaledService): number =>
      keys.reduce((all, key) => all + (counts.get(key) ?? 0) + (holdings.get(key)?.numBytes() ?? 0), 0)
    const isServed = ({ keys }: ScaledService): boolean => keys.some(key => (backends.get(key) ?? []).length > 0)
    const isWaitedFor = ({ keys }: ScaledService): boolean =>
      keys.some(key => (holdings.get(key)?.numWaiting() ?? 0) > 0)
    // Its silence begins when it serves: a program that starts slowly is not idle.
    const busy = new Set(idle.filter(one => isWaitedFor(one) || !isServed(one)).map(targetKey))
    const sums = new Map<string, number>()
    for (const one of idle) sums.set(targetKey(one), (sums.get(targetKey(one)) ?? 0) + sum(one))
    activity = activityAfter(activity, sums, busy, now)
    for (const one of idle) {
      if (!isServed(one) || !isIdle(activity.get(targetKey(one)), one.idleMs ?? 0, now)) continue
      await setReplicas(one, 0, present => present > 0)
    }
  }

  return {
    async follow(services) {
      const found = scaledServices(services)
      scaled = found.scaled
      const before = told
      told = new Set(found.misunderstood.map(({ message }) => message))
      for (const { service, message } of found.misunderstood) {
        if (!before.has(message)) events.event(service, 'Warning', 'InvalidAnnotation', message)
      }
      const wanted = new Set(scaled.flatMap(({ keys }) => keys))
      for (const [key, holding] of holdings) {
        if (wanted.has(key)) continue
        holding.close()
        holdings.delete(key)
      }
      await Promise.all([...wanted].filter(key => !holdings.has(key)).map(hold))
      if (cancel === undefined) lookLater()
    },
    activations: () => new Map([...holdings].map(([key, { port }]) => [key, { address, port }] as const)),
    serve(forwardings) {
      const present = new Map(forwardings.map(each => [each.key, each.backends]))
      backends = new Map([...holdings.keys()].map(key => [key, present.get(key) ?? []]))
      for (const holding of holdings.values()) holding.look()
    },
    close() {
      isClosed = true
      cancel?.()
      for (const holding of holdings.values()) holding.close()
    },
  }
}
