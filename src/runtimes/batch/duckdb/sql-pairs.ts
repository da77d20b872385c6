/** Pairs of a `sql` map for a reduce that is TypeScript: the rows of the select, as JavaScript values. */
import type { Split } from '../../../planner/batch/plan.ts'
import type { PairSink } from '../shuffle/pair-sink.ts'
import type { TaskContext } from '../worker/task-context.ts'
import { forEachChunk } from './chunks.ts'
import { duckdb } from './engine.ts'
import { sqlPairs } from './sql.ts'

export async function forEachSqlPair(split: Split, context: TaskContext, sink: PairSink): Promise<void> {
  const { map, reduce } = context.plan
  const text = (map as { readonly text: string }).text
  const engine = await duckdb(context.workerMemoryBytes, context.workerFolder)
  await forEachChunk(split, engine, context, async () => {
    const pairs = sqlPairs(text, await engine.columns(text), reduce.kind === 'algebra' ? reduce.by : 'module')
    const result = await engine.stream(pairs)
    for await (const rows of result.yieldRowsJs()) {
      for (const [key, value] of rows) sink.add(key, value)
    }
  })
}
