/**
 * Where output goes and whether it may be coloured or redrawn. Results go to stdout, everything else to stderr, so that pipes work.
 * NO_COLOR, FORCE_COLOR, TERM=dumb and CI are honoured (no-color.org, force-color.org).
 */
export interface Terminal {
  /** A line of the result. */
  print(line: string): void
  /** Bytes of the result, as they are. Resolves when the reader has room for more. */
  write(bytes: Uint8Array | string): Promise<void>
  /** A line about the work: progress, hints, errors. */
  note(line: string): void
  /** Whether stderr may be redrawn in place. */
  readonly live: boolean
  readonly columns: number
  /** For stdout. */
  readonly style: Style
  /** For stderr. */
  readonly noteStyle: Style
  /** Raw, for redrawing. */
  writeNote(text: string): void
}

export type Style = Readonly<Record<'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan', (text: string) => string>>

const CODES = { bold: [1, 22], dim: [2, 22], red: [31, 39], green: [32, 39], yellow: [33, 39], cyan: [36, 39] } as const

export function styleOf(coloured: boolean): Style {
  const paint = ([on, off]: readonly [number, number]) =>
    coloured ? (text: string) => `\x1b[${on}m${text}\x1b[${off}m` : (text: string) => text
  return {
    bold: paint(CODES.bold),
    dim: paint(CODES.dim),
    red: paint(CODES.red),
    green: paint(CODES.green),
    yellow: paint(CODES.yellow),
    cyan: paint(CODES.cyan),
  }
}

export function mayColour(env: NodeJS.ProcessEnv, isTerminal: boolean): boolean {
  if (env.NO_COLOR) return false
  if (env.FORCE_COLOR !== undefined && env.FORCE_COLOR !== '0' && env.FORCE_COLOR !== 'false') return true
  return isTerminal && env.FORCE_COLOR === undefined && env.TERM !== 'dumb'
}

export function systemTerminal(env: NodeJS.ProcessEnv = process.env): Terminal {
  const { stdout, stderr } = process
  // A reader that has gone (`solvent get pods | head -1`) is no error.
  for (const stream of [stdout, stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1))
  }
  return {
    print: line => void stdout.write(`${line}\n`),
    write: bytes => new Promise(resolve => (stdout.write(bytes) ? resolve() : stdout.once('drain', resolve))),
    note: line => void stderr.write(`${line}\n`),
    writeNote: text => void stderr.write(text),
    live: stderr.isTTY === true && env.TERM !== 'dumb' && !env.CI,
    get columns() {
      return stderr.columns || 80
    },
    style: styleOf(mayColour(env, stdout.isTTY === true)),
    noteStyle: styleOf(mayColour(env, stderr.isTTY === true)),
  }
}
