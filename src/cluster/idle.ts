/**
 * When an embedded cluster may end by itself: nobody asked anything for a while and nothing runs. Time is monotonic, so that a clock that
 * is set forward ends nothing.
 */
import type { Clock } from '../base/clock.ts'

export interface Activity {
  /** Requests under way from outside, watches among them. */
  readonly open: number
  /** Monotonic milliseconds at which the last one ended. */
  readonly lastMs: number
  /** Pods that have not ended. */
  readonly livePods: number
}

/** How long the cluster may still wait; 0 when it should end now. Pure. */
export function idleForMs({ open, lastMs, livePods }: Activity, nowMs: number, timeoutMs: number): number {
  return open > 0 || livePods > 0 ? timeoutMs : Math.max(0, lastMs + timeoutMs - nowMs)
}

/** Calls `end` once when the cluster has been idle for `timeoutMs`; the returned function gives up on it. */
export function endWhenIdle(
  clock: Clock,
  timeoutMs: number,
  activity: () => Promise<Activity>,
  end: () => void,
): () => void {
  let isForgotten = false
  const look = async (): Promise<void> => {
    const wait = idleForMs(await activity(), clock.monotonicMs(), timeoutMs)
    if (isForgotten) return
    if (wait === 0) end()
    else clock.after(wait, () => void look())
  }
  void look()
  return () => {
    isForgotten = true
  }
}
