/**
 * The spawner as the server sees it. It is always there: when it was killed, this starts another one, which takes over the processes that
 * this client knows, and what was being asked is asked again. An exit that happened meanwhile is read from the process's record.
 */
import type { Clock } from '../../base/clock.ts'
import type { HostCommands } from '../../base/host-commands.ts'
import { type Connection, openConnection, SpawnerLost, type Told } from './connection.ts'
import { readRecord } from './container-record.ts'
import { lockOwner } from './lock.ts'
import type { ProcessIdentity } from './process-identity.ts'
import type { Answer, Ask, Operation, SpawnerReport, StartProcess } from './protocol.ts'
import { socketPath } from './socket-path.ts'

export interface ProcessEnd {
  readonly code: number
  /** The end was noticed, not told: only the record knows when it was. */
  readonly recordedAt?: number
}

export interface KnownProcess extends ProcessIdentity {
  readonly process: string
  /** Where its record lies. */
  readonly folder: string
}

export interface Spawner extends HostCommands {
  /** Resolves when the process is forked. `onExit` is called once, after that; `onReady` when one that listens says so. */
  start(what: StartProcess, onExit: (end: ProcessEnd) => void, onReady?: () => void): Promise<ProcessIdentity>
  /** One line to a process that listens; `folder` is where its record lies from now on. */
  handOver(process: string, line: string, folder: string): Promise<void>
  /** To the whole group of the process. False where it has ended. */
  signal(process: string, signal: NodeJS.Signals): Promise<boolean>
  /** Watches over what an earlier life of this program started; `onExit` is called for those that have ended as well. */
  adopt(known: KnownProcess, onExit: (end: ProcessEnd) => void): Promise<void>
  list(): Promise<SpawnerReport>
  /** Ends everything, this program included where the spawner started it. */
  shutdown(graceMs?: number): Promise<void>
  /** Of the present spawner. */
  readonly pid: number | undefined
  /** Called with the process id of each new spawner. */
  onReplaced(action: (pid: number) => void): void
  /** Leaves the spawner to itself: it ends after 15 s unless another agent comes. */
  close(): void
}

export interface SpawnerClientOptions {
  readonly stateDir: string
  readonly clock: Clock
  /** Starts another spawner; absent: somebody else does. */
  readonly launch?: () => void
  /** How long others may take to start one before this one does: as a rule one of many acts. */
  readonly patienceMs?: number
  /** A spawner that no agent needs any more ends; a client is none. */
  readonly role?: 'agent' | 'client'
  readonly log: (message: string) => void
}

interface Live {
  readonly onReady?: () => void
  readonly onExit: (end: ProcessEnd) => void
  /** Undefined while it is being started; an end that is told meanwhile waits in `end`. */
  known?: KnownProcess
  end?: ProcessEnd
  /** The present spawner did not start it, so only the record knows how it ended. */
  adopted?: boolean
}

const RETRY_MS = 10
/** A spawner takes about 60 ms to have its lock. */
const LAUNCH_AGAIN_MS = 1_000
const KILLED = 137

/** Not the clock's timer, which lets a program end: while the spawner is away nothing else may hold us. */
const pause = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))

