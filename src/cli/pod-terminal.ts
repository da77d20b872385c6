/** Joins a command inside a pod with this terminal: keys as they are typed, the window's size, both outputs; gives the exit code. */
import type { Readable } from 'node:stream'
import type { Connection } from '../client/connection.ts'
import { openPodSession, type PodRef, type PodSession } from '../client/streams/pod-session.ts'
import type { Invocation } from './command.ts'
import { EXIT } from './exit.ts'

export interface Wanted {
  readonly container: string
  /** Absent: the container's main process. */
  readonly command?: readonly string[]
  readonly stdin: boolean
  readonly tty: boolean
}

/** As `-i` and `-t` say; a terminal is for people only. */
export function wantedStreams({ flags, terminal }: Invocation): Pick<Wanted, 'stdin' | 'tty'> {
  const stdin = flags.on('stdin')
  if (!flags.on('tty')) return { stdin, tty: false }
  if (process.stdin.isTTY || !stdin) return { stdin, tty: true }
  terminal.note('Unable to use a TTY - input is not a terminal or the right kind of file')
  return { stdin, tty: false }
}

export async function runInPod(
  connection: Connection,
  pod: PodRef,
  wanted: Wanted,
  { terminal, flags }: Invocation,
): Promise<number> {
  const { stdin, stdout, stderr } = process
  const isRaw = wanted.tty && wanted.stdin && stdin.isTTY === true
  const options = { ...wanted, stdout: true, stderr: !wanted.tty }
  const session = await openPodSession(connection, pod, options)
  const forget = wanted.tty ? followSize(session) : () => {}
  if (isRaw) stdin.setRawMode(true)
  try {
    if (session.stdin) stdin.pipe(session.stdin)
    const outputs = Promise.all([shown(session.stdout, stdout), shown(session.stderr, stderr)])
    const code = await session.ended
    await outputs
    if (code !== EXIT.ok && !flags.on('quiet')) terminal.note(`command terminated with exit code ${code}`)
    return code
  } finally {
    forget()
    if (isRaw) stdin.setRawMode(false)
    session.close()
    // Whatever is typed from now on is the shell's; a pipe that is still open must not keep us.
    stdin.unpipe().pause()
    stdin.unref?.()
  }
}

function followSize(session: PodSession): () => void {
  const tell = (): void => {
    const { columns, rows } = process.stdout
    if (columns && rows) session.resize({ width: columns, height: rows })
  }
  tell()
  process.stdout.on('resize', tell)
  return () => process.stdout.off('resize', tell)
}

function shown(source: Readable | undefined, target: NodeJS.WriteStream): Promise<void> {
  if (!source) return Promise.resolve()
  source.pipe(target, { end: false })
  return new Promise(resolve => source.once('end', resolve).once('close', resolve))
}
