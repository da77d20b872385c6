/** Time, handed in: decisions and tests never read the machine's clock themselves. */

/** Milliseconds since the epoch, as `Date.now()`. A wall clock may jump; use `monotonicMs` for durations. */
export type Instant = number

export interface Clock {
  /** Wall time, for what people read (timestamps of objects). */
  now(): Instant
  /** Milliseconds from an arbitrary start that never go back, for time-outs and back-off. */
  monotonicMs(): number
  /** Calls `action` once after `delayMs`; the returned function cancels it. Never keeps the process alive. */
  after(delayMs: number, action: () => void): () => void
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(delayMs, action) {
    const timer = setTimeout(action, delayMs)
    timer.unref()
    return () => clearTimeout(timer)
  },
}

/** Kubernetes' `metav1.Time`: seconds, UTC. */
export const formatTime = (instant: Instant): string => `${new Date(instant).toISOString().slice(0, 19)}Z`

/** Kubernetes' `metav1.MicroTime`, used by Leases and Events. */
export const formatMicroTime = (instant: Instant): string => `${new Date(instant).toISOString().slice(0, 23)}000Z`