export async function connectSpawner({
  stateDir,
  clock,
  launch,
  patienceMs = 0,
  role = 'agent',
  log,
}: SpawnerClientOptions): Promise<Spawner> {
  const live = new Map<string, Live>()
  const replaced: ((pid: number) => void)[] = []
  let closed = false
  let pid: number | undefined
  let current: Promise<Connection>

  function exited(process: string, end: ProcessEnd): void {
    const ended = live.get(process)
    if (!ended) return
    if (!ended.known) {
      ended.end = end
      return
    }
    live.delete(process)
    ended.onExit(end)
  }

  const told: Told = {
    exited(process, code) {
      const ended = live.get(process)
      if (ended?.adopted && ended.known) noticeEnd(ended.known)
      else exited(process, { code })
    },
    ready: process => live.get(process)?.onReady?.(),
  }

  function started(known: KnownProcess): void {
    const present = live.get(known.process)
    if (!present) return
    present.known = known
    if (present.end) exited(known.process, present.end)
  }

  async function connectAgain(lost: boolean): Promise<Connection> {
    let launchAt = clock.monotonicMs() + patienceMs
    for (;;) {
      try {
        const connection = await openConnection(socketPath(stateDir), told)
        pid = (await connection.ask('hello', { role, pid: process.pid })).pid
        if (lost) await takeOver(connection)
        void connection.closed.then(onLost)
        return connection
      } catch (error) {
        if (closed) throw error
      }
      if (clock.monotonicMs() >= launchAt) {
        // One that lives and does not listen yet is on its way; another one would end at its lock.
        if (lockOwner(stateDir) === undefined) launch?.()
        launchAt = clock.monotonicMs() + LAUNCH_AGAIN_MS
      }
      await pause(RETRY_MS)
    }
  }

  function onLost(): void {
    if (closed) return
    log('the spawner went away')
    current = connectAgain(true)
    current.then(
      () => {
        for (const action of replaced) if (pid !== undefined) action(pid)
      },
      () => {},
    )
  }

  async function takeOver(connection: Connection): Promise<void> {
    const known = [...live.values()].flatMap(each => each.known ?? [])
    for (const each of live.values()) each.adopted = true
    const processes = known.map(({ process, pid, startTime }) => ({ process, pid, startTime }))
    const { alive } = await connection.ask('adopt', { processes })
    for (const each of known.filter(each => !alive.includes(each.process))) noticeEnd(each)
  }

  function noticeEnd({ process, folder }: KnownProcess): void {
    const record = readRecord(folder)
    exited(process, { code: record?.exitCode ?? KILLED, recordedAt: record?.writtenAt })
  }

  /** Asks again where the spawner was lost: harmless for all that is asked through this. */
  async function ask<O extends Operation>(op: O, what: Ask<O>): Promise<Answer<O>> {
    for (;;) {
      const connection = await current
      try {
        return await connection.ask(op, what)
      } catch (error) {
        if (!(error instanceof SpawnerLost) || closed) throw error
        await connection.closed
      }
    }
  }

  /** A start that was lost on the way has happened if the record says so. */
  async function forked(what: StartProcess): Promise<{ identity: ProcessIdentity; isLost: boolean }> {
    for (;;) {
      const connection = await current
      try {
        return { identity: await connection.ask('start', what), isLost: false }
      } catch (error) {
        if (!(error instanceof SpawnerLost) || closed) throw error
        await connection.closed
        await current
        const wrapper = readRecord(what.folder)?.wrapper
        if (wrapper) return { identity: wrapper, isLost: true }
      }
    }
  }

  async function adopt(known: KnownProcess, onExit: (end: ProcessEnd) => void): Promise<void> {
    live.set(known.process, { onExit, known, adopted: true })
    const { process, pid, startTime } = known
    const { alive } = await ask('adopt', { processes: [{ process, pid, startTime }] })
    if (alive.length === 0) noticeEnd(known)
  }

  current = connectAgain(false)
  await current
  return {
    async start(what, onExit, onReady) {
      const { process, folder } = what
      live.set(process, { onExit, onReady })
      try {
        const { identity, isLost } = await forked(what)
        const known = { ...identity, process, folder }
        if (isLost) await adopt(known, onExit)
        // After our caller has gone on from its `await`, so that it hears of the start before the end.
        else setImmediate(started, known)
        return identity
      } catch (error) {
        live.delete(process)
        throw error
      }
    },
    async handOver(process, line, folder) {
      const present = live.get(process)
      if (!present?.known) throw new Error(`process ${process} has ended`)
      present.known = { ...present.known, folder }
      await (await current).ask('handOver', { process, line })
    },
    signal: async (process, signal) => live.has(process) && (await ask('signal', { process, signal })).sent,
    adopt,
    async run(argv, options = {}) {
      try {
        return await ask('run', { argv, ...options })
      } catch (error) {
        return { code: 127, stdout: '', stderr: (error as Error).message }
      }
    },
    list: () => ask('list', {}),
    async shutdown(graceMs) {
      await ask('shutdown', { graceMs })
    },
    get pid() {
      return pid
    },
    onReplaced: action => void replaced.push(action),
    close() {
      closed = true
      current.then(
        connection => connection.close(),
        () => {},
      )
    },
  }
}
