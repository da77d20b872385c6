/** Keeps the k largest pairs of a map task; they go to one partition, where the last k are chosen. */

import { type ColumnType, merge, typeOf } from '../table/column-type.ts'
import { KeyColumn } from '../table/key-column.ts'
import { toNumber } from '../table/user-number.ts'
import { BlockBuilder } from './block-builder.ts'
import type { PairStatistics, PartitionedOutput } from './partitioned-output.ts'
import { type Scalar, TopPairs } from './top-pairs.ts'

export class TopSink {
  private readonly output: PartitionedOutput
  private readonly top: TopPairs
  /** Only for the rules of keys; holds few at a time. */
  private readonly keys = new KeyColumn({ keys: 1 << 10, units: 1 << 16 })
  private valueType: ColumnType | undefined
  private pairs = 0

  constructor(output: PartitionedOutput, k: number) {
    this.output = output
    this.top = new TopPairs(k)
  }

  add(key: unknown, value: unknown): void {
    this.pairs++
    if (typeof key !== 'string' || this.keys.type !== 'string') {
      this.keys.idOf(key)
      if (this.keys.dictionary!.isFull) this.keys.dictionary!.clear()
    }
    const comparable = typeof value === 'string' ? value : toNumber(value, 'value to compare')
    if (this.valueType !== 'double') this.valueType = merge(this.valueType, typeOf(comparable)) as ColumnType
    this.top.add({ key: typeof key === 'string' ? key : Number(key), value: comparable })
  }

  finish(): PairStatistics {
    const pairs = this.top.sorted()
    if (pairs.length > 0) this.output.append(0, encodePairs(pairs))
    return { keyType: this.keys.type, valueType: this.valueType, pairs: this.pairs }
  }
}

function encodePairs(pairs: readonly { readonly key: Scalar; readonly value: Scalar }[]): Uint8Array {
  const isText = typeof pairs[0]!.value === 'string'
  const block = new BlockBuilder({
    key: typeof pairs[0]!.key === 'string' ? 'string' : 'number',
    value: isText ? 'json' : 'cells',
    cells: isText ? 0 : 1,
    grouped: false,
  })
  for (const { key, value } of pairs) {
    if (typeof key === 'string') block.addText(key)
    else block.addNumber(key)
    if (typeof value === 'string') block.addJson(JSON.stringify(value))
    else block.addCell(value)
    block.endValue()
  }
  return block.encode()
}
