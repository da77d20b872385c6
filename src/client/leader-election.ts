/**
 * One of several at a time, by a Lease (client-go's tools/leaderelection, with its record, so that its users and we understand each other).
 * A holder renews; others watch the record stand still for its whole duration, by a clock of their own, before one of them takes it. The
 * server's resourceVersion lets one through. It guards against two that act for long, not against a moment's overlap: a write that must
 * not be made twice needs its own resourceVersion.
 */
import { type Clock, formatMicroTime } from '../base/clock.ts'
import type { ObjectRef } from '../kube/object.ts'
import { isApiError } from '../kube/status.ts'
import type { Lease } from '../kube/workloads.ts'
import type { KubeApi } from './kube-api.ts'

export interface LeaderElectionOptions {
  readonly api: KubeApi
  readonly clock: Clock
  readonly namespace: string
  readonly name: string
  /** Whoever comes back under the same identity goes on at once: it must be one process at a time. */
  readonly identity: string
  /** How long others wait for a holder that does not renew. */
  readonly leaseDurationMs?: number
  /** How long a holder tries to renew before it gives up being one. */
  readonly renewDeadlineMs?: number
  readonly retryPeriodMs?: number
  readonly onStarted: () => void
  /** It was the holder and is not any more: whatever it started must end. */
  readonly onStopped: () => void
  readonly onError?: (error: unknown) => void
}

export interface LeaderElection {
  /** Ends it; a holder gives the Lease back, so that the next one need not wait. Call it when what was started has ended. */
  stop(): Promise<void>
}

/** client-go's defaults, as kube-controller-manager and kube-scheduler have them. */
const LEASE_DURATION_MS = 15_000
const RENEW_DEADLINE_MS = 10_000
const RETRY_PERIOD_MS = 2_000
/** What is left of a Lease that was given back. */
const RELEASED_SECONDS = 1

type Spec = NonNullable<Lease['spec']>

/** What was read last, and since when it has not changed, by our own clock. */
export interface Observed {
  readonly lease: Lease
  readonly sinceMs: number
}

/** The record to write, or undefined while another one holds it. Pure. */
export function nextRecord(
  observed: Observed | undefined,
  { identity, leaseDurationMs }: { readonly identity: string; readonly leaseDurationMs: number },
  now: { readonly at: number; readonly monotonicMs: number },
): Spec | undefined {
  const time = formatMicroTime(now.at)
  const fresh = { holderIdentity: identity, leaseDurationSeconds: leaseDurationMs / 1000, renewTime: time }
  const { holderIdentity: holder, leaseDurationSeconds, acquireTime, leaseTransitions = 0 } = observed?.lease.spec ?? {}
  if (!observed) return { ...fresh, acquireTime: time, leaseTransitions: 0 }
  if (holder === identity) return { ...fresh, acquireTime: acquireTime ?? time, leaseTransitions }
  const patienceMs = (leaseDurationSeconds ?? leaseDurationMs / 1000) * 1000
  if (holder && now.monotonicMs < observed.sinceMs + patienceMs) return undefined
  return { ...fresh, acquireTime: time, leaseTransitions: leaseTransitions + 1 }
}

export function runForLeader(options: LeaderElectionOptions): LeaderElection {
  const { api, clock, namespace, name, identity, onStarted, onStopped, onError = () => {} } = options
  const {
    leaseDurationMs = LEASE_DURATION_MS,
    renewDeadlineMs = RENEW_DEADLINE_MS,
    retryPeriodMs = RETRY_PERIOD_MS,
  } = options
  const ref: ObjectRef = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', namespace, name }
  let observed: Observed | undefined
  let isLeader = false
  let renewedMs = 0
  let isStopped = false
  let cancel = (): void => {}
  let attempt: Promise<void> = Promise.resolve()

  function see(lease: Lease): void {
    // What we wrote ourselves looks changed, too: a holder's own clock starts with each renewal.
    if (lease.metadata.resourceVersion !== observed?.lease.metadata.resourceVersion) {
      observed = { lease, sinceMs: clock.monotonicMs() }
    }
  }

  async function read(): Promise<void> {
    try {
      see(await api.get<Lease>(ref))
    } catch (error) {
      if (!isApiError(error, 'NotFound')) throw error
      observed = undefined
    }
  }

  async function write(spec: Spec): Promise<void> {
    const metadata = observed?.lease.metadata ?? { namespace, name }
    const { apiVersion, kind } = ref
    const lease: Lease = { ...observed?.lease, apiVersion, kind, metadata, spec: { ...observed?.lease.spec, ...spec } }
    see(observed ? await api.update<Lease>(lease) : await api.create<Lease>(lease))
  }

  /** True when the Lease is ours now. */
  async function acquireOrRenew(): Promise<boolean> {
    // A holder writes without looking; when that fails somebody has changed it.
    if (!isLeader) await read()
    for (let looked = !isLeader; ; looked = true) {
      const spec = nextRecord(
        observed,
        { identity, leaseDurationMs },
        { at: clock.now(), monotonicMs: clock.monotonicMs() },
      )
      if (!spec) return false
      try {
        await write(spec)
        return true
      } catch (error) {
        if (looked || !isApiError(error, 'Conflict', 'NotFound', 'AlreadyExists')) throw error
        await read()
      }
    }
  }

  async function tryOnce(): Promise<void> {
    let isOurs = false
    const nowMs = clock.monotonicMs()
    try {
      isOurs = await acquireOrRenew()
      if (!isOurs && isLeader) renewedMs = Number.NEGATIVE_INFINITY
    } catch (error) {
      onError(error)
    }
    if (isStopped) return
    if (isOurs) {
      renewedMs = nowMs
      if (!isLeader) {
        isLeader = true
        onStarted()
      }
    } else if (isLeader && clock.monotonicMs() - renewedMs >= renewDeadlineMs) {
      isLeader = false
      onStopped()
    }
  }

  function goOn(): void {
    attempt = tryOnce().then(() => {
      if (!isStopped) cancel = clock.after(retryPeriodMs, goOn)
    })
  }

  goOn()
  return {
    async stop() {
      isStopped = true
      cancel()
      await attempt
      if (!isLeader || !observed) return
      isLeader = false
      const time = formatMicroTime(clock.now())
      const spec = { holderIdentity: '', leaseDurationSeconds: RELEASED_SECONDS, renewTime: time, acquireTime: time }
      await write(spec).catch(onError)
    },
  }
}
