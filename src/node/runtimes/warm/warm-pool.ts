/**
 * A few Node processes that wait, each inside a sandbox of its own, for a container to become. One is used once: it lives and dies with
 * the container. New ones are started a little after one was taken, so that the pod on its way does not share its cores with them.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock } from '../../../base/clock.ts'
import { programPath } from '../../../base/package-root.ts'
import type { PodGroup } from '../../resources/enforcement.ts'
import type { Sandbox } from '../../sandbox/sandbox.ts'
import type { ProcessEnd, Spawner } from '../../spawner/spawner-client.ts'
import type { Preload } from './hand-over.ts'
import { startWaiting, type Waiting, type WarmSlot } from './warm-slot.ts'

export interface WarmPool {
  /** One that is ready, with its sandbox; undefined when there is none. */
  take(): { readonly slot: WarmSlot; readonly sandbox: Sandbox; readonly group: PodGroup } | undefined
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
  /** What will bound the pod; by name. */
  readonly openGroup: (name: string) => PodGroup
  readonly log: (message: string) => void
  readonly program?: string
}

/** Node's start takes about 55 ms of one core: by then the pod that took one has printed its first line. */
const REFILL_AFTER_MS = 30
const RETRY_AFTER_MS = 5_000

export function createWarmPool(options: WarmPoolOptions): WarmPool {
  const { spawner, clock, stateDir, size, preloads, env, newSandbox, openGroup, log } = options
  const home = join(stateDir, 'warm')
  const waiting = new Set<Waiting>()
  const starting = new Set<Promise<void>>()
  let serial = 0
  let isStopped = false
  let cancel = (): void => {}

  function refill(): void {
    while (!isStopped && waiting.size + starting.size < size) {
      const work = add()
        .catch((error: Error) => {
          log(`a warm process could not be started: ${error.message}`)
          refillAfter(RETRY_AFTER_MS)
        })
        .finally(() => starting.delete(work))
      starting.add(work)
    }
  }

  function refillAfter(ms: number): void {
    cancel()
    cancel = clock.after(ms, refill)
  }

  async function add(): Promise<void> {
    const sandbox = await newSandbox()
    const process = `warm-${clock.now().toString(36)}-${serial++}`
    const program = options.program ?? programPath('warm.js')
    const argv = [globalThis.process.execPath, program, home, ...preloads.map(each => each.module)]
    const group = openGroup(process)
    try {
      const folder = join(home, process)
      waiting.add(await startWaiting({ spawner, process, folder, argv, env, sandbox, group, onLost }))
    } catch (error) {
      await sandbox.destroy()
      group.remove()
      throw error
    }
  }

  function onLost(lost: Waiting, { code }: ProcessEnd): void {
    log(`a warm process ended with code ${code} before it was used`)
    waiting.delete(lost)
    void lost.end().catch((error: Error) => log(error.message))
    refillAfter(RETRY_AFTER_MS)
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
        if (!entry.isReady()) continue
        waiting.delete(entry)
        refillAfter(REFILL_AFTER_MS)
        if (!entry.sandbox.isCurrent()) {
          void entry.end()
          continue
        }
        return { slot: entry.slot, sandbox: entry.sandbox, group: entry.group }
      }
      return undefined
    },
    async stop() {
      isStopped = true
      cancel()
      await Promise.all(starting)
      await Promise.all([...waiting].map(each => each.end()))
      waiting.clear()
    },
  }
}
