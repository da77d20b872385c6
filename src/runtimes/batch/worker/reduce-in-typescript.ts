/** A reduce task over shuffle files of our own: a table of partials, a user's function over merged runs, or the last choice of k pairs. */
import { join } from 'node:path'
import { unreachable } from '../../../base/invariant.ts'
import type { BatchPlan } from '../../../planner/batch/plan.ts'
import { openRowWriter } from '../output/row-writer.ts'
import type { RowWriter } from '../output/rows.ts'
import type { ReduceOutput, ReduceTask } from '../protocol.ts'
import { aggregatedRows } from '../shuffle/aggregated-rows.ts'
import { SegmentReader } from '../shuffle/segment-file.ts'
import { topRows } from '../shuffle/top-rows.ts'
import type { ColumnType } from '../table/column-type.ts'
import { reduceByFunction } from './reduce-by-function.ts'
import { type LocalExtent, localExtents } from './segment-source.ts'
import type { TaskContext } from './task-context.ts'

export async function reduceInTypescript(task: ReduceTask, context: TaskContext): Promise<ReduceOutput> {
  const extents: LocalExtent[] = []
  for (const input of task.inputs) extents.push(...(await localExtents(input, context.taskFolder)))
  const { reduce } = context.plan
  if (reduce.kind === 'module') return reduceByFunction(task, extents, context)
  if (reduce.kind !== 'algebra') return unreachable(reduce)
  const types = { key: task.keyType ?? 'string', value: valueTypeOf(context.plan, task.valueType) }
  const writer = await openRowWriter(task.format, task.stagedPath, types)
  try {
    const keyed = keyWriter(writer, types.key)
    const readers = readersOf(extents)
    if (reduce.by === 'topK') await topRows(readers, reduce.k ?? 10, keyed, context.pause)
    else {
      const spillPath = (run: number): string => join(context.taskFolder, `run-${run}`)
      await aggregatedRows(readers, reduce.by, types.value, context, spillPath, keyed)
    }
    return {
      partition: task.index,
      stagedPath: task.stagedPath,
      ...writer.finish(),
      keyType: types.key,
      valueType: types.value,
    }
  } catch (error) {
    writer.abandon()
    throw error
  }
}

function* readersOf(extents: readonly LocalExtent[]): Generator<SegmentReader, void, void> {
  for (const { path, offset, length } of extents) yield new SegmentReader(path, offset, length)
}

/** Booleans are 0 and 1 until here. */
function keyWriter(writer: RowWriter, type: ColumnType): (key: string | number, value: string | number) => void {
  if (type === 'boolean') return (key, value) => writer.write(key === 1, value)
  return (key, value) => writer.write(key, value)
}

function valueTypeOf({ reduce }: BatchPlan, seen: ColumnType | undefined): ColumnType {
  if (reduce.kind !== 'algebra') return seen ?? 'integer'
  if (reduce.by === 'count') return 'integer'
  return reduce.by === 'avg' ? 'double' : (seen ?? 'integer')
}
