/**
 * How long a container that ended waits until it is started again: not at all the first time, then 10, 20, 40 … 300 s; forgotten after ten
 * minutes without an end (client-go's util/flowcontrol Backoff as the kubelet uses it, kuberuntime_manager.go doBackOff). Pure; times are
 * monotonic milliseconds.
 */
export interface BackOff {
  readonly delayMs: number
  /** When it was last started because of this. */
  readonly updatedMs: number
}

/** KubeletConfiguration's `crashLoopBackOff.maxContainerRestartPeriod`, and the first delay, which is never longer. */
export interface BackOffLimits {
  readonly firstMs: number
  readonly maxMs: number
}

const FIRST_MS = 10_000
export const UPSTREAM_LIMITS: BackOffLimits = { firstMs: FIRST_MS, maxMs: 300_000 }
const FORGET_MS = 600_000

/** `5s`, `2m`: one to three hundred seconds, as the kubelet allows; undefined for anything else. */
export function limitsOf(maxPeriod: string): BackOffLimits | undefined {
  const [, number, unit] = /^(\d+)(s|m)$/.exec(maxPeriod) ?? []
  const maxSeconds = Number(number) * (unit === 'm' ? 60 : 1)
  if (!(maxSeconds >= 1 && maxSeconds <= 300)) return undefined
  return { firstMs: Math.min(FIRST_MS, maxSeconds * 1000), maxMs: maxSeconds * 1000 }
}

const isForgotten = ({ updatedMs }: BackOff, atMs: number): boolean => atMs - updatedMs > FORGET_MS

/** When a container that ended at `endedMs` may be started again. */
export const restartAtMs = (backOff: BackOff | undefined, endedMs: number): number =>
  backOff && !isForgotten(backOff, endedMs) ? endedMs + backOff.delayMs : endedMs

/** The state after a restart at `nowMs` of a container that ended at `endedMs`. */
export const afterRestart = (
  backOff: BackOff | undefined,
  endedMs: number,
  nowMs: number,
  { firstMs, maxMs } = UPSTREAM_LIMITS,
): BackOff => ({
  delayMs: backOff && !isForgotten(backOff, endedMs) ? Math.min(maxMs, backOff.delayMs * 2) : firstMs,
  updatedMs: nowMs,
})

/** What it must be after so many restarts, for an agent that was not there. */
export const afterRestarts = (
  restarts: number,
  lastStartMs: number,
  { firstMs, maxMs } = UPSTREAM_LIMITS,
): BackOff | undefined =>
  restarts === 0 ? undefined : { delayMs: Math.min(maxMs, firstMs * 2 ** (restarts - 1)), updatedMs: lastStartMs }
