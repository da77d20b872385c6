/**
 * A few Node processes that wait, each inside a sandbox of its own, for a container to become. One is used once: it lives and dies with
 * the container. New ones are started a little after one was taken, so that the pod on its way does not share its cores with them.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock } from '../../../base/clock.ts'
import { programPath } from '../../../base/package-root.ts'
import type { Sandbox } from '../../sandbox/sandbox.ts'
import type { ProcessEnd, Spawner } from '../../spawner/spawner-client.ts'
import type { Preload } from './hand-over.ts'

/** A process that waits. */
export interface WarmSlot {
  readonly process: string
  readonly folder: string
  /** From now on the end of the process is the end of a container. False: it has ended already. */
  use(onExit: (end: ProcessEnd) => void): boolean
  /** It is not needed after all; its sandbox stays. */
  discard(): void
}

export interface WarmPool {
  /** One that is ready, with its sandbox; undefined when there is none. */
  take(): { readonly slot: WarmSlot; readonly sandbox: Sandbox } | undefined
  /** Begins to fill. */
  start(): void
  stop(): Promise<void>
}

export interface WarmPoolOptions {
  readonly spawner: Spawner
  readonly clock: Clock
  readonly stateDir: string
  readonly size: number
  readonly preloads: readonly Preload[]
  /** What every container's environment begins with; read by Node at its start. */
  readonly env: Readonly<Record<string, string>>
  readonly newSandbox: () => Promise<Sandbox>
  readonly log: (message: string) => void
  readonly program?: string
}

interface Waiting {
  readonly slot: WarmSlot
  readonly sandbox: Sandbox
  isReady: boolean
}

/** Node's start takes about 55 ms of one core: by then the pod that took one has printed its first line. */
const REFILL_AFTER_MS = 30
const RETRY_AFTER_MS = 5_000

export function createWarmPool(options: WarmPoolOptions): WarmPool {
  const { spawner, clock, stateDir, size, preloads, env, newSandbox, log } = options
  const home = join(stateDir, 'warm')
  const waiting = new Set<Waiting>()
  let starting = 0
  let serial = 0
  let stopped = false
  let cancel = (): void => {}

  function refill(): void {
    while (!stopped && waiting.size + starting < size) {
      starting++
      void add()
        .catch((error: Error) => {
          log(`a warm process could not be started: ${error.message}`)
          refillAfter(RETRY_AFTER_MS)
        })
        .finally(() => starting--)
    }
  }

  function refillAfter(ms: number): void {
    cancel()
    cancel = clock.after(ms, refill)
  }

  async function add(): Promise<void> {
    const sandbox = await newSandbox()
    const process = `warm-${clock.now().toString(36)}-${serial++}`
    const folder = join(home, process)
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    const entry: Waiting = { slot: slotOf(process, folder), sandbox, isReady: false }
    let container: ((end: ProcessEnd) => void) | undefined
    let hasEnded = false

    function slotOf(process: string, folder: string): WarmSlot {
      return {
        process,
        folder,
        use(onExit) {
          container = onExit
          return !hasEnded
        },
        discard() {
          void spawner.signal(process, 'SIGKILL')
          rmSync(folder, { recursive: true, force: true })
        },
      }
    }
    function onExit(end: ProcessEnd): void {
      hasEnded = true
      container?.(end)
      if (!waiting.delete(entry)) return
      rmSync(folder, { recursive: true, force: true })
      void sandbox.destroy()
      if (stopped) return
      log(`a warm process ended with code ${end.code} before it was used`)
      refillAfter(RETRY_AFTER_MS)
    }

    const argv = [
      globalThis.process.execPath,
      options.program ?? programPath('warm.js'),
      home,
      ...preloads.map(each => each.module),
    ]
    waiting.add(entry)
    try {
      const start = { process, argv, env, cwd: sandbox.root, enter: sandbox.enter, folder, listens: true }
      await spawner.start(start, onExit, () => {
        entry.isReady = true
      })
    } catch (error) {
      waiting.delete(entry)
      void sandbox.destroy()
      throw error
    }
  }

  return {
    start() {
      rmSync(home, { recursive: true, force: true })
      mkdirSync(home, { recursive: true, mode: 0o700 })
      // Loaded once by every waiting process, so that both of Node's loaders have seen a file.
      writeFileSync(join(home, 'prime.mjs'), 'export {}\n')
      writeFileSync(join(home, 'prime.cjs'), '')
      refill()
    },
    take() {
      for (const entry of waiting) {
        if (!entry.isReady) continue
        waiting.delete(entry)
        refillAfter(REFILL_AFTER_MS)
        return entry
      }
      return undefined
    },
    async stop() {
      stopped = true
      cancel()
      await Promise.all([...waiting].map(({ slot }) => spawner.signal(slot.process, 'SIGKILL').catch(() => false)))
    },
  }
}
