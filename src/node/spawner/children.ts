/**
 * The processes of containers: started, signalled, watched to their end. Each leads a session and a process group of its own, and whoever
 * is left in the group when the leader has ended is killed with it, as a container's processes are. Children tell their end by
 * themselves; adopted ones, which another spawner started, are looked at every 100 ms.
 */
import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process'
import { closeSync, openSync, writeSync } from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { LOG_FILE, STATUS_FILE, startedLine } from './container-record.ts'
import { openEnds } from './ends.ts'
import type { Lifeline } from './lifeline.ts'
import { isAlive, type ProcessIdentity, sendSignal, startTimeOf } from './process-identity.ts'
import type { Adoption, StartProcess } from './protocol.ts'

interface Watched extends ProcessIdentity {
  /** Its end of the channel, until it was handed something. */
  listener?: Duplex
  /** Another spawner's. */
  readonly adopted: boolean
  /** The agent holds its ends. */
  readonly held?: boolean
}

export interface Children {
  start(what: StartProcess): Promise<ProcessIdentity>
  handOver(process: string, line: string): void
  /**
   * The agent is gone. Whoever waits to be handed something has nobody left to wait for: it sees the end of its channel. What was run for
   * somebody who listened to it is killed.
   */
  dismiss(): void
  signal(process: string, signal: NodeJS.Signals): boolean
  /** Those of them that live. One that is known under another name gets the new name. */
  adopt(processes: readonly Adoption[]): readonly string[]
  list(): readonly Adoption[]
  /** Resolves when none is left. */
  killAll(graceMs: number): Promise<void>
}

export interface ChildrenOptions {
  readonly lifeline: Promise<Lifeline>
  readonly guardSeconds: number
  readonly onExit: (process: string, code: number) => void
  /** One that listens has written something to its descriptor 4. */
  readonly onReady: (process: string) => void
}

const LOOK_MS = 100
/** The descriptor of the first control group; a shell's redirections know one digit, so there is room for four. */
const FIRST_GROUP = 6
/** The shell's, for a command that it cannot start. */
const NOT_STARTED = 127

export function createChildren({ lifeline, guardSeconds, onExit, onReady }: ChildrenOptions): Children {
  const watched = new Map<string, Watched>()
  /** Names of children by number: they may be renamed by an adoption. */
  const names = new Map<number, string>()
  let looking: NodeJS.Timeout | undefined
  let idle: (() => void)[] = []

  function ended(pid: number, code: number): void {
    // The number is still the group's while it has members, so this reaches none but them.
    sendSignal(-pid, 'SIGKILL')
    const process = names.get(pid)
    names.delete(pid)
    if (process === undefined) return
    watched.get(process)?.listener?.destroy()
    watched.delete(process)
    onExit(process, code)
    if (watched.size === 0) for (const resolve of idle.splice(0)) resolve()
  }

  function watch(process: string, what: Watched): void {
    watched.set(process, what)
    names.set(what.pid, process)
  }

  function look(): void {
    let adopted = 0
    for (const each of [...watched.values()].filter(each => each.adopted)) {
      if (isAlive(each)) adopted++
      else ended(each.pid, 128 + constants.signals.SIGKILL)
    }
    if (adopted > 0) return
    clearInterval(looking)
    looking = undefined
  }

  async function start(what: StartProcess): Promise<ProcessIdentity> {
    const { fifo, script, reading, deathSignal } = await lifeline
    const groups = (what.joins ?? []).map(file => openSync(file, 'w'))
    const log = openSync(join(what.folder, LOG_FILE), 'a', 0o600)
    const status = openSync(join(what.folder, STATUS_FILE), 'a', 0o600)
    const ends = openEnds(what.ends ?? {})
    try {
      const groupWords = groups.map((_, i) => FIRST_GROUP + i).join(' ')
      const guarded = ['/bin/sh', script, fifo, String(guardSeconds), what.cwd, groupWords]
      const own = what.enter.length === 0 ? deathSignal : []
      const child = await forked([...what.enter, ...guarded, ...own, ...what.argv], what.env, [
        ends.stdin ?? 'ignore',
        ends.stdout ?? log,
        ends.stderr ?? log,
        reading,
        what.listens ? 'pipe' : 'ignore',
        status,
        ...groups,
      ])
      const identity = { pid: child.pid!, startTime: startTimeOf(child.pid!) ?? '' }
      writeSync(status, startedLine(identity))
      const listener = what.listens ? (child.stdio[4] as Duplex) : undefined
      listener?.on('error', () => {})
      listener?.once('data', () => onReady(what.process))
      watch(what.process, { ...identity, listener, adopted: false, held: what.ends?.stdout !== undefined })
      child.on('exit', (code, signal) => ended(identity.pid, code ?? 128 + constants.signals[signal!]))
      return identity
    } finally {
      closeSync(log)
      closeSync(status)
      for (const group of groups) closeSync(group)
      ends.close()
    }
  }

  return {
    start,
    handOver(process, line) {
      const listening = watched.get(process)
      if (!listening?.listener) throw new Error(`process ${process} does not listen`)
      listening.listener.end(`${line}\n`)
      delete listening.listener
    },
    dismiss() {
      for (const { listener, held, pid } of watched.values()) {
        listener?.destroy()
        if (held) sendSignal(-pid, 'SIGKILL')
      }
    },
    signal(process, signal) {
      const pid = watched.get(process)?.pid
      return pid !== undefined && sendSignal(-pid, signal)
    },
    adopt(processes) {
      const alive = processes.filter(each => {
        const known = names.get(each.pid)
        const present = known === undefined ? undefined : watched.get(known)
        if (known !== undefined && present) {
          watched.delete(known)
          watch(each.process, present)
          return true
        }
        if (!isAlive(each)) {
          sendSignal(-each.pid, 'SIGKILL')
          return false
        }
        watch(each.process, { pid: each.pid, startTime: each.startTime, adopted: true })
        looking ??= setInterval(look, LOOK_MS)
        return true
      })
      return alive.map(each => each.process)
    },
    list: () => [...watched].map(([process, { pid, startTime }]) => ({ process, pid, startTime })),
    async killAll(graceMs) {
      const none = new Promise<void>(resolve => {
        if (watched.size === 0) resolve()
        else idle.push(resolve)
      })
      for (const { pid } of watched.values()) sendSignal(-pid, 'SIGTERM')
      const killing = setTimeout(() => {
        for (const { pid } of watched.values()) sendSignal(-pid, 'SIGKILL')
      }, graceMs)
      await none
      clearTimeout(killing)
      idle = []
    },
  }
}

/** A process that leads a session of its own. */
function forked(argv: readonly string[], env: Readonly<Record<string, string>>, stdio: StdioOptions) {
  return new Promise<ChildProcess>((resolve, reject) => {
    const child = spawn(argv[0]!, argv.slice(1), { cwd: '/', env, stdio, detached: true })
    // Node tells of a failed exec asynchronously, but of a successful fork at once.
    if (child.pid === undefined)
      child.on('error', error => reject(new Error(`${argv[0]}: ${error.message} (${NOT_STARTED})`)))
    else resolve(child)
  })
}
