/** Sandboxes made ahead, so that a pod waits for none. One at a time is made, and only while nothing more urgent asks for one. */
import type { Clock } from '../../base/clock.ts'
import type { Sandbox, Sandboxes } from '../sandbox/sandbox.ts'

export interface SandboxPool {
  /** One that is ready, at once; undefined when there is none. */
  ready(): Sandbox | undefined
  /** One that is ready, or a new one. */
  take(): Promise<Sandbox>
  start(): void
  stop(): Promise<void>
}

export interface SandboxPoolOptions {
  readonly sandboxes: Sandboxes
  readonly size: number
  readonly clock: Clock
  readonly log: (message: string) => void
}

const RETRY_MS = 5_000

export function createSandboxPool({ sandboxes, size, clock, log }: SandboxPoolOptions): SandboxPool {
  const waiting: Sandbox[] = []
  let making: Promise<void> | undefined
  let isStarted = false
  let cancel = (): void => {}

  function fill(): void {
    making ??= make().finally(() => {
      making = undefined
    })
  }

  async function make(): Promise<void> {
    try {
      while (isStarted && waiting.length < size) waiting.push(await sandboxes.create())
    } catch (error) {
      log(`a sandbox could not be made: ${(error as Error).message}`)
      cancel = clock.after(RETRY_MS, fill)
    }
  }

  function ready(): Sandbox | undefined {
    for (;;) {
      const sandbox = waiting.shift()
      if (sandbox && isStarted) setImmediate(fill)
      if (!sandbox || sandbox.isCurrent()) return sandbox
      void sandbox.destroy()
    }
  }

  return {
    ready,
    take: async () => ready() ?? (await sandboxes.create()),
    start() {
      isStarted = true
      fill()
    },
    async stop() {
      isStarted = false
      cancel()
      await making
      await Promise.all(waiting.splice(0).map(sandbox => sandbox.destroy()))
    },
  }
}
