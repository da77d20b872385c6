/**
 * Keeps one program of the cluster running: started again at once when it ends, then after 100, 200, 400 ms … up to 10 s, until one lasts
 * for five seconds. What an earlier spawner started and still runs is taken over, and looked at every 250 ms.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { constants } from 'node:os'
import { claimPart, livingPart } from './part-record.ts'
import { isAlive, type ProcessIdentity, sendSignal, startTimeOf } from './process-identity.ts'
import { type PartReport, SERVER_EXIT } from './protocol.ts'

export interface PartSupervisor {
  readonly part: string
  /** Takes over the one that runs, or starts one. */
  start(): void
  /** Sends TERM, after `graceMs` KILL, and does not start it again. Resolves when it has ended. */
  stop(graceMs: number): Promise<void>
  readonly report: PartReport
}

export interface SupervisorOptions {
  readonly state: string
  readonly part: string
  readonly argv: readonly string[]
  readonly log: (message: string) => void
  /** It has ended and means it. Without this it is always started again. */
  readonly onFinished?: (exitCode: number) => void
}

const FIRST_DELAY_MS = 100
const MAX_DELAY_MS = 10_000
const STEADY_MS = 5_000
const LOOK_MS = 250

/** Pure: how long to wait before the start that follows `failures` ends in a row. */
export const restartDelayMs = (failures: number): number =>
  failures <= 1 ? 0 : Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** (failures - 2))

const isFinal = (code: number): boolean => code === SERVER_EXIT.stopped || code === SERVER_EXIT.unusable

export function supervisePart({ state, part, argv, log, onFinished }: SupervisorOptions): PartSupervisor {
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
    if (stopping) return
    const running = livingPart(state, part)
    if (running) adopt(running)
    else startNew()
  }

  function startNew(): void {
    startedAt = performance.now()
    const child: ChildProcess = spawn(argv[0]!, argv.slice(1), { stdio: ['ignore', 'inherit', 'inherit'] })
    pid = child.pid
    child.on('error', error => {
      log(`${part} cannot be started: ${error.message}`)
      if (child.pid === undefined) ended(127)
    })
    child.on('exit', (code, signal) => ended(code ?? 128 + constants.signals[signal!]))
    const startTime = pid === undefined ? undefined : startTimeOf(pid)
    // It ends, and then the one that was faster is taken over.
    if (pid !== undefined && startTime !== undefined && !claimPart(state, part, { pid, startTime }))
      child.kill('SIGKILL')
  }

  function ended(code: number): void {
    pid = undefined
    lastExitCode = code
    for (const resolve of waiting.splice(0)) resolve()
    if (stopping) return
    if (onFinished && isFinal(code)) onFinished(code)
    else startAgain(code)
  }

  function startAgain(code: number): void {
    failures = performance.now() - startedAt > STEADY_MS ? 1 : failures + 1
    restarts++
    const delay = restartDelayMs(failures)
    log(`${part} ended with code ${code}; starting it again${delay > 0 ? ` in ${delay} ms` : ''}`)
    if (delay === 0) start()
    else pending = setTimeout(start, delay)
  }

  function adopt(running: ProcessIdentity): void {
    pid = running.pid
    startedAt = performance.now()
    const looking = setInterval(() => {
      if (isAlive(running)) return
      clearInterval(looking)
      // Nobody but its parent learns how it ended, so it is taken for a crash; a server that meant it has asked for `shutdown`.
      ended(128 + constants.signals.SIGKILL)
    }, LOOK_MS)
  }

  return {
    part,
    start,
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
