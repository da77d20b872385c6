/**
 * A reduce function of the user's: all values of a key as an iterable, keys in order, over runs that lie on disk. Too many runs are merged
 * into fewer first (external merge sort; Knuth, TAOCP 3, §5.4).
 */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { shortened, UserError } from '../failure.ts'
import { blame, functionOf, type UserModule } from '../functions/user-module.ts'
import { openRowWriter } from '../output/row-writer.ts'
import type { Cell, RowWriter } from '../output/rows.ts'
import type { ReduceOutput, ReduceTask } from '../protocol.ts'
import { BlockBuilder } from '../shuffle/block-builder.ts'
import { compareKeys, type KeyPlace, type RunCursor, RunMerge } from '../shuffle/merge-runs.ts'
import { SegmentReader, SegmentWriter } from '../shuffle/segment-file.ts'
import { jsonAt } from '../table/accumulators.ts'
import { type ColumnType, merge, typeOf } from '../table/column-type.ts'
import { toNumber } from '../table/user-number.ts'
import type { LocalExtent } from './segment-source.ts'
import type { TaskContext } from './task-context.ts'

/** Each run holds a file and a block of memory. */
const MAX_RUNS = 256
const KEYS_A_TURN = 1024

export async function reduceByFunction(
  task: ReduceTask,
  extents: readonly LocalExtent[],
  context: TaskContext,
): Promise<ReduceOutput> {
  const runs = await fewerRuns(extents, context)
  // A file has one type of values, known only when all are there; a column that must widen is written again, wider.
  for (let valueType = task.valueType; ; ) {
    const written = await writeRows(task, runs, valueType, context)
    if (written.widened === undefined) return written.output
    rmSync(task.stagedPath)
    valueType = written.widened
  }
}

type Written = { readonly output: ReduceOutput; readonly widened?: undefined } | { readonly widened: ColumnType }

async function writeRows(
  task: ReduceTask,
  runs: readonly LocalExtent[],
  known: ColumnType | undefined,
  context: TaskContext,
): Promise<Written> {
  const { reduce } = context.plan
  const ref = reduce as { readonly module: string; readonly export: string }
  const module = await context.userModule()
  const call = functionOf(module, 'reduce', ref)
  const keyType = task.keyType ?? 'string'
  const groups = new RunMerge(runs.map(run => new SegmentReader(run.path, run.offset, run.length)))
  let valueType = known
  let writer: RowWriter | undefined
  const early: [string | number | boolean, Cell][] = []
  const open = async (): Promise<RowWriter> => {
    const opened = await openRowWriter(task.format, task.stagedPath, { key: keyType, value: valueType ?? 'integer' })
    for (const [key, value] of early) opened.write(key, value)
    return opened
  }
  let keys = 0
  for (let cursor = groups.peek(); cursor; cursor = groups.peek()) {
    const key = keyType === 'boolean' ? cursor.key === 1 : cursor.key
    const value = reduceKey(key, cursor, groups, call, module, ref.export)
    const widened = widen(valueType, value, key)
    if (writer && widened !== valueType && task.format === 'parquet') {
      writer.abandon()
      return { widened: widened! }
    }
    valueType = widened
    if (writer) writer.write(key, value)
    else early.push([key, value])
    if (++keys % KEYS_A_TURN === 0) {
      writer ??= await open()
      await context.pause()
    }
  }
  writer ??= await open()
  return { output: { partition: task.index, stagedPath: task.stagedPath, ...writer.finish(), keyType, valueType } }
}

function widen(known: ColumnType | undefined, value: Cell, key: unknown): ColumnType | undefined {
  const type = merge(known, typeOf(value))
  if (type !== 'conflict') return type
  throw new UserError(
    `reduce returns ${shortened(value)} for the key ${shortened(key)} and ${known} values for others: a column has one type`,
  )
}

