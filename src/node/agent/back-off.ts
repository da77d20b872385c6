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

const FIRST_MS = 10_000
const MAX_MS = 300_000
/** Twice the longest delay, as upstream. */
const FORGET_MS = 2 * MAX_MS

const isForgotten = ({ updatedMs }: BackOff, atMs: number): boolean => atMs - updatedMs > FORGET_MS

/** When a container that ended at `endedMs` may be started again. */
export const restartAtMs = (backOff: BackOff | undefined, endedMs: number): number =>
  backOff && !isForgotten(backOff, endedMs) ? endedMs + backOff.delayMs : endedMs

/** The state after a restart at `nowMs` of a container that ended at `endedMs`. */
export const afterRestart = (backOff: BackOff | undefined, endedMs: number, nowMs: number): BackOff => ({
  delayMs: backOff && !isForgotten(backOff, endedMs) ? Math.min(MAX_MS, backOff.delayMs * 2) : FIRST_MS,
  updatedMs: nowMs,
})

/** What it must be after so many restarts, for an agent that was not there. */
export const afterRestarts = (restarts: number, lastStartMs: number): BackOff | undefined =>
  restarts === 0 ? undefined : { delayMs: Math.min(MAX_MS, FIRST_MS * 2 ** (restarts - 1)), updatedMs: lastStartMs }
