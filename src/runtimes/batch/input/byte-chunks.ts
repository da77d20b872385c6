/** A piece's bytes from its start to beyond its end, chunk by chunk: plain files by position, gzipped ones as a stream. */
import { closeSync, createReadStream, openSync, readSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { createGunzip } from 'node:zlib'
import type { Split } from '../../../planner/batch/plan.ts'
import { UserError } from '../failure.ts'

export type Piece = Split['pieces'][number]

export const CHUNK_BYTES = 1 << 20

export const pathOf = (uri: string): string => (uri.startsWith('file:') ? fileURLToPath(uri) : uri)

export const isGzip = (uri: string): boolean => uri.endsWith('.gz')

/** Chunks from byte `from` on to the end of the file; the reader stops when it has enough. */
export function byteChunks(uri: string, from: number): AsyncIterable<Buffer> | Iterable<Buffer> {
  return isGzip(uri) ? gunzipped(uri) : plainChunks(uri, from)
}

function* plainChunks(uri: string, from: number): Generator<Buffer, void, void> {
  const fd = openInput(uri)
  try {
    for (let position = from; ; ) {
      const chunk = Buffer.allocUnsafe(CHUNK_BYTES)
      const read = readSync(fd, chunk, 0, CHUNK_BYTES, position)
      if (read === 0) return
      position += read
      yield chunk.subarray(0, read)
    }
  } finally {
    closeSync(fd)
  }
}

async function* gunzipped(uri: string): AsyncGenerator<Buffer, void, void> {
  const file = createReadStream(pathOf(uri), { highWaterMark: CHUNK_BYTES })
  const unzip = createGunzip({ chunkSize: CHUNK_BYTES })
  file.on('error', error => unzip.destroy(error))
  try {
    yield* file.pipe(unzip) as AsyncIterable<Buffer>
  } catch (error) {
    throw inputError(error, uri)
  } finally {
    file.destroy()
    unzip.destroy()
  }
}

function openInput(uri: string): number {
  try {
    return openSync(pathOf(uri), 'r')
  } catch (error) {
    throw inputError(error, uri)
  }
}

const INPUT_ERRORS: Readonly<Record<string, string>> = {
  ENOENT: 'is not there any more',
  EACCES: 'may not be read',
  EISDIR: 'is a folder',
  Z_DATA_ERROR: 'is not gzip',
  Z_BUF_ERROR: 'ends in the middle of its gzip stream',
}

function inputError(error: unknown, uri: string): unknown {
  const reason = INPUT_ERRORS[(error as NodeJS.ErrnoException).code ?? '']
  return reason ? new UserError(`the input ${pathOf(uri)} ${reason}`, { record: uri }, { cause: error }) : error
}
