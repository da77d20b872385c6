/** Hash reduce: partials of all map tasks meet in one table; when it is full it is written as a run sorted by key, and the runs are merged. */
import { type Accumulators, accumulatorsFor, type KeyedAlgebra } from '../table/accumulators.ts'
import { AggregateTable, sortedIds } from '../table/aggregate-table.ts'
import type { ColumnType } from '../table/column-type.ts'
import { compareKeys, RunMerge } from './merge-runs.ts'
import { SegmentReader, SegmentWriter } from './segment-file.ts'

export type EachRow = (key: string | number, value: string | number) => void

export interface Budget {
  readonly tableBytes: number
  /** Lets timers and sockets have their turn. */
  pause(): Promise<void>
}

const BLOCKS_A_TURN = 64

export async function aggregatedRows(
  readers: Iterable<SegmentReader>,
  by: KeyedAlgebra,
  valueType: ColumnType,
  budget: Budget,
  runPath: (run: number) => string,
  each: EachRow,
): Promise<void> {
  const runs: string[] = []
  const table = new AggregateTable(accumulatorsFor(by, valueType), budget.tableBytes, full => {
    runs.push(writeRun(full, runPath(runs.length)))
  })
  let blocks = 0
  for (const reader of readers) {
    for (let block = reader.next(); block; block = reader.next()) {
      table.mergeBlock(block)
      if (++blocks % BLOCKS_A_TURN === 0) await budget.pause()
    }
    reader.close()
  }
  if (runs.length === 0) return writeTable(table, each)
  if (table.count > 0) runs.push(writeRun(table, runPath(runs.length)))
  await mergeRuns(runs, accumulatorsFor(by, valueType), budget, each)
}

function writeTable({ keys: { dictionary }, accumulators }: AggregateTable, each: EachRow): void {
  if (!dictionary) return
  for (let id = 0; id < dictionary.count; id++) each(dictionary.keyOf(id), accumulators.result(id))
}

function writeRun(table: AggregateTable, path: string): string {
  const writer = new SegmentWriter(path)
  table.appendTo(sortedIds(table.keys.dictionary!), block => writer.append(block, []))
  writer.close()
  return path
}

/** Keys that are accumulated before their rows are written: clearing costs as much for one as for all of these. */
const KEYS_A_TURN = 4096

async function mergeRuns(
  runs: readonly string[],
  partials: Accumulators,
  budget: Budget,
  each: EachRow,
): Promise<void> {
  const merge = new RunMerge(runs.map(path => new SegmentReader(path, 0, Number.POSITIVE_INFINITY)))
  let keys: (string | number)[] = []
  for (let cursor = merge.peek(); cursor; cursor = merge.peek()) {
    const id = keys.push(cursor.key) - 1
    // The heap gives equal keys one after the other; a copy of the first key tells when they end.
    const first = cursor.snapshot()
    for (let same = merge.peek(); same && compareKeys(same, first) === 0; same = merge.peek()) {
      partials.merge(id, same.block, same.valueStart)
      merge.advance()
    }
    if (keys.length < KEYS_A_TURN) continue
    flush(keys, partials, each)
    keys = []
    await budget.pause()
  }
  flush(keys, partials, each)
}

function flush(keys: readonly (string | number)[], partials: Accumulators, each: EachRow): void {
  for (let id = 0; id < keys.length; id++) each(keys[id]!, partials.result(id))
  partials.clear()
}
