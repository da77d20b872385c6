/** Writing and reading the files that carry a map task's output: blocks one after the other, found again by extents. Synchronous: a spill
 * happens in the middle of a user function's loop. */
import { closeSync, fstatSync, openSync, readSync, writeSync } from 'node:fs'
import { invariant } from '../../../base/invariant.ts'
import { type Block, decodeBlock } from './block.ts'
import { HEADER_BYTES } from './block-builder.ts'

/** A stretch of a file: which file (a name beside the output's base; empty for the base itself), offset, length. */
export type Extent = readonly [name: string, offset: number, length: number]

export class SegmentWriter {
  readonly path: string
  bytes = 0
  private readonly fd: number

  constructor(path: string) {
    this.path = path
    this.fd = openSync(path, 'wx', 0o600)
  }

  /** Adds a block, growing the last of `extents` when it touches. */
  append(block: Uint8Array, extents: [string, number, number][]): void {
    writeWhole(this.fd, block)
    const last = extents.at(-1)
    if (last && last[1] + last[2] === this.bytes) last[2] += block.length
    else extents.push(['', this.bytes, block.length])
    this.bytes += block.length
  }

  close(): void {
    closeSync(this.fd)
  }
}

export function writeWhole(fd: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at, bytes.length - at)
}

/** A stretch of an open file as its blocks. */
export class SegmentReader {
  private readonly fd: number
  private at: number
  private readonly end: number
  private readonly header = new Uint8Array(HEADER_BYTES)

  constructor(path: string, offset: number, length: number) {
    this.fd = openSync(path, 'r')
    this.at = offset
    this.end = Number.isFinite(length) ? offset + length : fstatSync(this.fd).size
  }

  next(): Block | undefined {
    if (this.at >= this.end) return undefined
    readWhole(this.fd, this.header, this.at)
    const total = new Uint32Array(this.header.buffer, 0, 1)[0]!
    invariant(total >= HEADER_BYTES && this.at + total <= this.end, 'a block ends within its segment')
    const bytes = new Uint8Array(total)
    readWhole(this.fd, bytes, this.at)
    this.at += total
    return decodeBlock(bytes)
  }

  close(): void {
    closeSync(this.fd)
  }
}

function readWhole(fd: number, into: Uint8Array, from: number): void {
  for (let at = 0; at < into.length; ) {
    const read = readSync(fd, into, at, into.length - at, from + at)
    if (read === 0) throw new Error('a shuffle file is shorter than its index says')
    at += read
  }
}
