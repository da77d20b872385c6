/**
 * Keys and their partial results in memory, within a budget: the heart of combining (map) and of hash reduce. The owner hands in what is
 * to happen when the table is full; afterwards it goes on empty.
 */
import { invariant } from '../../../base/invariant.ts'
import type { Block } from '../shuffle/block.ts'
import { BlockBuilder } from '../shuffle/block-builder.ts'
import type { Accumulators } from './accumulators.ts'
import { type Dictionary, type DictionaryLimit, limitWithin } from './dictionary.ts'
import { KeyColumn } from './key-column.ts'
import type { NumberDictionary } from './number-dictionary.ts'
import type { StringDictionary } from './string-dictionary.ts'

export class AggregateTable {
  readonly keys: KeyColumn
  readonly accumulators: Accumulators
  private readonly whenFull: (table: AggregateTable) => void

  constructor(accumulators: Accumulators, budgetBytes: number, whenFull: (table: AggregateTable) => void) {
    const limit: DictionaryLimit = limitWithin(budgetBytes, accumulators.cells * 16)
    this.keys = new KeyColumn(limit)
    this.accumulators = accumulators
    this.whenFull = whenFull
  }

  add(key: unknown, value: unknown): void {
    const id = this.keys.idOf(key)
    this.accumulators.add(id, value)
    if (this.keys.dictionary!.isFull) this.overflow()
  }

  mergeBlock(block: Block): void {
    const { accumulators } = this
    if (block.key === 'string') {
      const dictionary = this.keys.of('string') as StringDictionary
      for (let i = 0, start = 0; i < block.keys; i++) {
        const end = block.keyEnds[i]!
        accumulators.merge(dictionary.idOfUnits(block.units, start, end), block, i)
        start = end
        if (dictionary.isFull) this.overflow()
      }
      return
    }
    const dictionary = this.keys.of('number') as NumberDictionary
    for (let i = 0; i < block.keys; i++) {
      accumulators.merge(dictionary.idOf(block.keyNumbers[i]!), block, i)
      if (dictionary.isFull) this.overflow()
    }
  }

  get count(): number {
    return this.keys.dictionary?.count ?? 0
  }

  /** Appends the keys `ids` with their partials, block by block. */
  appendTo(ids: Iterable<number>, write: (block: Uint8Array) => void): void {
    const { dictionary } = this.keys
    invariant(dictionary, 'a table that is written has keys')
    const { accumulators } = this
    const value = accumulators.cells > 0 ? 'cells' : 'json'
    const block = new BlockBuilder({ key: dictionary.kind, value, cells: accumulators.cells, grouped: false })
    for (const id of ids) {
      dictionary.appendTo(block, id)
      accumulators.append(block, id)
      block.endValue()
      if (block.isFull) write(block.encode())
    }
    if (block.keys > 0) write(block.encode())
  }

  clear(): void {
    this.keys.dictionary?.clear()
    this.accumulators.clear()
  }

  private overflow(): void {
    this.whenFull(this)
    this.clear()
  }
}

/** All ids in the order of their keys. */
export function sortedIds(dictionary: Dictionary): Uint32Array {
  return Uint32Array.from({ length: dictionary.count }, (_, id) => id).sort((a, b) => dictionary.compare(a, b))
}
