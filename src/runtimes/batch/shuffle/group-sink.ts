/**
 * Gathers all values by key for a reduce function of the user's: keys in a dictionary, values one after the other in the order in which
 * they came. When memory is full, and at the end, a run sorted by key is written; the reduce task merges runs of all tasks.
 */

import { shortened, UserError } from '../failure.ts'
import { typeOf } from '../table/column-type.ts'
import { limitWithin } from '../table/dictionary.ts'
import { KeyColumn } from '../table/key-column.ts'
import { toNumber } from '../table/user-number.ts'
import { BlockBuilder, type ValueKind } from './block-builder.ts'
import { idsByPartition, type PairStatistics, type PartitionedOutput } from './partitioned-output.ts'

const NONE = 0xffffffff

export class GroupSink {
  private readonly output: PartitionedOutput
  private readonly keys: KeyColumn
  private readonly budgetBytes: number
  private pairs = 0
  /** Values in memory; each knows the next of its key, each key its first and last. */
  private held = 0
  private next = new Uint32Array(1 << 12)
  private first = new Uint32Array(1 << 12)
  private last = new Uint32Array(1 << 12)
  private numbers = new Float64Array(1 << 12)
  /** Set as soon as a value is no number; then all of a run are JSON. */
  private texts: string[] | undefined
  private textBytes = 0
  private known = 0

  constructor(output: PartitionedOutput, budgetBytes: number) {
    this.output = output
    this.budgetBytes = budgetBytes
    this.keys = new KeyColumn(limitWithin(budgetBytes / 2, 8))
  }

  add(key: unknown, value: unknown): void {
    this.pairs++
    const id = this.keys.idOf(key)
    const at = this.held++
    if (at >= this.next.length) this.growValues()
    this.put(at, value)
    this.link(id, at)
    if (this.keys.dictionary!.isFull || this.held * 12 + this.textBytes * 2 >= this.budgetBytes / 2) this.writeRun()
  }

  finish(): PairStatistics {
    if (this.held > 0) this.writeRun()
    return { keyType: this.keys.type, valueType: undefined, pairs: this.pairs }
  }

  private put(at: number, value: unknown): void {
    if (typeof value === 'number' || typeof value === 'bigint') {
      const number = toNumber(value, 'value')
      if (this.texts) this.putText(at, String(number))
      else this.numbers[at] = number
      return
    }
    if (value === undefined || typeof value === 'function' || typeof value === 'symbol') {
      throw new UserError(`the value is ${shortened(value)}; a value is anything that JSON can hold`)
    }
    if (!this.texts) {
      this.texts = Array.from(this.numbers.subarray(0, at), String)
      this.textBytes = this.texts.length * 4
    }
    this.putText(at, jsonOf(value))
  }

  private putText(at: number, text: string): void {
    this.texts![at] = text
    this.textBytes += text.length + 16
  }

  private link(id: number, at: number): void {
    if (id >= this.first.length) {
      this.first = doubled(this.first)
      this.last = doubled(this.last)
    }
    if (id === this.known) {
      this.known++
      this.first[id] = at
    } else this.next[this.last[id]!] = at
    this.last[id] = at
    this.next[at] = NONE
  }

  private growValues(): void {
    this.next = doubled(this.next)
    const numbers = new Float64Array(this.next.length)
    numbers.set(this.numbers)
    this.numbers = numbers
  }

  private writeRun(): void {
    const dictionary = this.keys.dictionary!
    const value: ValueKind = this.texts ? 'json' : 'cells'
    const shape = { key: dictionary.kind, value, cells: this.texts ? 0 : 1, grouped: true } as const
    this.output.startRun()
    idsByPartition(dictionary, this.output.partitions).forEach((ids, partition) => {
      const block = new BlockBuilder(shape)
      for (const id of ids.sort((a, b) => dictionary.compare(a, b))) {
        dictionary.appendTo(block, id)
        for (let at = this.first[id]!; at !== NONE; at = this.next[at]!) {
          if (this.texts) block.addJson(this.texts[at]!)
          else block.addCell(this.numbers[at]!)
          block.endValue()
          if (block.isFull) {
            this.output.append(partition, block.encode())
            // A key with more values than a block holds goes on in the next.
            if (this.next[at] !== NONE) dictionary.appendTo(block, id)
          }
        }
      }
      if (block.keys > 0) this.output.append(partition, block.encode())
    })
    dictionary.clear()
    this.held = 0
    this.known = 0
    this.texts = undefined
    this.textBytes = 0
  }
}

function doubled(array: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const grown = new Uint32Array(array.length * 2)
  grown.set(array)
  return grown
}

function jsonOf(value: unknown): string {
  try {
    const text = JSON.stringify(value)
    if (text !== undefined) return text
  } catch (error) {
    throw new UserError(`the value ${shortened(value)} is not JSON: ${(error as Error).message}`)
  }
  throw new UserError(`the value is ${typeOf(value) ?? 'nothing'} that JSON cannot hold`)
}
