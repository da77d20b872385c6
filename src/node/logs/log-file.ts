/**
 * The log of one life of a container: `log`, which the container's processes append to by themselves, and after a rotation `log.1`, the part
 * before it. Places in it are counted from the first byte ever written, so that a reader keeps its place over a rotation.
 */
import { closeSync, fstatSync, openSync, readFileSync, readSync, statSync, writeFileSync } from 'node:fs'
import { copyFile, open, rename, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { LOG_FILE } from '../spawner/container-record.ts'

export interface LogExtent {
  /** Place of the first byte of `log.1`. */
  readonly oldStart: number
  /** Place of the first byte of `log`. */
  readonly start: number
}

const ROTATION_FILE = 'rotation.json'

export const logPath = (folder: string): string => join(folder, LOG_FILE)
const oldPath = (folder: string): string => join(folder, `${LOG_FILE}.1`)

export function extentOf(folder: string): LogExtent {
  try {
    return JSON.parse(readFileSync(join(folder, ROTATION_FILE), 'utf8')) as LogExtent
  } catch {
    return { oldStart: 0, start: 0 }
  }
}

/** Place after the last byte. */
export function endOf(folder: string): number {
  return extentOf(folder).start + (statSync(logPath(folder), { throwIfNoEntry: false })?.size ?? 0)
}

export const lastWriteOf = (folder: string): number | undefined =>
  statSync(logPath(folder), { throwIfNoEntry: false })?.mtimeMs

/** Bytes from `place` on and the place after them; empty at the end. What is not kept any more is skipped. */
export function readAt(
  folder: string,
  place: number,
  maxBytes: number,
): { readonly bytes: Buffer; readonly next: number } {
  const { oldStart, start } = extentOf(folder)
  const from = Math.max(place, oldStart)
  if (from < start) {
    const bytes = readPart(oldPath(folder), from - oldStart, Math.min(maxBytes, start - from))
    if (bytes.length > 0) return { bytes, next: from + bytes.length }
  }
  const bytes = readPart(logPath(folder), Math.max(0, from - start), maxBytes)
  return { bytes, next: Math.max(from, start) + bytes.length }
}

function readPart(path: string, position: number, maxBytes: number): Buffer {
  try {
    const handle = openSync(path, 'r')
    try {
      const buffer = Buffer.allocUnsafe(Math.max(0, Math.min(maxBytes, fstatSync(handle).size - position)))
      return buffer.subarray(0, readSync(handle, buffer, 0, buffer.length, position))
    } finally {
      closeSync(handle)
    }
  } catch {
    return Buffer.alloc(0)
  }
}

/** Place of the first of the last `lines` lines. */
export function tailStart(folder: string, lines: number, stepBytes = 65_536): number {
  const { oldStart } = extentOf(folder)
  const end = endOf(folder)
  if (lines === 0) return end
  let missing = lines
  for (let to = end; to > oldStart; ) {
    const from = Math.max(oldStart, to - stepBytes)
    const { bytes } = readAt(folder, from, to - from)
    for (let i = bytes.length - 1; i >= 0; i--) {
      const isLastByte = from + i === end - 1
      if (bytes[i] === 0x0a && !isLastByte && --missing <= 0) return from + i + 1
    }
    to = from
  }
  return oldStart
}

/**
 * Keeps the last `keepBytes` in `log.1` and empties `log` (as logrotate's copytruncate: the processes hold the file open). What they write
 * between the copy and the cut, some microseconds, is lost.
 */
export async function rotate(folder: string, keepBytes: number): Promise<void> {
  const { start } = extentOf(folder)
  const draft = `${oldPath(folder)}.new`
  await copyFile(logPath(folder), draft)
  const copied = statSync(draft).size
  const dropped = Math.max(0, copied - keepBytes)
  if (dropped > 0) await keepEnd(draft, dropped)
  await rename(draft, oldPath(folder))
  const extent: LogExtent = { oldStart: start + dropped, start: start + copied }
  writeFileSync(join(folder, ROTATION_FILE), JSON.stringify(extent), { mode: 0o600 })
  await truncate(logPath(folder), 0)
}

async function keepEnd(path: string, from: number): Promise<void> {
  const handle = await open(path, 'r+')
  try {
    const { size } = await handle.stat()
    const chunk = Buffer.allocUnsafe(1 << 20)
    let to = 0
    while (from + to < size) {
      const { bytesRead } = await handle.read(chunk, 0, chunk.length, from + to)
      if (bytesRead === 0) break
      await handle.write(chunk, 0, bytesRead, to)
      to += bytesRead
    }
    await handle.truncate(to)
  } finally {
    await handle.close()
  }
}
