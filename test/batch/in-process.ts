/** A batch job in this process, task by task: what coordinator and workers do, without sockets, so that properties can try many. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { gzipSync } from 'node:zlib'
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet'
import { compressors } from 'hyparquet-compressors'
import type { BatchPlan, BatchStrategy } from '../../src/planner/batch/plan.ts'
import { splitsOf } from '../../src/planner/batch/splits.ts'
import { JobState } from '../../src/runtimes/batch/coordinator/job-state.ts'
import { OutputFolder } from '../../src/runtimes/batch/coordinator/output-folder.ts'
import { loadUserModule, type UserModule } from '../../src/runtimes/batch/functions/user-module.ts'
import { KeptOutputs } from '../../src/runtimes/batch/worker/kept-outputs.ts'
import { runTask } from '../../src/runtimes/batch/worker/run-task.ts'
import type { TaskContext } from '../../src/runtimes/batch/worker/task-context.ts'

export interface Row {
  readonly key: unknown
  readonly value: unknown
}

export interface TestJob {
  readonly files: Readonly<Record<string, string | Uint8Array>>
  readonly format?: BatchPlan['input']['format']
  readonly map: BatchPlan['map']
  readonly reduce?: BatchPlan['reduce']
  readonly output?: BatchPlan['output']['format']
  readonly strategy?: Partial<BatchStrategy>
  readonly code?: string
}

export const module = (name: string) => ({ kind: 'module', module: `file:///test/${name}.ts`, export: name }) as const

/** Writes the job's files into `folder`; names that end in .gz are gzipped. */
export function planFor(job: TestJob, folder: string): BatchPlan {
  const files = Object.entries(job.files).map(([name, content]) => {
    const bytes = name.endsWith('.gz') ? gzipSync(content) : Buffer.from(content)
    const path = join(folder, name)
    writeFileSync(path, bytes)
    return { uri: pathToFileURL(path).href, bytes: bytes.length, splittable: !name.endsWith('.gz') }
  })
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0)
  return {
    version: 1,
    name: 'test',
    namespace: 'default',
    input: { format: job.format ?? 'text', files, bytes },
    map: job.map,
    reduce: job.reduce ?? { kind: 'algebra', by: 'sum' },
    output: { format: job.output ?? 'jsonl', uri: pathToFileURL(join(folder, 'out')).href },
    strategy: {
      splitBytes: 64 * 1024,
      numSplits: 1,
      partitions: 2,
      workers: { min: 1, max: 2 },
      combine: true,
      aggregate: 'hash',
      engine: 'typescript',
      ...job.strategy,
    },
    reasons: [],
  }
}

export async function runInProcess(job: TestJob, options: { tableBytes?: number } = {}): Promise<readonly Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'solvent-test-'))
  try {
    return await runPlan(planFor(job, folder), folder, job.code, options.tableBytes ?? 32 * 2 ** 20)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function runPlan(plan: BatchPlan, folder: string, code: string | undefined, tableBytes: number): Promise<Row[]> {
  const work = join(folder, 'work')
  mkdirSync(work)
  const codePath = code === undefined ? undefined : join(folder, 'main.mjs.gz')
  if (codePath) writeFileSync(codePath, gzipSync(code!))
  let userModule: Promise<UserModule> | undefined
  const common = {
    plan,
    workerFolder: work,
    tableBytes,
    workerMemoryBytes: 400 * 2 ** 20,
    onProgress: () => {},
    pause: async () => {},
    userModule: () => {
      userModule ??= loadUserModule(codePath, work)
      return userModule
    },
  }
  const kept = new KeptOutputs(work, 'test')
  const splits = splitsOf(plan)
  const state = new JobState(
    splits.map(split => split.bytes),
    plan.strategy.partitions,
  )
  const output = new OutputFolder(plan.output.uri, plan.output.format, 'test')
  await output.open(plan.strategy.partitions)
  state.join('w', undefined, 0)
  while (!state.isDone || state.narrowPartitions().length > 0) {
    const next = state.assign('w', 0)
    if (!next) throw new Error('nothing to do')
    const { keyType, valueType, outputs } = state
    const inputs = outputs.flatMap(each =>
      each ? [{ split: each.split, base: each.base, address: '', extents: each.segments[next.index]! }] : [],
    )
    const task =
      next.stage === 'map'
        ? ({ ...next, stage: 'map', split: splits[next.index]! } as const)
        : ({
            ...next,
            stage: 'reduce',
            inputs,
            keyType,
            valueType,
            stagedPath: output.stagedPath(next.index),
            format: plan.output.format,
          } as const)
    const context: TaskContext = { ...common, taskFolder: join(work, `${task.stage}-${task.index}-${task.attempt}`) }
    mkdirSync(context.taskFolder)
    const result = await runTask(task, context, kept, '')
    rmSync(context.taskFolder, { recursive: true })
    if (result.stage === 'map') state.finishMap('w', result.output, 0)
    else state.finishReduce('w', result.output, 0)
    const { failure } = state
    if (failure) throw new Error(failure.message)
  }
  await output.publish(state.committed.map(each => each!))
  await output.close()
  return readOutput(join(folder, 'out'))
}

/** All rows of an output folder. */
export async function readOutput(folder: string): Promise<Row[]> {
  const rows: Row[] = []
  for (const name of readdirSync(folder).sort()) {
    const path = join(folder, name)
    if (name.endsWith('.jsonl')) {
      for (const line of readFileSync(path, 'utf8').split('\n')) if (line) rows.push(JSON.parse(line) as Row)
    } else if (name.endsWith('.csv')) rows.push(...csvRows(readFileSync(path, 'utf8')))
    else if (name.endsWith('.parquet')) {
      const file = await asyncBufferFromFile(path)
      rows.push(...((await parquetReadObjects({ file, compressors })) as unknown as Row[]))
    }
  }
  return rows.map(({ key, value }) => ({ key: plain(key), value: plain(value) }))
}

const plain = (value: unknown): unknown => (typeof value === 'bigint' ? Number(value) : value)

function csvRows(text: string): Row[] {
  const cells = [...text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\n]*))(,|\n)/g)].map(
    m => m[1]?.replaceAll('""', '"') ?? m[2]!,
  )
  const rows: Row[] = []
  for (let i = 2; i < cells.length; i += 2) rows.push({ key: cells[i], value: Number(cells[i + 1]) })
  return rows
}

/** Rows as a map from key, for comparing: the order of rows is nobody's promise. */
export const asMap = (rows: readonly Row[]): Map<unknown, unknown> => {
  const map = new Map(rows.map(({ key, value }) => [key, value]))
  if (map.size !== rows.length) throw new Error('a key occurs twice')
  return map
}
