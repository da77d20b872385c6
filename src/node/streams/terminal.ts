/**
 * A pseudo terminal around a command, made by script(1) of util-linux: it is on every Linux, and Node itself can make none. Before the
 * command starts, a prologue says on the first line which terminal it is, and reads from its first line of input how large it shall be.
 */
import type { Readable, Writable } from 'node:stream'
import type { TerminalSize } from '../../client/node-api.ts'
import { findProgram } from '../runtimes/find-program.ts'

/** The echo is off meanwhile, so that the size does not come back as output. */
const PROLOGUE =
  'stty -echo; tty; read -r rows columns; stty echo; [ -z "$rows" ] || stty rows "$rows" columns "$columns"; exec "$@"'

const quoted = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`

export interface TerminalCommand {
  readonly argv: readonly string[]
  readonly env: Readonly<Record<string, string>>
}

/** Throws where this machine has no such tool. */
export function inTerminal(command: readonly string[], env: Readonly<Record<string, string>>): TerminalCommand {
  const found = findProgram('script', `${process.env.PATH ?? ''}:/usr/bin:/bin`, '/', '/')
  if (process.platform !== 'linux' || 'problem' in found) {
    throw new Error('no terminal on this node: that needs Linux and script(1) of util-linux; go without -t')
  }
  // script starts its command by $SHELL; the command gets back what was there.
  const { SHELL } = env
  const shell = SHELL === undefined ? 'unset SHELL' : `SHELL=${quoted(SHELL)}`
  const words = ['/bin/sh', '-c', `${shell}; ${PROLOGUE}`, 'solvent', ...command].map(quoted)
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
  let wanted: TerminalSize | undefined
  let isSetting = false
  let begin: ((size?: TerminalSize) => void) | undefined = size => {
    begin = undefined
    cancel()
    stdin.write(size ? `${size.height} ${size.width}\n` : '\n')
  }
  const cancel = after(SIZE_WITHIN_MS, () => begin?.())

  async function settle(): Promise<void> {
    if (isSetting) return
    isSetting = true
    while (wanted) {
      const size = wanted
      wanted = undefined
      await set(device, size)
    }
    isSetting = false
  }

  return {
    output: stdout,
    resize(size) {
      if (size.width === 0 || size.height === 0) return
      if (begin) return begin(size)
      wanted = size
      void settle()
    },
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
