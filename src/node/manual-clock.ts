/** Time that a test moves by hand: what is due happens in order, and what that sets in motion gets its turn before the next. */
import type { Clock } from '../base/clock.ts'

export interface ManualClock extends Clock {
  advance(ms: number): Promise<void>
}

export function createManualClock(): ManualClock {
  const due: { atMs: number; action: () => void }[] = []
  let nowMs = 0
  const settle = (): Promise<void> => new Promise(resolve => setImmediate(resolve))
  return {
    now: () => nowMs,
    monotonicMs: () => nowMs,
    after(delayMs, action) {
      const timer = { atMs: nowMs + delayMs, action }
      due.push(timer)
      return () => {
        const at = due.indexOf(timer)
        if (at >= 0) due.splice(at, 1)
      }
    },
    async advance(ms) {
      const endMs = nowMs + ms
      await settle()
      for (;;) {
        due.sort((a, b) => a.atMs - b.atMs)
        const next = due[0]
        if (!next || next.atMs > endMs) break
        due.shift()
        nowMs = next.atMs
        next.action()
        await settle()
      }
      nowMs = endMs
    },
  }
}
