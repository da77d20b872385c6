/** The processes of one pod, a container each, by the names that the spawner knows them by. */
import type { Clock } from '../../base/clock.ts'
import type { Spawner } from '../spawner/spawner-client.ts'

export interface PodProcesses {
  began(container: string, process: string): void
  ended(container: string): void
  signal(container: string, signal: NodeJS.Signals): void
  kill(): Promise<void>
  /** TERM, after `graceMs` KILL; resolves when all have ended. */
  stop(graceMs: number): Promise<void>
}

export function createPodProcesses(spawner: Spawner, clock: Clock): PodProcesses {
  const processes = new Map<string, string>()
  let onQuiet = (): void => {}

  /** One that has ended meanwhile is none to worry about. */
  async function send(process: string, signal: NodeJS.Signals): Promise<void> {
    await spawner.signal(process, signal).catch(() => false)
  }

  async function sendAll(signal: NodeJS.Signals): Promise<void> {
    await Promise.all([...processes.values()].map(process => send(process, signal)))
  }

  return {
    began: (container, process) => void processes.set(container, process),
    ended(container) {
      processes.delete(container)
      if (processes.size === 0) onQuiet()
    },
    signal(container, signal) {
      const process = processes.get(container)
      if (process !== undefined) void send(process, signal)
    },
    kill: () => sendAll('SIGKILL'),
    async stop(graceMs) {
      if (processes.size === 0) return
      const quiet = new Promise<void>(resolve => {
        onQuiet = resolve
      })
      await sendAll('SIGTERM')
      const cancel = clock.after(graceMs, () => void sendAll('SIGKILL'))
      await quiet
      cancel()
    },
  }
}
