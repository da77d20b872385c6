/** Merging sorted runs: a heap of cursors, least key first, and for equal keys in the order of the runs, so that values keep their order. */

import { decodeUnits } from '../table/string-dictionary.ts'
import type { Block } from './block.ts'

/** Where a run's blocks come from, one after the other. */
export interface BlockSource {
  next(): Block | undefined
  close(): void
}

export interface KeyPlace {
  readonly block: Block
  readonly index: number
  readonly keyStart: number
}

/** A place in a sorted run: key `index` of `block`. */
export class RunCursor {
  block: Block
  index = 0
  keyStart = 0
  /** First value of the key in the block. */
  valueStart = 0
  readonly order: number
  private readonly source: BlockSource

  private constructor(source: BlockSource, block: Block, order: number) {
    this.source = source
    this.block = block
    this.order = order
  }

  static open(source: BlockSource, order: number): RunCursor | undefined {
    const block = source.next()
    if (block) return new RunCursor(source, block, order)
    source.close()
    return undefined
  }

  get numValues(): number {
    return this.block.counts ? this.block.counts[this.index]! : 1
  }

  get key(): string | number {
    const { block, index } = this
    return block.key === 'number'
      ? block.keyNumbers[index]!
      : decodeUnits(block.units, this.keyStart, block.keyEnds[index]!)
  }

  /** The key that it stands on, for comparing after it has moved. */
  snapshot(): KeyPlace {
    return { block: this.block, index: this.index, keyStart: this.keyStart }
  }

  /** To the next key; false at the end of the run. */
  advance(): boolean {
    this.valueStart += this.numValues
    if (this.block.key === 'string') this.keyStart = this.block.keyEnds[this.index]!
    this.index++
    if (this.index < this.block.keys) return true
    const block = this.source.next()
    if (!block) {
      this.source.close()
      return false
    }
    this.block = block
    this.index = 0
    this.keyStart = 0
    this.valueStart = 0
    return true
  }
}

export function compareKeys(a: KeyPlace, b: KeyPlace): number {
  if (a.block.key === 'number') return a.block.keyNumbers[a.index]! - b.block.keyNumbers[b.index]!
  const aLength = a.block.keyEnds[a.index]! - a.keyStart
  const bLength = b.block.keyEnds[b.index]! - b.keyStart
  const shared = Math.min(aLength, bLength)
  for (let i = 0; i < shared; i++) {
    const difference = a.block.units[a.keyStart + i]! - b.block.units[b.keyStart + i]!
    if (difference !== 0) return difference
  }
  return aLength - bLength
}

export class RunMerge {
  private readonly heap: RunCursor[] = []

  constructor(sources: readonly BlockSource[]) {
    sources.forEach((source, order) => {
      const cursor = RunCursor.open(source, order)
      if (cursor) this.heap.push(cursor)
    })
    for (let i = (this.heap.length >> 1) - 1; i >= 0; i--) this.down(i)
  }

  /** The cursor of the least key, or undefined at the end. */
  peek(): RunCursor | undefined {
    return this.heap[0]
  }

  /** Moves the cursor that `peek` gave past its key. */
  advance(): void {
    const { heap } = this
    if (!heap[0]!.advance()) {
      const last = heap.pop()!
      if (heap.length === 0) return
      heap[0] = last
    }
    this.down(0)
  }

  private down(start: number): void {
    const { heap } = this
    const cursor = heap[start]!
    let i = start
    for (;;) {
      let child = i * 2 + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child++
      if (!before(heap[child]!, cursor)) break
      heap[i] = heap[child]!
      i = child
    }
    heap[i] = cursor
  }
}

function before(a: RunCursor, b: RunCursor): boolean {
  const order = compareKeys(a, b)
  return order < 0 || (order === 0 && a.order < b.order)
}
