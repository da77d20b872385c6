/** A map task in DuckDB: partial results of each chunk, gathered, written as one Parquet file a partition. */
import { mkdirSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { invariant } from '../../../base/invariant.ts'
import type { Algebra } from '../../../spec/kinds.ts'
import type { MapTask } from '../protocol.ts'
import type { MappedPairs } from '../shuffle/partitioned-output.ts'
import type { Extent } from '../shuffle/segment-file.ts'
import type { TaskContext } from '../worker/task-context.ts'
import { forEachChunk } from './chunks.ts'
import { duckdb, type Engine } from './engine.ts'
import { type Partials, partialsOf, quote, splitPairs, sqlPairs, type TextTraits } from './sql.ts'

export async function mapInDuckdb(task: MapTask, base: string, context: TaskContext): Promise<MappedPairs> {
  const { plan } = context
  invariant(plan.reduce.kind === 'algebra', 'DuckDB runs algebras')
  const { by, k = 10 } = plan.reduce
  const engine = await duckdb(context.workerMemoryBytes, context.workerFolder)
  let chunks = 0
  let partials: Partials | undefined
  await engine.run('DROP TABLE IF EXISTS partials')
  await forEachChunk(task.split, engine, context, async traits => {
    const { pairs, valueType } = await pairsOf(engine, context, by, traits)
    partials = partialsOf(by, valueType, k, plan.strategy.combine)
    const select = partials.select(pairs)
    await engine.run(chunks++ === 0 ? `CREATE TEMP TABLE partials AS ${select}` : `INSERT INTO partials ${select}`)
  })
  mkdirSync(base)
  if (!partials)
    return { segments: noSegments(plan.strategy.partitions), keyType: undefined, valueType: undefined, pairs: 0 }
  const rows = chunks > 1 && plan.strategy.combine ? partials.again('SELECT * FROM partials') : 'SELECT * FROM partials'
  await writePartitions(engine, rows, base, by === 'topK' ? 1 : plan.strategy.partitions)
  const [count] = await engine.rows('SELECT count(*) FROM partials')
  await engine.run('DROP TABLE partials')
  const segments = listSegments(base, plan.strategy.partitions)
  return { segments, keyType: undefined, valueType: undefined, pairs: Number(count![0]) }
}

async function pairsOf(
  engine: Engine,
  { plan: { map } }: TaskContext,
  by: Algebra,
  traits: TextTraits,
): Promise<{ readonly pairs: string; readonly valueType: string }> {
  if (map.kind === 'split') return { pairs: splitPairs(map.pattern, traits), valueType: 'BIGINT' }
  invariant(map.kind === 'sql', 'a module is not run in DuckDB')
  const columns = await engine.columns(map.text)
  return { pairs: sqlPairs(map.text, columns, by), valueType: columns.types[1] ?? 'BIGINT' }
}

async function writePartitions(engine: Engine, rows: string, base: string, partitions: number): Promise<void> {
  if (partitions === 1) {
    mkdirSync(join(base, 'p=0'))
    await engine.run(
      `COPY (${rows}) TO ${quote(join(base, 'p=0', 'data_0.parquet'))} (FORMAT parquet, COMPRESSION uncompressed)`,
    )
    return
  }
  await engine.run(
    `COPY (SELECT *, (hash(key) % ${partitions})::INTEGER AS p FROM (${rows})) TO ${quote(base)} ` +
      '(FORMAT parquet, COMPRESSION uncompressed, PARTITION_BY (p), OVERWRITE_OR_IGNORE)',
  )
}

function listSegments(base: string, partitions: number): readonly (readonly Extent[])[] {
  const segments = noSegments(partitions)
  for (const folder of readdirSync(base)) {
    const partition = Number(folder.slice('p='.length))
    for (const file of readdirSync(join(base, folder)).sort()) {
      const name = `/${folder}/${file}`
      segments[partition]!.push([name, 0, statSync(base + name).size])
    }
  }
  return segments
}

const noSegments = (partitions: number): Extent[][] => Array.from({ length: partitions }, () => [])
