/** The word count as a job, run in the embedded cluster (`solvent run`) or, with --direct, as plain processes. */
import { type ChildProcess, execFile } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet'
import { compressors } from 'hyparquet-compressors'
import { packageRoot } from '../../src/base/package-root.ts'
import type { KubeApi } from '../../src/client/kube-api.ts'
import type { BatchPlan } from '../../src/planner/batch/plan.ts'
import { planBatch } from '../../src/planner/batch/plan-batch.ts'
import { API_VERSION, type BatchJob, type BatchJobSpec } from '../../src/spec/kinds.ts'
import { runLocally } from './local-run.ts'
import { workerProcesses } from './pod-process.ts'
import type { WordCount } from './rivals.ts'

const run = promisify(execFile)
export type Kind = 'module' | 'split'

export interface JobRun extends WordCount {
  readonly seconds: number
  /** Largest VmHWM of a worker, in MiB; NaN where the system does not tell. */
  readonly peakMiB: number
}

export interface JobOptions {
  readonly text: string
  readonly kind: Kind
  readonly slots: number
  readonly folder: string
  /** Called once the job is under way, with a way to ask which processes are its workers now. */
  readonly onStart?: (workers: () => Promise<readonly number[]>) => void
}

export interface Cluster {
  readonly state: string
  readonly api: KubeApi
}

const WORDS = join(packageRoot(), 'bench/batch/words.js')
const WORKER_MEMORY = 400 * 2 ** 20

const MAPS: Readonly<Record<Kind, BatchJobSpec['map']>> = {
  module: { module: pathToFileURL(WORDS).href, export: 'words' },
  split: { split: '\\s+' },
}

export function planOf({ text, kind, slots, folder }: JobOptions): BatchPlan {
  const uri = pathToFileURL(text).href
  const job: BatchJob = {
    apiVersion: API_VERSION,
    kind: 'BatchJob',
    metadata: { name: 'words', namespace: 'default' },
    spec: {
      input: { text: [uri] },
      map: MAPS[kind],
      reduce: { by: 'sum' },
      output: { parquet: pathToFileURL(join(folder, 'out')).href },
    },
  }
  const files = [{ uri, bytes: statSync(text).size, splittable: true }]
  const planned = planBatch(job, files, { slots, workerMemoryBytes: WORKER_MEMORY })
  if (!planned.ok) throw new Error(JSON.stringify(planned.problems))
  return planned.value
}

export async function runDirect(options: JobOptions): Promise<JobRun> {
  const out = join(options.folder, 'out')
  rmSync(out, { recursive: true, force: true })
  let peakMiB = Number.NaN
  const workers = new Map<string, number>()
  options.onStart?.(async () => [...workers.values()])
  const code = readFileSync(WORDS, 'utf8').replace('function* words', 'function* map')
  const result = await runLocally({
    plan: planOf(options),
    code,
    workers: options.slots,
    workerMemoryBytes: WORKER_MEMORY,
    onStart(role, child) {
      if (!role.startsWith('worker')) return
      workers.set(role, child.pid!)
      watchPeak(child, peak => {
        peakMiB = Math.max(peak, Number.isNaN(peakMiB) ? 0 : peakMiB)
      })
    },
  })
  if (result.code !== 0 || !result.log.includes('done:')) throw new Error(`${result.log}${result.workerLogs}`)
  return { seconds: result.seconds, peakMiB, ...(await countOutput(out)) }
}

/** Through the whole of Solvent, in a cluster that is up. */
export async function runInCluster(options: JobOptions, { state, api }: Cluster): Promise<JobRun> {
  const { folder, kind, text, slots } = options
  const out = join(folder, 'out')
  rmSync(out, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const name = `words-${kind}-${Date.now().toString(36)}`
  const file = join(folder, `${name}.yaml`)
  const job = {
    apiVersion: 'solvent.dev/v1alpha1',
    kind: 'BatchJob',
    metadata: { name },
    spec: {
      input: { text },
      map: kind === 'module' ? { module: WORDS, export: 'words' } : { split: '\\s+' },
      reduce: 'sum',
      output: { parquet: out },
      workers: { min: slots, max: slots },
    },
  }
  writeFileSync(file, JSON.stringify(job))
  options.onStart?.(() => workerProcesses(api, state, name))
  const started = performance.now()
  await run(process.execPath, [join(packageRoot(), 'bin/solvent.js'), 'run', file, '--state', state])
  const seconds = (performance.now() - started) / 1000
  return { seconds, peakMiB: Number.NaN, ...(await countOutput(out)) }
}

/** The largest resident size of a process so far, as Linux keeps it. */
function watchPeak(child: ChildProcess, tell: (peakMiB: number) => void): void {
  const timer = setInterval(() => {
    try {
      const status = readFileSync(`/proc/${child.pid}/status`, 'utf8')
      tell(Number(/VmHWM:\s+(\d+)/.exec(status)![1]) / 1024)
    } catch {
      clearInterval(timer)
    }
  }, 100)
  child.once('exit', () => clearInterval(timer))
}

async function countOutput(out: string): Promise<WordCount> {
  let [words, total, sum] = [0, 0, 0]
  for (const name of readdirSync(out).filter(each => each.endsWith('.parquet'))) {
    const file = await asyncBufferFromFile(join(out, name))
    const rows = (await parquetReadObjects({ file, compressors })) as unknown as { key: string; value: bigint }[]
    for (const { key, value } of rows) {
      words++
      total += Number(value)
      let hash = 0x811c9dc5
      for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193)
      sum = (sum + Math.imul(hash, Number(value))) >>> 0
    }
  }
  return { words, total, sum }
}
