/**
 * Keys that wait to be worked on (client-go's util/workqueue): a key that is added again while it waits is there once, one that is added
 * while it is worked on comes again after that, so no key is ever in two hands. Failed keys come back after 5, 10, 20, … ms.
 */
import type { Clock } from '../base/clock.ts'

export interface WorkQueue {
  add(key: string): void
  /** Adds after a while; the earlier of two times wins. */
  addAfter(key: string, delayMs: number): void
  /** Adds after a delay that doubles with each failure since `forget`. */
  addRateLimited(key: string): void
  forget(key: string): void
  /** The next key, when there is one; undefined once the queue is stopped. Whoever takes it says `done`. */
  take(): Promise<string | undefined>
  done(key: string): void
  readonly length: number
  stop(): void
}

export interface WorkQueueOptions {
  readonly clock: Clock
  readonly firstDelayMs?: number
  readonly maxDelayMs?: number
}

export function createWorkQueue({ clock, firstDelayMs = 5, maxDelayMs = 60_000 }: WorkQueueOptions): WorkQueue {
  /** Insertion order is the order of work. */
  const waiting = new Set<string>()
  const inWork = new Set<string>()
  /** Added while in work. */
  const again = new Set<string>()
  const failures = new Map<string, number>()
  const delayed = new Map<string, { readonly at: number; readonly cancel: () => void }>()
  const takers: ((key: string | undefined) => void)[] = []
  let stopped = false

  function add(key: string): void {
    if (stopped) return
    if (inWork.has(key)) again.add(key)
    else {
      waiting.add(key)
      hand()
    }
  }

  function hand(): void {
    for (const key of waiting) {
      const taker = takers.shift()
      if (taker === undefined) return
      waiting.delete(key)
      inWork.add(key)
      taker(key)
    }
  }

  function addAfter(key: string, delayMs: number): void {
    if (stopped) return
    if (delayMs <= 0) {
      add(key)
      return
    }
    const at = clock.monotonicMs() + delayMs
    const planned = delayed.get(key)
    if (planned && planned.at <= at) return
    planned?.cancel()
    const cancel = clock.after(delayMs, () => {
      delayed.delete(key)
      add(key)
    })
    delayed.set(key, { at, cancel })
  }

  return {
    add,
    addAfter,
    addRateLimited(key) {
      const count = failures.get(key) ?? 0
      failures.set(key, count + 1)
      addAfter(key, Math.min(maxDelayMs, firstDelayMs * 2 ** count))
    },
    forget: key => void failures.delete(key),
    take() {
      if (stopped) return Promise.resolve(undefined)
      return new Promise(resolve => {
        takers.push(resolve)
        hand()
      })
    },
    done(key) {
      inWork.delete(key)
      if (again.delete(key)) add(key)
    },
    get length() {
      return waiting.size
    },
    stop() {
      stopped = true
      for (const { cancel } of delayed.values()) cancel()
      delayed.clear()
      waiting.clear()
      for (const taker of takers.splice(0)) taker(undefined)
    },
  }
}
