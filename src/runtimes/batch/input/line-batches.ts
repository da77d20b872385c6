/**
 * Lines of a piece, in batches of about a mebibyte of text. A piece owns the lines that begin in it: it skips up to the first line border
 * unless it starts on one, and reads on past its end to finish its last line (Hadoop's LineRecordReader). A line ends with LF or CRLF.
 * Bytes that are not UTF-8 become U+FFFD, as everywhere in Node.
 */
import { isAscii } from 'node:buffer'
import { formatBytes } from '../../../base/units.ts'
import { UserError } from '../failure.ts'
import { byteChunks, isGzip, type Piece, pathOf } from './byte-chunks.ts'
import { lineNumberAt } from './line-number.ts'

/** A longer line is refused: it must fit a worker's memory several times over. */
const MAX_LINE_BYTES = 32 * 1024 * 1024

const LF = 10

/** Whole lines of `uri`, as bytes. The last line of a file may lack its LF. */
export interface LineBytes {
  readonly bytes: Buffer
  /** Where in the (unzipped) file it begins. */
  readonly offset: number
}

export async function* lineBytes(piece: Piece): AsyncGenerator<LineBytes, void, void> {
  const whole = isGzip(piece.uri)
  const end = whole ? Number.POSITIVE_INFINITY : piece.end
  let position = whole ? 0 : Math.max(0, piece.start - 1)
  let skipping = !whole && piece.start > 0
  let pending: Buffer[] = []
  let pendingBytes = 0
  let lineStart = position
  for await (let chunk of byteChunks(piece.uri, position)) {
    const chunkStart = position
    position += chunk.length
    if (skipping) {
      const border = chunk.indexOf(LF)
      if (border < 0) {
        if (position >= end) return
        continue
      }
      skipping = false
      lineStart = chunkStart + border + 1
      if (lineStart >= end) return
      chunk = chunk.subarray(border + 1)
    } else if (position === chunk.length && chunk[0] === 0xef && chunk[1] === 0xbb && chunk[2] === 0xbf) {
      // A byte order mark is no part of the first line.
      chunk = chunk.subarray(3)
      lineStart = 3
    }
    const isLast = position >= end
    const closing = isLast ? closingBorder(chunk, end - (position - chunk.length)) : -1
    const border = closing >= 0 ? closing : chunk.lastIndexOf(LF)
    if (border < 0) {
      pending.push(chunk)
      pendingBytes += chunk.length
      if (pendingBytes > MAX_LINE_BYTES) throw await tooLong(piece, lineStart)
      continue
    }
    if (chunk.indexOf(LF) + pendingBytes > MAX_LINE_BYTES) throw await tooLong(piece, lineStart)
    const head = chunk.subarray(0, border + 1)
    const bytes = pendingBytes > 0 ? Buffer.concat([...pending, head]) : head
    yield { bytes, offset: lineStart }
    lineStart += bytes.length
    if (lineStart >= end) return
    const rest = chunk.subarray(border + 1)
    pending = rest.length > 0 ? [rest] : []
    pendingBytes = rest.length
  }
  if (pendingBytes > 0) yield { bytes: Buffer.concat(pending), offset: lineStart }
}

/**
 * In a chunk that reaches the end of the piece (`end`, from the chunk's first byte): the LF of the last line that is the piece's own. A
 * line that begins at `end` or later is the next piece's, so it is the first LF from `end - 1` on.
 */
const closingBorder = (chunk: Buffer, end: number): number => chunk.indexOf(LF, Math.max(0, end - 1))

async function tooLong(piece: Piece, offset: number): Promise<UserError> {
  const line = await lineNumberAt(piece.uri, offset)
  return new UserError(
    `a line of ${pathOf(piece.uri)} is longer than ${formatBytes(MAX_LINE_BYTES)}; is it text with line ends?`,
    { record: `${piece.uri}:${line}` },
  )
}

export interface TextBatch {
  readonly text: string
  readonly offset: number
}

/** The same as strings. */
export async function* textBatches(piece: Piece): AsyncGenerator<TextBatch, void, void> {
  for await (const { bytes, offset } of lineBytes(piece)) yield { text: decodeText(bytes), offset }
}

/** One byte a character where that is possible: half the memory, and faster to search. */
const decodeText = (bytes: Buffer): string => (isAscii(bytes) ? bytes.toString('latin1') : bytes.toString('utf8'))
