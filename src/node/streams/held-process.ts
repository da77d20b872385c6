/**
 * A process whose standard input and outputs the agent holds, over FIFOs: the spawner forks it and never sees a byte. Real pipes, so that
 * /dev/stdout works inside, a reader that is slow holds up the writer, and the end of either side is seen by the other.
 */
import { closeSync, constants, mkdirSync, openSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { Socket } from 'node:net'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import type { Clock } from '../../base/clock.ts'
import type { Spawner } from '../spawner/spawner-client.ts'
import { killWithDescendants } from './descendants.ts'

export interface HeldStart {
  /** Unique in the state folder. */
  readonly id: string
  /** For the FIFOs and the record; removed when the process has ended. */
  readonly folder: string
  readonly argv: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
  /** `Sandbox.enter`. */
  readonly enter: readonly string[]
  readonly stdin: boolean
}

export interface HeldProcess {
  readonly stdin?: Writable
  readonly stdout: Readable
  readonly stderr: Readable
  readonly ended: Promise<number>
  /** With all that it started. */
  kill(): void
}

const SILENT_MS = 250

export async function startHeld(spawner: Spawner, clock: Clock, start: HeldStart): Promise<HeldProcess> {
  const { id, folder, stdin: hasStdin, ...what } = start
  const paths = { stdin: join(folder, 'stdin'), stdout: join(folder, 'stdout'), stderr: join(folder, 'stderr') }
  const wanted = hasStdin ? Object.values(paths) : [paths.stdout, paths.stderr]
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const made = await spawner.run(['mkfifo', '-m', '600', ...wanted])
  if (made.code !== 0) throw new Error(`mkfifo: ${made.stderr.trim()}`)

  // Readers first: without one, nobody could open the other end for writing without waiting.
  const outputs = [paths.stdout, paths.stderr].map(path => openSync(path, constants.O_RDONLY | constants.O_NONBLOCK))
  const forNow = hasStdin ? openSync(paths.stdin, constants.O_RDWR | constants.O_NONBLOCK) : undefined
  let exited: (code: number) => void = () => {}
  const ended = new Promise<number>(resolve => {
    exited = resolve
  })
  try {
    const ends = { ...(hasStdin && { stdin: paths.stdin }), stdout: paths.stdout, stderr: paths.stderr }
    const { pid } = await spawner.start({ process: id, folder, ...what, ends }, ({ code }) => exited(code))
    const stdin = hasStdin ? openSync(paths.stdin, constants.O_WRONLY | constants.O_NONBLOCK) : undefined
    const [stdout, stderr] = outputs.map(fd => new Socket({ fd, readable: true, writable: false })) as [Socket, Socket]
    for (const output of [stdout, stderr]) output.on('error', () => {})
    void ended.then(() => rm(folder, { recursive: true, force: true }))
    void ended.then(() => endWhenSilent(clock, [stdout, stderr]))
    return {
      ...(stdin !== undefined && { stdin: writableOf(stdin, ended) }),
      stdout,
      stderr,
      ended,
      kill: () => void killWithDescendants(pid, () => spawner.signal(id, 'SIGKILL')),
    }
  } catch (error) {
    for (const fd of outputs) closeSync(fd)
    await rm(folder, { recursive: true, force: true })
    throw error
  } finally {
    if (forNow !== undefined) closeSync(forNow)
  }
}

function writableOf(fd: number, ended: Promise<number>): Writable {
  const stdin = new Socket({ fd, readable: false, writable: true })
  stdin.on('error', () => {})
  void ended.then(() => stdin.destroy())
  return stdin
}

/** What it left running may hold an output open for ever: once nothing comes any more, that is its end. */
function endWhenSilent(clock: Clock, outputs: readonly Socket[]): void {
  const open = outputs.filter(output => !output.readableEnded && !output.destroyed)
  const before = open.map(output => output.bytesRead)
  if (open.length === 0) return
  clock.after(SILENT_MS, () => {
    for (const [i, output] of open.entries()) {
      // One that is read slowly is not silent.
      if (output.bytesRead === before[i] && output.readableLength === 0) {
        output.once('end', () => output.destroy()).push(null)
      }
    }
    endWhenSilent(clock, open)
  })
}
