/** A reduce task in DuckDB: the partition's Parquet files of all map tasks, aggregated and copied straight into the output format. */
import { closeSync, fsyncSync, openSync, statSync } from 'node:fs'
import { invariant } from '../../../base/invariant.ts'
import { openRowWriter } from '../output/row-writer.ts'
import type { ReduceOutput, ReduceTask } from '../protocol.ts'
import { localExtents } from '../worker/segment-source.ts'
import type { TaskContext } from '../worker/task-context.ts'
import { duckdb } from './engine.ts'
import { COPY_OPTIONS, finalOf, quote } from './sql.ts'

export async function reduceInDuckdb(task: ReduceTask, context: TaskContext): Promise<ReduceOutput> {
  const { reduce } = context.plan
  invariant(reduce.kind === 'algebra', 'DuckDB runs algebras')
  const paths: string[] = []
  for (const input of task.inputs) {
    paths.push(...(await localExtents(input, context.taskFolder)).map(({ path }) => path))
  }
  if (paths.length === 0) return emptyFile(task)
  const engine = await duckdb(context.workerMemoryBytes, context.workerFolder)
  const from = `read_parquet([${paths.map(quote).join(', ')}], hive_partitioning = false)`
  const columns = await engine.rows(`DESCRIBE SELECT * FROM ${from}`)
  const final = finalOf(reduce.by, reduce.k ?? 10, String(columns[1]![1]), from)
  const [copied] = await engine.rows(`COPY (${final}) TO ${quote(task.stagedPath)} (${COPY_OPTIONS[task.format]})`)
  makeDurable(task.stagedPath)
  return {
    partition: task.index,
    stagedPath: task.stagedPath,
    rows: Number(copied![0]),
    bytes: statSync(task.stagedPath).size,
  }
}

async function emptyFile(task: ReduceTask): Promise<ReduceOutput> {
  const writer = await openRowWriter(task.format, task.stagedPath, { key: 'string', value: 'integer' })
  return { partition: task.index, stagedPath: task.stagedPath, ...writer.finish() }
}

function makeDurable(path: string): void {
  const fd = openSync(path, 'r+')
  fsyncSync(fd)
  closeSync(fd)
}
