/** Records of a split, by format, handed to `each` one by one; what it throws is told with the record's place. */
import { unreachable } from '../../../base/invariant.ts'
import type { Split } from '../../../planner/batch/plan.ts'
import type { InputFormat } from '../../../spec/kinds.ts'
import { shortened, UserError } from '../failure.ts'
import type { Piece } from './byte-chunks.ts'
import type { EachRecord, OnProgress } from './each-record.ts'
import { textBatches } from './line-batches.ts'
import { lineNumberAt } from './line-number.ts'
import { forEachRow } from './parquet-rows.ts'

export async function forEachRecord(
  format: InputFormat,
  split: Split,
  each: EachRecord,
  onProgress: OnProgress,
): Promise<void> {
  for (const piece of split.pieces) {
    if (format === 'parquet') await forEachRow(piece, each, onProgress)
    else if (format === 'text') await forEachLine(piece, each, onProgress)
    else if (format === 'jsonl') await forEachLine(piece, line => eachJson(line, each), onProgress)
    else unreachable(format)
  }
}

async function forEachLine(piece: Piece, each: (line: string) => void, onProgress: OnProgress): Promise<void> {
  let reported = 0
  for await (const { text, offset } of textBatches(piece)) {
    let start = 0
    try {
      while (start < text.length) {
        const lf = text.indexOf('\n', start)
        const next = lf < 0 ? text.length : lf + 1
        let end = lf < 0 ? text.length : lf
        if (end > start && text.charCodeAt(end - 1) === 13) end--
        each(text.slice(start, end))
        start = next
      }
    } catch (error) {
      throw error instanceof UserError ? error.at({ record: await placeOf(piece, offset, text, start) }) : error
    }
    const bytes = Math.min(piece.end - piece.start - reported, text.length)
    reported += bytes
    await onProgress(bytes)
  }
  await onProgress(piece.end - piece.start - reported)
}

async function placeOf(piece: Piece, offset: number, text: string, at: number): Promise<string> {
  let line = await lineNumberAt(piece.uri, offset)
  for (let lf = text.indexOf('\n'); lf >= 0 && lf < at; lf = text.indexOf('\n', lf + 1)) line++
  return `${piece.uri}:${line}`
}

function eachJson(line: string, each: EachRecord): void {
  if (line.trim() === '') return
  let record: unknown
  try {
    record = JSON.parse(line)
  } catch (error) {
    throw new UserError(`a line is not JSON: ${shortened(line)}: ${(error as Error).message}`)
  }
  each(record)
}
