/** A clock that stands still until it is told to go on: for tests of whatever waits. */
import type { Clock } from '../base/clock.ts'

export interface ManualClock extends Clock {
  /** Lets time pass; what falls due runs in its order. */
  advance(ms: number): void
}

export function createManualClock(start = 0): ManualClock {
  let now = start
  let timers: { readonly at: number; readonly action: () => void }[] = []
  return {
    now: () => now,
    monotonicMs: () => now,
    after(delayMs, action) {
      const timer = { at: now + delayMs, action }
      timers.push(timer)
      return () => {
        timers = timers.filter(each => each !== timer)
      }
    },
    advance(ms) {
      const end = now + ms
      for (;;) {
        const due = timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0]
        if (!due) break
        timers = timers.filter(each => each !== due)
        now = Math.max(now, due.at)
        due.action()
      }
      now = end
    },
  }
}
