/**
 * A split as files for DuckDB, which reads no byte ranges: pieces cut at line borders, in memory (tmpfs) where there is room, else in the
 * scratch folder, at most 64 MiB at a time. On Linux a spool has no name: it goes with the process, whatever kills it.
 *
 * Lines go to a file that DuckDB's CSV reader takes as one column. It would also end a line at a lone CR and cut at the delimiter; blocks
 * in which such a thing occurs go to a second file as JSON strings, so that a line is the same thing in both engines.
 */
import { isUtf8 } from 'node:buffer'
import { accessSync, closeSync, constants, openSync, statfsSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import type { Split } from '../../../planner/batch/plan.ts'
import { lineBytes } from '../input/line-batches.ts'
import { writeWhole } from '../shuffle/segment-file.ts'

const CHUNK_BYTES = 64 * 1024 * 1024
const SHARED_MEMORY = '/dev/shm'
/** What CSV lines are "separated" by: a sequence that text does not have. */
export const DELIMITER = Buffer.from([1, 2, 3, 4])
const LF = 10
const CR = 13

export interface SpoolFile {
  readonly path: string
  readonly bytes: number
  /** Of the block with the longest line, an upper bound of that line. */
  readonly longestBytes: number
}

export interface Spool {
  readonly lines: SpoolFile | undefined
  /** `{"line":"…"}` per line. */
  readonly json: SpoolFile | undefined
  /** No white space but blanks and line ends. */
  readonly onlyBlanks: boolean
  /** Where the chunk begins in the input: for error messages. */
  readonly from: { readonly uri: string; readonly offset: number }
  readonly bytes: number
  release(): void
}

export async function* spoolSplit(split: Split, scratch: string, raw: boolean): AsyncGenerator<Spool, void, void> {
  let spool: SpoolWriter | undefined
  for (const piece of split.pieces) {
    for await (const { bytes, offset } of lineBytes(piece)) {
      if (spool && spool.bytes + bytes.length > CHUNK_BYTES) {
        yield spool.finish()
        spool = undefined
      }
      spool ??= new SpoolWriter(scratch, raw, { uri: piece.uri, offset })
      spool.add(bytes)
    }
  }
  if (spool) yield spool.finish()
}

class SpoolWriter {
  bytes = 0
  private readonly folder: string
  private readonly raw: boolean
  private readonly from: { readonly uri: string; readonly offset: number }
  private lines: GrowingFile | undefined
  private json: GrowingFile | undefined
  private onlyBlanks = true

  constructor(scratch: string, raw: boolean, from: { readonly uri: string; readonly offset: number }) {
    this.folder = spoolFolder(scratch)
    this.raw = raw
    this.from = from
  }

  add(bytes: Buffer): void {
    this.bytes += bytes.length
    const text = isUtf8(bytes) ? bytes : Buffer.from(bytes.toString('utf8'))
    if (this.onlyBlanks && hasOtherSpace(text)) this.onlyBlanks = false
    if (this.raw || !isAwkward(text)) {
      this.lines ??= new GrowingFile(this.folder)
      this.lines.add(text)
      if (text.at(-1) !== LF) this.lines.add(Buffer.from([LF]))
    } else {
      this.json ??= new GrowingFile(this.folder)
      this.json.add(Buffer.from(linesAsJson(text)))
    }
  }

  finish(): Spool {
    const { lines, json, onlyBlanks, from, bytes } = this
    return {
      lines: lines?.finish(),
      json: json?.finish(),
      onlyBlanks: onlyBlanks && json === undefined,
      from,
      bytes,
      release() {
        lines?.release()
        json?.release()
      },
    }
  }
}

class GrowingFile {
  private readonly fd: number
  private readonly path: string
  private readonly nameless: boolean
  private bytes = 0
  private longestBytes = 0

  constructor(folder: string) {
    this.path = join(folder, `solvent-spool-${process.pid}-${Math.random().toString(36).slice(2)}`)
    this.fd = openSync(this.path, 'wx+', 0o600)
    this.nameless = process.platform === 'linux'
    if (this.nameless) unlinkSync(this.path)
  }

  add(block: Buffer): void {
    writeWhole(this.fd, block)
    this.bytes += block.length
    this.longestBytes = Math.max(this.longestBytes, block.length)
  }

  finish(): SpoolFile {
    const path = this.nameless ? `/proc/self/fd/${this.fd}` : this.path
    return { path, bytes: this.bytes, longestBytes: this.longestBytes }
  }

  release(): void {
    closeSync(this.fd)
    if (!this.nameless) unlinkSync(this.path)
  }
}

/** Shared memory when two chunks fit: in a container it may be 64 MiB small. */
function spoolFolder(scratch: string): string {
  try {
    accessSync(SHARED_MEMORY, constants.W_OK)
    const { bavail, bsize } = statfsSync(SHARED_MEMORY)
    return bavail * bsize > 4 * CHUNK_BYTES ? SHARED_MEMORY : scratch
  } catch {
    return scratch
  }
}

function isAwkward(text: Buffer): boolean {
  for (let at = text.indexOf(CR); at >= 0; at = text.indexOf(CR, at + 1)) if (text[at + 1] !== LF) return true
  return text.includes(DELIMITER) || (text[0] === 0xef && text[1] === 0xbb && text[2] === 0xbf)
}

/** Tab, vertical tab, form feed; a CR is told by `isAwkward` unless it ends a line. */
const hasOtherSpace = (text: Buffer): boolean => text.includes(9) || text.includes(11) || text.includes(12)

function linesAsJson(text: Buffer): string {
  const lines = text.toString('utf8').split('\n')
  if (lines.at(-1) === '') lines.pop()
  return lines.map(line => `{"line":${JSON.stringify(line.endsWith('\r') ? line.slice(0, -1) : line)}}\n`).join('')
}
