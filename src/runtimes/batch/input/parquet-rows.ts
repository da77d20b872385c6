/** Rows of a Parquet file as objects, a row group at a time, by hyparquet; loaded only when a TypeScript map reads Parquet. */
import { closeSync, openSync, readSync, statSync } from 'node:fs'
import { UserError } from '../failure.ts'
import { type Piece, pathOf } from './byte-chunks.ts'
import type { EachRecord, OnProgress } from './each-record.ts'

/** Rows that are turned into objects at once. */
const BATCH_ROWS = 8_192

export async function forEachRow(piece: Piece, each: EachRecord, onProgress: OnProgress): Promise<void> {
  // Here, not above: everything of this program is one file, whose imports are loaded at its start.
  const { parquetMetadataAsync, parquetReadObjects } = await import('hyparquet')
  const { compressors } = await import('hyparquet-compressors')
  const path = pathOf(piece.uri)
  const fd = openSync(path, 'r')
  try {
    const byteLength = statSync(path).size
    const file = {
      byteLength,
      slice(start: number, end = byteLength): ArrayBuffer {
        const bytes = new Uint8Array(end - start)
        for (let at = 0; at < bytes.length; ) {
          const read = readSync(fd, bytes, at, bytes.length - at, start + at)
          if (read === 0) break
          at += read
        }
        return bytes.buffer as ArrayBuffer
      },
    }
    const metadata = await parquetMetadataAsync(file).catch(error => {
      throw new UserError(`the input ${path} is not Parquet: ${(error as Error).message}`, { record: piece.uri })
    })
    const rows = Number(metadata.num_rows)
    let groupStart = 0
    for (const group of metadata.row_groups) {
      const groupEnd = groupStart + Number(group.num_rows)
      for (let from = groupStart; from < groupEnd; from += BATCH_ROWS) {
        const to = Math.min(groupEnd, from + BATCH_ROWS)
        const batch = await parquetReadObjects({ file, metadata, compressors, rowStart: from, rowEnd: to })
        eachOf(batch, each, index => `${piece.uri}:${from + index + 1}`)
        await onProgress((piece.end - piece.start) * ((to - from) / rows))
      }
      groupStart = groupEnd
    }
  } finally {
    closeSync(fd)
  }
}

function eachOf(batch: readonly Record<string, unknown>[], each: EachRecord, place: (index: number) => string): void {
  let index = 0
  try {
    for (; index < batch.length; index++) each(plain(batch[index]!))
  } catch (error) {
    throw error instanceof UserError ? error.at({ record: place(index) }) : error
  }
}

/** 64-bit integers that a double holds exactly become numbers, as in JSON lines. */
function plain(row: Record<string, unknown>): Record<string, unknown> {
  for (const name in row) {
    const value = row[name]
    if (typeof value === 'bigint' && value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER) {
      row[name] = Number(value)
    }
  }
  return row
}
