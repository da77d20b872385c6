/**
 * How the tries of one probe add up (the kubelet's prober/worker.go), pure. Two things are ours. Until a container's first success it is
 * asked every 50 ms, so that one that is up is known to be; failures count at most once a `periodSeconds` all the same. And nothing counts
 * against a container in its first second, since it is asked at once, where the kubelet's first question comes about that late.
 */
import type { Probe } from '../../kube/core.ts'

export interface ProbeCount {
  /** The result of the last tries that count, and how many of them there were in a row. */
  readonly last?: 'success' | 'failure'
  readonly run: number
  readonly hasSucceeded: boolean
  readonly lastFailureMs?: number
}

export interface Counted {
  readonly count: ProbeCount
  readonly counts: boolean
  /** A threshold is reached: this is what the probe says from now on. */
  readonly verdict?: 'success' | 'failure'
}

export const UNPROBED: ProbeCount = { run: 0, hasSucceeded: false }
/** Of a container that an earlier agent knew as good. */
export const PROBED: ProbeCount = { run: 0, hasSucceeded: true }

const SPARED_MS = 1_000
const RETRY_MS = 50
/** One that stays silent is asked less often: a hundredth of the time that it has been. */
const SILENCE_SHARE = 100
/** A command that takes long is not run all the time. */
const REST_SHARE = 4

export const periodMs = ({ periodSeconds = 10 }: Probe): number => periodSeconds * 1000
export const timeoutMs = ({ timeoutSeconds = 1 }: Probe): number => timeoutSeconds * 1000

const delayMs = ({ initialDelaySeconds = 0 }: Probe): number => initialDelaySeconds * 1000

export const firstTryMs = (probe: Probe, startedMs: number, nowMs: number): number =>
  Math.max(nowMs, startedMs + delayMs(probe))

export function afterTry(
  count: ProbeCount,
  result: 'success' | 'failure',
  probe: Probe,
  startedMs: number,
  nowMs: number,
): Counted {
  if (result === 'failure' && !failureCounts(count, probe, startedMs, nowMs)) return { count, counts: false }
  const run = count.last === result ? count.run + 1 : 1
  const { successThreshold = 1, failureThreshold = 3 } = probe
  const next: ProbeCount = {
    last: result,
    run,
    hasSucceeded: count.hasSucceeded || result === 'success',
    lastFailureMs: result === 'failure' ? nowMs : count.lastFailureMs,
  }
  const isReached = run >= (result === 'success' ? successThreshold : failureThreshold)
  return { count: next, counts: true, ...(isReached && { verdict: result }) }
}

function failureCounts({ hasSucceeded, lastFailureMs }: ProbeCount, probe: Probe, startedMs: number, nowMs: number) {
  if (hasSucceeded) return true
  if (nowMs < startedMs + Math.max(delayMs(probe), SPARED_MS)) return false
  return lastFailureMs === undefined || nowMs >= lastFailureMs + periodMs(probe)
}

/** When to ask again after a try that began at `triedMs` and ended now. */
export function nextTryMs(count: ProbeCount, probe: Probe, startedMs: number, triedMs: number, nowMs: number): number {
  const period = periodMs(probe)
  if (count.hasSucceeded) return Math.max(nowMs, triedMs + period)
  const silentMs = nowMs - startedMs - delayMs(probe)
  const pause = Math.max(RETRY_MS, silentMs / SILENCE_SHARE, (nowMs - triedMs) * REST_SHARE)
  return Math.max(nowMs, Math.min(triedMs + period, nowMs + pause))
}
