/**
 * Starting and stopping the embedded cluster. `up` is the fastest path of all, so this file loads nothing heavy: it starts the spawner,
 * which starts the server, and waits until cluster.json says that the port answers.
 */
import { spawn } from 'node:child_process'
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { programPath } from '../base/package-root.ts'
import { EXIT, Exit } from './exit.ts'
import { type ClusterInfo, isAlive, runningCluster, writtenCluster } from './state-folder.ts'

export interface StartOptions {
  readonly folder: string
  readonly port?: number
  readonly idleTimeoutSeconds?: number
}

const READY_MS = 30_000
const STOP_MS = 40_000
const LOOK_EVERY_MS = 2
/** A cap on the spawner's heap: it must stay small, since starting a process costs in proportion to the starter's memory. */
const SPAWNER_HEAP = '--max-old-space-size=64'

/** The cluster that runs in the folder, started when there is none. */
export async function startCluster(
  options: StartOptions,
): Promise<{ readonly info: ClusterInfo; readonly started: boolean }> {
  const running = runningCluster(options.folder)
  if (running) return { info: running, started: false }
  return { info: await start(options), started: true }
}

async function start({ folder, port, idleTimeoutSeconds }: StartOptions): Promise<ClusterInfo> {
  mkdirSync(join(folder, 'logs'), { recursive: true, mode: 0o700 })
  const logPath = join(folder, 'logs', 'cluster.log')
  const log = openSync(logPath, 'a', 0o600)
  const from = statSync(logPath).size
  const args = [
    SPAWNER_HEAP,
    programPath('spawner.js'),
    '--state',
    folder,
    ...(port === undefined ? [] : ['--port', String(port)]),
    ...(idleTimeoutSeconds === undefined ? [] : ['--idle-timeout', String(idleTimeoutSeconds)]),
  ]
  const child = spawn(process.execPath, args, { detached: true, stdio: ['ignore', log, log] })
  closeSync(log)
  child.unref()
  let ended = false
  child.on('exit', () => {
    ended = true
  })
  child.on('error', () => {
    ended = true
  })
  const give = performance.now() + READY_MS
  while (performance.now() < give) {
    // Another `up` may have been faster: its cluster is as good as ours.
    const info = runningCluster(folder)
    if (info) return info
    if (ended && !(await othersStart(folder)))
      throw new Exit(EXIT.error, `the cluster did not start:\n${tail(logPath, from)}`)
    await turn()
  }
  throw new Exit(
    EXIT.error,
    `the cluster was not ready after ${READY_MS / 1000} s; ${logPath} says:\n${tail(logPath, from)}`,
  )
}

/** Our spawner has ended: either something is wrong, or another one holds the folder and is about to be ready. */
async function othersStart(folder: string): Promise<boolean> {
  for (let i = 0; i < 50; i++) {
    if (runningCluster(folder)) return true
    await turn(20)
  }
  return false
}

const turn = (milliseconds = LOOK_EVERY_MS): Promise<void> => new Promise(resolve => setTimeout(resolve, milliseconds))

/** What was logged since, as a person wants it: the last lines. */
function tail(path: string, from: number): string {
  if (!existsSync(path)) return ''
  return readFileSync(path).subarray(from).toString().trim().split('\n').slice(-20).join('\n')
}

/** Ends the cluster of the folder and waits until its processes are gone. False when none ran. */
export async function stopCluster(folder: string): Promise<boolean> {
  const written = writtenCluster(folder)
  const pids = [written?.spawnerPid, written?.pid].filter(pid => isAlive(pid)) as number[]
  if (pids.length === 0) return false
  for (const pid of pids) signal(pid, 'SIGTERM')
  const end = performance.now() + STOP_MS
  while (pids.some(isAlive)) {
    if (performance.now() > end) for (const pid of pids) signal(pid, 'SIGKILL')
    await turn(5)
  }
  return true
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch {
    // It ended by itself.
  }
}
