/**
 * A pseudo terminal around a command, made by script(1) of util-linux: it is on every Linux, and Node itself can make none. Before the
 * command starts, a prologue says on the first line which terminal it is, and reads from its first line of input how large it shall be.
 */
import type { Readable, Writable } from 'node:stream'
import type { TerminalSize } from '../../client/node-api.ts'
import { findProgram } from '../runtimes/find-program.ts'

/** The echo is off meanwhile, so that the size does not come back as output. */
const SIZED_PROLOGUE =
  'stty -echo; tty; read -r rows columns; stty echo; [ -z "$rows" ] || stty rows "$rows" columns "$columns"; exec "$@"'

/** Of one that people attach to later: it has no size until then, and says nothing before its command does. */
const OWN_PROLOGUE = 'exec "$@"'

const quoted = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`

export interface TerminalCommand {
  readonly argv: readonly string[]
  readonly env: Readonly<Record<string, string>>
}

/** Throws where this machine has no such tool. */
export const inTerminal = (command: readonly string[], env: Readonly<Record<string, string>>): TerminalCommand =>
  around(command, env, SIZED_PROLOGUE)

/** For a container that has a terminal (`tty: true`); where this machine can make none it runs without, as it is. */
export function withTerminal(argv: readonly string[], env: Readonly<Record<string, string>>): TerminalCommand {
  try {
    return around(argv, env, OWN_PROLOGUE)
  } catch {
    return { argv, env }
  }
}

function around(command: readonly string[], env: Readonly<Record<string, string>>, prologue: string): TerminalCommand {
  const found = findProgram('script', `${process.env.PATH ?? ''}:/usr/bin:/bin`, '/', '/')
  if (process.platform !== 'linux' || 'problem' in found) {
    throw new Error('no terminal on this node: that needs Linux and script(1) of util-linux; go without -t')
  }
  // script starts its command by $SHELL; the command gets back what was there.
  const { SHELL } = env
  const shell = SHELL === undefined ? 'unset SHELL' : `SHELL=${quoted(SHELL)}`
  const words = ['/bin/sh', '-c', `${shell}; ${prologue}`, 'solvent', ...command].map(quoted)
  return {
    argv: [found.path, '--quiet', '--return', '--flush', '--command', `exec ${words.join(' ')}`, '/dev/null'],
    env: { TERM: 'xterm', ...env, SHELL: '/bin/sh' },
  }
}

export interface Terminal {
  /** All output after the first line. */
  readonly output: Readable
  /** The last size counts; the first one is set before the command starts. */
  resize(size: TerminalSize): void
}

/** A client that knows its size says so at once. */
const SIZE_WITHIN_MS = 300

export interface TerminalEnds {
  readonly stdin: Writable
  readonly stdout: Readable
  readonly after: (ms: number, action: () => void) => () => void
  /** `stty` on the terminal. */
  readonly set: (terminal: string, size: TerminalSize) => Promise<void>
}

/** Takes the first line off `stdout`; until it is there, nothing may be written to `stdin`. */
export async function openTerminal({ stdin, stdout, after, set }: TerminalEnds): Promise<Terminal> {
  const device = await firstLine(stdout)
  const resize = inTurn(size => set(device, size))
  let begin: ((size?: TerminalSize) => void) | undefined = size => {
    begin = undefined
    cancel()
    stdin.write(size ? `${size.height} ${size.width}\n` : '\n')
  }
  const cancel = after(SIZE_WITHIN_MS, () => begin?.())

  return {
    output: stdout,
    resize(size) {
      if (begin && size.width > 0 && size.height > 0) begin(size)
      else resize(size)
    },
  }
}

/** One size after the other; of those that wait meanwhile the last one counts. */
export function inTurn(set: (size: TerminalSize) => Promise<void>): (size: TerminalSize) => void {
  let wanted: TerminalSize | undefined
  let isSetting = false
  return async size => {
    if (size.width === 0 || size.height === 0) return
    wanted = size
    if (isSetting) return
    isSetting = true
    while (wanted) {
      const next = wanted
      wanted = undefined
      await set(next).catch(() => {})
    }
    isSetting = false
  }
}

function firstLine(stream: Readable): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = Buffer.alloc(0)
    const gone = (): void => reject(new Error(`no terminal: ${text.toString().trim() || 'script(1) has ended'}`))
    const look = (): void => {
      for (let chunk = stream.read() as Buffer | null; chunk !== null; chunk = stream.read() as Buffer | null) {
        text = Buffer.concat([text, chunk])
        const feed = text.indexOf(0x0a)
        if (feed < 0) continue
        stream.off('readable', look).off('end', gone).off('close', gone)
        if (feed + 1 < text.length) stream.unshift(text.subarray(feed + 1))
        resolve(text.toString('utf8', 0, feed).trim())
        return
      }
    }
    stream.on('readable', look).once('end', gone).once('close', gone)
  })
}
