/** No combiner: every pair travels. For keys that are nearly all different, where a table would only cost. */
import type { Accumulators } from '../table/accumulators.ts'
import { KeyColumn } from '../table/key-column.ts'
import { BlockBuilder } from './block-builder.ts'
import { idsByPartition, type PairStatistics, type PartitionedOutput } from './partitioned-output.ts'

/** Pairs that are gathered before they go to their partitions; a "table" whose ids never repeat. */
const BATCH = 1 << 14

export class PassSink {
  private readonly accumulators: Accumulators
  private readonly output: PartitionedOutput
  private readonly keys = new KeyColumn({ keys: BATCH, units: 1 << 22 })
  private pairs = 0
  private gathered = 0
  private readonly ids = new Uint32Array(BATCH)
  private readonly builders: (BlockBuilder | undefined)[] = []

  constructor(accumulators: Accumulators, output: PartitionedOutput) {
    this.accumulators = accumulators
    this.output = output
  }

  add(key: unknown, value: unknown): void {
    this.pairs++
    this.ids[this.gathered] = this.keys.idOf(key)
    // One accumulator a pair: a partial of a single value.
    this.accumulators.add(this.gathered++, value)
    if (this.gathered === BATCH || this.keys.dictionary!.isFull) this.distribute()
  }

  finish(): PairStatistics {
    if (this.gathered > 0) this.distribute()
    this.builders.forEach((builder, partition) => {
      if (builder && builder.keys > 0) this.output.append(partition, builder.encode())
    })
    const valueType = this.pairs === 0 ? undefined : this.accumulators.type
    return { keyType: this.keys.type, valueType, pairs: this.pairs }
  }

  private distribute(): void {
    const dictionary = this.keys.dictionary!
    const partitionOfId = new Uint32Array(dictionary.count)
    idsByPartition(dictionary, this.output.partitions).forEach((ids, partition) => {
      for (const id of ids) partitionOfId[id] = partition
    })
    for (let pair = 0; pair < this.gathered; pair++) {
      const id = this.ids[pair]!
      const partition = partitionOfId[id]!
      const builder = this.builderOf(partition)
      dictionary.appendTo(builder, id)
      this.accumulators.append(builder, pair)
      builder.endValue()
      if (builder.isFull) this.output.append(partition, builder.encode())
    }
    this.gathered = 0
    dictionary.clear()
    this.accumulators.clear()
  }

  private builderOf(partition: number): BlockBuilder {
    const { cells } = this.accumulators
    this.builders[partition] ??= new BlockBuilder({
      key: this.keys.dictionary!.kind,
      value: cells > 0 ? 'cells' : 'json',
      cells,
      grouped: false,
    })
    return this.builders[partition]
  }
}
