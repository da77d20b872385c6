/**
 * Starting and stopping the embedded cluster. `up` is the fastest path of all, so this file loads nothing heavy: it starts the spawner,
 * which starts the server, and waits until cluster.json says that the port answers. Whether a cluster runs is told by the spawner's lock,
 * which names a process past its number: a state folder that a crash or a reboot left behind is no running cluster.
 */
import { readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { launchSpawner } from '../node/spawner/launch.ts'
import { lockOwner } from '../node/spawner/lock.ts'
import { EXIT, Exit } from './exit.ts'
import { type ClusterInfo, isAlive, writtenCluster } from './state-folder.ts'

export interface StartOptions {
  readonly folder: string
  /** Only this port will do. */
  readonly port?: number
  readonly idleTimeoutSeconds?: number
}

const READY_MS = 30_000
const STOP_MS = 40_000
/** A server whose spawner was killed starts another one within this time. */
const REPLACE_MS = 2_000
const LOOK_EVERY_MS = 2

/** The cluster that runs in the folder, started when there is none. */
export async function startCluster(
  options: StartOptions,
): Promise<{ readonly info: ClusterInfo; readonly started: boolean }> {
  const running = await settledCluster(options.folder)
  if (running) return { info: running, started: false }
  return { info: await start(options), started: true }
}

/** Of a living spawner, and ready. */
function readyCluster(folder: string): ClusterInfo | undefined {
  const written = writtenCluster(folder)
  return written && written.spawnerPid === lockOwner(folder)?.pid ? written : undefined
}

/** The same, after a killed spawner has been replaced, if that is what goes on. */
async function settledCluster(folder: string): Promise<ClusterInfo | undefined> {
  const mayBeReplaced = (): boolean => isAlive(writtenCluster(folder)?.pid)
  const end = performance.now() + REPLACE_MS
  for (;;) {
    const ready = readyCluster(folder)
    if (ready || !mayBeReplaced() || performance.now() > end) return ready
    await turn(20)
  }
}

async function start({ folder, port, idleTimeoutSeconds }: StartOptions): Promise<ClusterInfo> {
  const from = logSize(folder)
  const words = [
    ...(port === undefined ? [] : ['--port', String(port)]),
    ...(idleTimeoutSeconds === undefined ? [] : ['--idle-timeout', String(idleTimeoutSeconds)]),
  ]
  const pid = launchSpawner({ stateDir: folder, words })
  const giveUp = performance.now() + READY_MS
  while (performance.now() < giveUp) {
    const ready = readyCluster(folder)
    if (ready) return ready
    // Ours ends when another `up` was faster: then that one's cluster is awaited.
    if (!isAlive(pid) && !lockOwner(folder)) {
      throw new Exit(EXIT.error, `the cluster did not start:\n${logSince(folder, from)}`)
    }
    await turn(LOOK_EVERY_MS)
  }
  throw new Exit(EXIT.error, `the cluster is not ready after ${READY_MS / 1000} s:\n${logSince(folder, from)}`)
}

const turn = (milliseconds: number): Promise<void> => new Promise(resolve => setTimeout(resolve, milliseconds))

const logPath = (folder: string): string => join(folder, 'logs', 'cluster.log')

const logSize = (folder: string): number => statSync(logPath(folder), { throwIfNoEntry: false })?.size ?? 0

/** As a person wants it: the last lines. */
const logSince = (folder: string, from: number): string =>
  readFileSync(logPath(folder)).subarray(from).toString().trim().split('\n').slice(-20).join('\n')

/** Ends the cluster of the folder and waits until its processes are gone. False when none ran. */
export async function stopCluster(folder: string): Promise<boolean> {
  await settledCluster(folder)
  const spawner = lockOwner(folder)
  const server = writtenCluster(folder)?.pid
  if (!spawner) {
    // Left behind by processes that were killed.
    rmSync(join(folder, 'cluster.json'), { force: true })
    return false
  }
  signal(spawner.pid, 'SIGTERM')
  const giveUp = performance.now() + STOP_MS
  while (lockOwner(folder)?.pid === spawner.pid || isAlive(server)) {
    if (performance.now() > giveUp) {
      throw new Exit(
        EXIT.error,
        `the cluster in ${folder} (pid ${spawner.pid}) has not ended after ${STOP_MS / 1000} s`,
      )
    }
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
