/**
 * The loop that all controllers share: take a key, reconcile it, forget it or bring it back. A key is in one hand at a time; a failed
 * one comes back with a growing delay and is decided anew (controller-runtime's internal/controller).
 */
import type { WorkQueue } from '../../client/work-queue.ts'
import { isApiError } from '../../kube/status.ts'

export interface Controller {
  readonly name: string
  readonly queue: WorkQueue
  /** Resolves when the views that decisions rest on are complete. */
  readonly ready: () => Promise<unknown>
  /** Brings one object nearer to what is wanted; gives the milliseconds after which to look again, if time alone changes something. */
  readonly reconcile: (key: string) => Promise<number | undefined>
  /** Keys that are worked on at once. */
  readonly workers?: number
  readonly log: (line: string) => void
}

export interface RunningController {
  /** Resolves when what was in hand is done. */
  stop(): Promise<void>
}

export function runController({ name, queue, ready, reconcile, workers = 5, log }: Controller): RunningController {
  async function work(): Promise<void> {
    for (let key = await queue.take(); key !== undefined; key = await queue.take()) {
      try {
        const afterMs = await reconcile(key)
        queue.forget(key)
        if (afterMs !== undefined) queue.addAfter(key, afterMs)
      } catch (error) {
        queue.addRateLimited(key)
        // Losing a race is an ordinary day: the newer view decides.
        if (!isApiError(error, 'Conflict', 'AlreadyExists')) log(`${name} ${key}: ${described(error)}`)
      } finally {
        queue.done(key)
      }
    }
  }

  let working: Promise<unknown> = Promise.resolve()
  void ready().then(() => {
    working = Promise.all(Array.from({ length: workers }, work))
  })
  return {
    async stop() {
      queue.stop()
      await working
    },
  }
}

/** An answer of the API by its message; anything else is a bug of ours and needs its stack. */
const described = (error: unknown): string =>
  isApiError(error) ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error)
