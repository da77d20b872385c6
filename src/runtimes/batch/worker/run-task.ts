/** One task, by stage and engine. */
import { rmSync } from 'node:fs'
import type { BatchPlan } from '../../../planner/batch/plan.ts'
import { mapInDuckdb } from '../duckdb/map-in-duckdb.ts'
import { reduceInDuckdb } from '../duckdb/reduce-in-duckdb.ts'
import type { Task, TaskResult } from '../protocol.ts'
import type { KeptOutputs } from './kept-outputs.ts'
import { mapInTypescript } from './map-in-typescript.ts'
import { reduceInTypescript } from './reduce-in-typescript.ts'
import type { TaskContext } from './task-context.ts'

export async function runTask(
  task: Task,
  context: TaskContext,
  kept: KeptOutputs,
  address: string,
): Promise<TaskResult> {
  const inDuckdb = runsInDuckdb(context.plan)
  if (task.stage === 'reduce') {
    const reduce = inDuckdb ? reduceInDuckdb : reduceInTypescript
    return { stage: 'reduce', output: await orRemove(task.stagedPath, () => reduce(task, context)) }
  }
  const map = inDuckdb ? mapInDuckdb : mapInTypescript
  const base = kept.newBase(task.index)
  const { segments, keyType, valueType, pairs } = await orRemove(base, () => map(task, base, context))
  const output = { split: task.index, base, segments, keyType, valueType, pairs, bytesRead: task.split.bytes }
  kept.keep(output)
  return { stage: 'map', output: { ...output, address } }
}

/** What a failed attempt has written goes at once: the disk may be full because of it. */
async function orRemove<T>(path: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write()
  } catch (error) {
    rmSync(path, { recursive: true, force: true })
    throw error
  }
}

/** DuckDB maps and reduces, or neither: the two engines' shuffle files differ. */
const runsInDuckdb = ({ strategy, map, reduce }: BatchPlan): boolean =>
  strategy.engine === 'duckdb' && map.kind !== 'module' && reduce.kind === 'algebra'
