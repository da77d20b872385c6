/** Reduces in the map task already: one partial result a key and task (MapReduce's combiner, Dean and Ghemawat 2004, §4.3). */
import type { Accumulators } from '../table/accumulators.ts'
import { AggregateTable } from '../table/aggregate-table.ts'
import { idsByPartition, type PairStatistics, type PartitionedOutput } from './partitioned-output.ts'

export class CombineSink {
  private readonly table: AggregateTable
  private readonly output: PartitionedOutput
  private pairs = 0

  constructor(accumulators: Accumulators, output: PartitionedOutput, budgetBytes: number) {
    this.output = output
    this.table = new AggregateTable(accumulators, budgetBytes, () => this.write())
  }

  add(key: unknown, value: unknown): void {
    this.pairs++
    this.table.add(key, value)
  }

  finish(): PairStatistics {
    if (this.table.count > 0) this.write()
    const { keys, accumulators } = this.table
    const valueType = this.pairs === 0 ? undefined : accumulators.type
    return { keyType: keys.type, valueType, pairs: this.pairs }
  }

  /** Unsorted: the reduce task has a table again, so runs of one task need no merging here. */
  private write(): void {
    const { dictionary } = this.table.keys
    idsByPartition(dictionary!, this.output.partitions).forEach((ids, partition) => {
      if (ids.length > 0) this.table.appendTo(ids, block => this.output.append(partition, block))
    })
  }
}
