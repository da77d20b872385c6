/**
 * Starting and stopping the embedded cluster. `up` is the fastest path of all, so this file loads nothing heavy: it starts the spawner,
 * which starts the server, and waits until cluster.json says that the port answers. Whether a cluster runs is told by the spawner's lock,
 * which names a process past its number: a state folder that a crash or a reboot left behind is no running cluster.
 */
import { readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { isSameShape, rememberedShape, rememberShape, type Shape, wordsOf } from '../cluster/shape.ts'
import { launchSpawner } from '../node/spawner/launch.ts'
import { lockOwner } from '../node/spawner/lock.ts'
import { livingParts } from '../node/spawner/part-record.ts'
import { sendSignal } from '../node/spawner/process-identity.ts'
import { EXIT, Exit } from './exit.ts'
import { bringUp, nodeFolders } from './node-folders.ts'
import { type ClusterInfo, isAlive, writtenCluster } from './state-folder.ts'

export interface StartOptions {
  readonly folder: string
  /** Only this port will do. */
  readonly port?: number
  readonly idleTimeoutSeconds?: number
  /** As last time unless given. */
  readonly shape?: Shape
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
  const mayBeReplaced = (): boolean => isAlive(writtenCluster(folder)?.pid) || survivorsOf(folder).length > 0
  const end = performance.now() + REPLACE_MS
  for (;;) {
    const ready = readyCluster(folder)
    if (ready || !mayBeReplaced() || performance.now() > end) return ready
    await turn(20)
  }
}

async function start(options: StartOptions): Promise<ClusterInfo> {
  const { folder, port, idleTimeoutSeconds } = options
  const from = logSize(folder)
  const remembered = rememberedShape(folder)
  const shape = options.shape ?? remembered
  if (!isSameShape(shape, remembered)) rememberShape(folder, shape)
  // What was taken down by itself comes up with all others.
  for (const node of nodeFolders(folder)) bringUp(node)
  const words = [
    ...wordsOf(shape),
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

async function sweepLeftovers(folder: string): Promise<void> {
  const nodes = nodeFolders(folder)
  const { hasLeftovers, sweep } = await import('../cluster/sweep.ts')
  if (hasLeftovers(folder, nodes)) await sweep(folder, nodes)
}

/** All programs of the cluster but the spawner of its folder: parts, and the nodes' spawners and agents. */
const survivorsOf = (folder: string): readonly { readonly pid: number; readonly startTime: string }[] => [
  ...livingParts(folder).values(),
  ...nodeFolders(folder).flatMap(node => [...livingParts(node).values(), ...ownerOf(node)]),
]

function ownerOf(node: string) {
  const owner = lockOwner(node)
  return owner ? [owner] : []
}

/**
 * Ends the cluster of the folder and waits until its programs are gone: the spawner ends them, and where it was killed, whoever replaces it.
 * False when none ran.
 */
export async function stopCluster(folder: string): Promise<boolean> {
  await settledCluster(folder)
  const begun = performance.now()
  const told = new Set<number>()
  const tell = (pid: number): void => {
    if (!told.has(pid)) sendSignal(pid, 'SIGTERM')
    told.add(pid)
  }
  for (let orphanedMs = begun; ; ) {
    const now = performance.now()
    const spawner = lockOwner(folder)
    const survivors = survivorsOf(folder)
    if (spawner) {
      tell(spawner.pid)
      orphanedMs = now
    } else if (survivors.length === 0) break
    else if (now - orphanedMs > REPLACE_MS) for (const { pid } of survivors) tell(pid)
    if (now - begun > STOP_MS) {
      const left = [spawner, ...survivors].flatMap(each => each?.pid ?? [])
      throw new Exit(
        EXIT.error,
        `the cluster in ${folder} (pid ${left.join(', ')}) has not ended after ${STOP_MS / 1000} s`,
      )
    }
    await turn(10)
  }
  // Left behind by programs that were killed.
  rmSync(join(folder, 'cluster.json'), { force: true })
  await sweepLeftovers(folder)
  return told.size > 0
}
