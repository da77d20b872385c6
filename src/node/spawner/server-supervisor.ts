/**
 * Keeps the server process running: started again at once when it ends, then after 100, 200, 400 ms … up to 10 s, until one lasts for a
 * minute. A spawner that takes over from a killed one finds a server that runs already, and looks at it every 250 ms.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { constants } from 'node:os'
import { isAlive, sendSignal, startTimeOf } from './process-identity.ts'
import { SERVER_EXIT } from './protocol.ts'

export interface ServerSupervisor {
  start(): void
  /** Takes over a server that another spawner started. */
  adopt(pid: number): void
  /** Sends TERM, after `graceMs` KILL, and does not start it again. Resolves when it has ended. */
  stop(graceMs: number): Promise<void>
  readonly report: { readonly pid?: number; readonly restarts: number; readonly lastExitCode?: number }
}

export interface SupervisorOptions {
  /** Undefined: no server of ours (a test). */
  readonly argv: readonly string[] | undefined
  readonly log: (message: string) => void
  /** The server has ended and means it. */
  readonly onFinished: (exitCode: number) => void
}

const FIRST_DELAY_MS = 100
const MAX_DELAY_MS = 10_000
const STEADY_MS = 60_000
const LOOK_MS = 250

/** Pure: how long to wait before the start that follows `failures` ends in a row. */
export const restartDelayMs = (failures: number): number =>
  failures <= 1 ? 0 : Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** (failures - 2))

const isFinal = (code: number): boolean => code === SERVER_EXIT.stopped || code === SERVER_EXIT.unusable

export function superviseServer({ argv, log, onFinished }: SupervisorOptions): ServerSupervisor {
  let pid: number | undefined
  let restarts = 0
  let failures = 0
  let lastExitCode: number | undefined
  let startedAt = 0
  let stopping = false
  let pending: NodeJS.Timeout | undefined
  const waiting: (() => void)[] = []

  function start(): void {
    pending = undefined
    if (!argv || stopping) return
    startedAt = performance.now()
    const child: ChildProcess = spawn(argv[0]!, argv.slice(1), { stdio: ['ignore', 'inherit', 'inherit'] })
    pid = child.pid
    child.on('error', error => log(`the server cannot be started: ${error.message}`))
    child.on('exit', (code, signal) => ended(code ?? 128 + constants.signals[signal!]))
  }

  function ended(code: number): void {
    pid = undefined
    lastExitCode = code
    for (const resolve of waiting.splice(0)) resolve()
    if (stopping) return
    if (isFinal(code)) onFinished(code)
    else startAgain(code)
  }

  function startAgain(code: number): void {
    failures = performance.now() - startedAt > STEADY_MS ? 1 : failures + 1
    restarts++
    const delay = restartDelayMs(failures)
    log(`the server ended with code ${code}; starting it again${delay > 0 ? ` in ${delay} ms` : ''}`)
    if (delay === 0) start()
    else pending = setTimeout(start, delay)
  }

  function adopt(adopted: number): void {
    if (pid === adopted || stopping) return
    const startTime = startTimeOf(adopted)
    if (startTime === undefined) {
      // It ended while its spawner was away.
      if (pid === undefined && pending === undefined) start()
      return
    }
    clearTimeout(pending)
    pending = undefined
    pid = adopted
    startedAt = performance.now()
    const looking = setInterval(() => {
      if (isAlive({ pid: adopted, startTime })) return
      clearInterval(looking)
      // Nobody but its parent learns how it ended, so it is taken for a crash; a server that meant it has asked for `shutdown`.
      if (pid === adopted) ended(128 + constants.signals.SIGKILL)
    }, LOOK_MS)
  }

  return {
    start,
    adopt,
    async stop(graceMs) {
      stopping = true
      clearTimeout(pending)
      const running = pid
      if (running === undefined) return
      const gone = new Promise<void>(resolve => waiting.push(resolve))
      sendSignal(running, 'SIGTERM')
      const killing = setTimeout(() => sendSignal(running, 'SIGKILL'), graceMs)
      await gone
      clearTimeout(killing)
    },
    get report() {
      return { pid, restarts, lastExitCode }
    },
  }
}