/** One call of the user's function; the merge stands on the next key afterwards, however many values were taken. */
function reduceKey(
  key: unknown,
  cursor: RunCursor,
  groups: RunMerge,
  call: (key: unknown, values: Iterable<unknown>) => unknown,
  module: UserModule,
  name: string,
): Cell {
  const place = cursor.snapshot()
  const values = valuesOf(groups, place)
  let result: unknown
  try {
    result = call(key, values)
  } catch (error) {
    throw blame(error, module.url).at({ record: `key ${shortened(key)}` })
  }
  for (let rest = values.next(); !rest.done; rest = values.next());
  skipKey(groups, place)
  return cellOf(result, key, name)
}

function* valuesOf(groups: RunMerge, place: KeyPlace): Generator<unknown, void, void> {
  for (let cursor = groups.peek(); cursor && compareKeys(cursor, place) === 0; cursor = groups.peek()) {
    for (let i = 0; i < cursor.numValues; i++) yield valueAt(cursor, i)
    groups.advance()
  }
}

/** After a `break` in the user's loop the generator is closed, and the rest of the values must go all the same. */
function skipKey(groups: RunMerge, place: KeyPlace): void {
  for (let cursor = groups.peek(); cursor && compareKeys(cursor, place) === 0; cursor = groups.peek()) groups.advance()
}

const valueAt = ({ block, valueStart }: RunCursor, i: number): unknown =>
  block.value === 'json' ? jsonAt(block, valueStart + i) : block.cells[valueStart + i]

function cellOf(value: unknown, key: unknown, name: string): Cell {
  const at = { record: `key ${shortened(key)}` }
  switch (typeof value) {
    case 'number':
    case 'bigint':
      try {
        return toNumber(value, `result of ${name}`)
      } catch (error) {
        throw (error as UserError).at(at)
      }
    case 'string':
    case 'boolean':
      return value
    case 'object':
      if (!(value instanceof Promise)) return value
      throw new UserError(`${name} returns a Promise; a reduce function is synchronous`, at)
    default:
      throw new UserError(`${name} returns ${shortened(value)} for the key ${shortened(key)}, not a value`, at)
  }
}

async function fewerRuns(extents: readonly LocalExtent[], context: TaskContext): Promise<readonly LocalExtent[]> {
  let runs = [...extents]
  for (let pass = 0; runs.length > MAX_RUNS; pass++) {
    const merged: LocalExtent[] = []
    for (let at = 0; at < runs.length; at += MAX_RUNS) {
      const path = join(context.taskFolder, `merged-${pass}-${merged.length}`)
      merged.push(mergeToRun(runs.slice(at, at + MAX_RUNS), path))
      await context.pause()
    }
    runs = merged
  }
  return runs
}

function mergeToRun(runs: readonly LocalExtent[], path: string): LocalExtent {
  const writer = new SegmentWriter(path)
  const merge = new RunMerge(runs.map(run => new SegmentReader(run.path, run.offset, run.length)))
  let builder: BlockBuilder | undefined
  const flush = (): void => {
    if (builder && builder.keys > 0) writer.append(builder.encode(), [])
  }
  for (let cursor = merge.peek(); cursor; cursor = merge.peek()) {
    const { key, value, cellsPerValue } = cursor.block
    if (builder?.shape.value !== value) {
      flush()
      builder = new BlockBuilder({ key, value, cells: cellsPerValue, grouped: true })
    }
    copyKey(cursor, builder)
    if (builder.isFull) flush()
    merge.advance()
  }
  flush()
  writer.close()
  return { path, offset: 0, length: writer.bytes }
}

function copyKey(cursor: RunCursor, builder: BlockBuilder): void {
  const { block, index, keyStart, valueStart } = cursor
  if (block.key === 'number') builder.addNumber(block.keyNumbers[index]!)
  else builder.addString(block.units, keyStart, block.keyEnds[index]!)
  for (let i = valueStart; i < valueStart + cursor.numValues; i++) {
    if (block.value === 'json') builder.addJson(JSON.stringify(jsonAt(block, i)))
    else builder.addCell(block.cells[i]!)
    builder.endValue()
  }
}
