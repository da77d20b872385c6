/** Looks at the logs of running containers once a second: notes how far they are, and cuts those that are too long. */
import type { Clock } from '../../base/clock.ts'
import type { Lives } from './lives.ts'
import { endOf, extentOf, rotate } from './log-file.ts'

/** The kubelet's containerLogMaxSize; what came before is kept once more, so that a container's log takes 20 MiB at most. */
const MAX_BYTES = 10 * 1024 * 1024
const LOOK_MS = 1000

export interface LogKeeperOptions {
  readonly clock: Clock
  readonly lives: Lives
  readonly log: (message: string) => void
  readonly maxBytes?: number
}

export function keepLogsBounded({ clock, lives, log, maxBytes = MAX_BYTES }: LogKeeperOptions): { stop(): void } {
  let stopped = false
  let cancel = (): void => {}

  async function look(): Promise<void> {
    for (const folder of lives.running()) {
      const place = endOf(folder)
      lives.mark(folder, { at: clock.now(), place })
      if (place - extentOf(folder).start <= maxBytes) continue
      await rotate(folder, maxBytes).catch((error: Error) => log(`log in ${folder}: ${error.message}`))
    }
    again()
  }

  function again(): void {
    if (!stopped) cancel = clock.after(LOOK_MS, () => void look())
  }
  again()
  return {
    stop() {
      stopped = true
      cancel()
    },
  }
}
