/** A batch job without a cluster: coordinator and workers as plain processes, each with a folder that stands in for its pod's root. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { packageRoot } from '../../src/base/package-root.ts'
import type { BatchPlan } from '../../src/planner/batch/plan.ts'

const program = join(packageRoot(), 'bin/solvent-batch.js')

const MAX_RESTARTS = 100

export interface LocalRunOptions {
  readonly plan: BatchPlan
  /** ES module that exports `map` and/or `reduce`. */
  readonly code?: string
  readonly workers: number
  readonly workerMemoryBytes?: number
  /** Called with each process once it is started, restarted ones too. */
  readonly onStart?: (role: string, child: ChildProcess) => void
}

export interface LocalRun {
  readonly seconds: number
  readonly code: number
  /** What the coordinator printed. */
  readonly log: string
  readonly workerLogs: string
}

/** Runs a job to its end. A killed process is started again at once, as its pod would be. */
export async function runLocally(options: LocalRunOptions): Promise<LocalRun> {
  const folder = mkdtempSync(join(tmpdir(), `solvent-batch-${process.pid}-`))
  const port = await freePort()
  const children = new Set<ChildProcess>()
  const logs = { coordinator: '', worker: '' }
  let ended = false
  let restarts = 0
  const started = performance.now()

  const start = (role: 'coordinator' | 'worker', name: string): Promise<number> =>
    new Promise(done => {
      const child = spawn(process.execPath, [program, role], { env: podEnvironment(folder, name, port, options) })
      children.add(child)
      for (const stream of [child.stdout, child.stderr]) {
        stream.on('data', (bytes: Buffer) => {
          logs[role] += bytes.toString()
        })
      }
      child.on('exit', code => {
        children.delete(child)
        if (code === 0 || ended) done(code ?? 1)
        else if (code === 42 || restarts++ > MAX_RESTARTS) done(code ?? 1)
        else start(role, name).then(done)
      })
      options.onStart?.(name, child)
    })

  preparePod(folder, 'coordinator-0', options)
  const coordinator = start('coordinator', 'coordinator-0')
  const workers = Array.from({ length: options.workers }, (_, index) => {
    preparePod(folder, `worker-${index}`, options)
    return start('worker', `worker-${index}`)
  })
  try {
    const code = await coordinator
    const seconds = (performance.now() - started) / 1000
    ended = true
    for (const child of children) child.kill('SIGKILL')
    await Promise.all(workers)
    return { seconds, code, log: logs.coordinator, workerLogs: logs.worker }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function preparePod(folder: string, name: string, { plan, code }: LocalRunOptions): void {
  const root = join(folder, name)
  for (const path of ['etc/solvent/plan', 'etc/solvent/code', 'var/solvent/scratch']) {
    mkdirSync(join(root, path), { recursive: true })
  }
  writeFileSync(join(root, 'etc/solvent/plan/plan.json.gz'), gzipSync(JSON.stringify(plan)))
  if (code !== undefined) writeFileSync(join(root, 'etc/solvent/code/main.mjs.gz'), gzipSync(code))
}

function podEnvironment(
  folder: string,
  name: string,
  port: number,
  { workerMemoryBytes }: LocalRunOptions,
): NodeJS.ProcessEnv {
  const { KUBERNETES_SERVICE_HOST: _, ...env } = process.env
  return {
    ...env,
    SOLVENT_ROOT: join(folder, name),
    SOLVENT_COORDINATOR: `127.0.0.1:${port}`,
    POD_IP: '127.0.0.1',
    POD_NAME: name,
    SOLVENT_WORKER_MEMORY: String(workerMemoryBytes ?? 400 * 2 ** 20),
  }
}

function freePort(): Promise<number> {
  return new Promise(done => {
    const server = createServer()
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => done(port))
    })
  })
}
