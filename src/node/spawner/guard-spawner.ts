/**
 * Watches over a spawner for a part that forks nothing: when the spawner was killed, it is started again. All parts do that, each after a
 * time of its own, so that as a rule one of them acts; one too many would end at the lock.
 */
import { type Connection, openConnection } from './connection.ts'
import { relaunchSpawner } from './launch.ts'
import { socketPath } from './socket-path.ts'

export interface SpawnerGuard {
  /** Ends everything, this program included. */
  shutdown(): Promise<void>
  /** Called with the process id of each new spawner. */
  onReplaced(action: (pid: number) => void): void
  close(): void
}

export interface GuardOptions {
  readonly stateDir: string
  /** How long others may take before this one acts. */
  readonly patienceMs: number
  readonly log: (message: string) => void
}

const RETRY_MS = 20
const LAUNCH_AGAIN_MS = 5_000

const pause = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))
const DEAF = { exited: () => {}, ready: () => {} }

export function guardSpawner({ stateDir, patienceMs, log }: GuardOptions): SpawnerGuard {
  const replaced: ((pid: number) => void)[] = []
  let isClosed = false
  let current: Promise<Connection> = watch(false)

  async function watch(isLost: boolean): Promise<Connection> {
    let launchAt = performance.now() + (isLost ? patienceMs : LAUNCH_AGAIN_MS)
    for (;;) {
      try {
        const connection = await openConnection(socketPath(stateDir), DEAF)
        const { pid } = await connection.ask('hello', { role: 'client', pid: process.pid })
        if (isLost) for (const action of replaced) action(pid)
        void connection.closed.then(() => {
          if (isClosed) return
          log('the spawner went away')
          current = watch(true)
          current.catch(() => {})
        })
        return connection
      } catch (error) {
        if (isClosed) throw error
      }
      if (performance.now() >= launchAt) {
        relaunchSpawner(stateDir)
        launchAt = performance.now() + LAUNCH_AGAIN_MS
      }
      await pause(RETRY_MS)
    }
  }

  current.catch(() => {})
  return {
    async shutdown() {
      await (await current).ask('shutdown', {})
    },
    onReplaced: action => void replaced.push(action),
    close() {
      isClosed = true
      current.then(
        connection => connection.close(),
        () => {},
      )
    },
  }
}
