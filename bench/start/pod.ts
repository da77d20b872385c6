/**
 * From the HTTP POST of a Job to the first line of user code, on one clock (CLOCK_MONOTONIC, which processes share): warm, cold, and
 * `/bin/true`, which has no first line, so that its time runs until the API says that its container ended. Rounds are 150 ms apart, in
 * which the warm pool fills up again.
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { HttpApi } from '../../src/client/http-api.ts'
import type { Pod } from '../../src/kube/core.ts'
import { JOB_NAME } from '../../src/kube/names.ts'
import type { Job, JobSpec } from '../../src/kube/workloads.ts'
import { interleave, type Measured } from '../harness/report.ts'
import { emptyScript, timeProgram, withCluster } from './own-cluster.ts'

const FIRST_LINE = `const first = process.hrtime.bigint()
import('node:fs').then(fs => fs.writeFileSync(process.argv[2], String(first)))
`

const PODS = { apiVersion: 'v1', kind: 'Pod', namespace: 'default' }

export function measurePods(runs: number): Promise<readonly Measured[]> {
  return withCluster(async (_state, api, folder) => {
    const empty = emptyScript(folder)
    const script = join(folder, 'first-line.mjs')
    writeFileSync(script, FIRST_LINE)
    const answer = join(folder, 'answer')
    const pods = watchPods(api)
    let id = 0
    const firstLine = async (command: readonly string[]): Promise<number> => {
      const posted = process.hrtime.bigint()
      await runJob(api, pods, `job-${id++}`, [...command, answer])
      const first = BigInt(readFileSync(answer, 'utf8'))
      rmSync(answer)
      return Number(first - posted) / 1e6
    }
    const times = await interleave(runs, {
      empty: () => timeProgram([process.execPath, empty]),
      warm: () => firstLine(['node', script]),
      // A flag of Node's own is what a process that already runs cannot take on.
      cold: () => firstLine(['node', '--no-warnings', script]),
      true: () => runJob(api, pods, `job-${id++}`, ['/bin/true']),
    })
    pods.stop()
    const rival = { what: 'empty Node script', values: times.empty, as: 'minus' } as const
    return [
      {
        what: 'POST of a Job to first line, warm',
        unit: 'ms',
        values: times.warm,
        judge: 'p50',
        bar: { at: 'most', value: 15 },
      },
      { what: 'the same, p99', unit: 'ms', values: times.warm, judge: 'p99', bar: { at: 'most', value: 60 } },
      {
        what: 'POST of a Job to first line, cold Node',
        unit: 'ms',
        values: times.cold,
        rival,
        bar: { at: 'most', value: 60 },
      },
      {
        what: 'POST of a Job to the end of /bin/true',
        unit: 'ms',
        values: times.true,
        judge: 'p50',
        bar: { at: 'most', value: 40 },
      },
    ]
  })
}

/** Says when pods of Jobs have ended, by one watch for all: its connection is its own, so that a POST finds one that is open and free. */
interface PodWatch {
  ended(job: string): Promise<void>
  stop(): void
}

function watchPods(api: HttpApi): PodWatch {
  const stop = new AbortController()
  const waiting = new Map<string, { readonly done: () => void; readonly failed: (error: Error) => void }>()
  const follow = async (): Promise<void> => {
    for await (const { type, object } of api.watch<Pod>(PODS, { signal: stop.signal })) {
      const waiter = waiting.get(object.metadata.labels?.[JOB_NAME] ?? '')
      if (type === 'BOOKMARK' || !waiter) continue
      if (object.status?.phase === 'Failed') waiter.failed(new Error(`pod failed: ${JSON.stringify(object.status)}`))
      if (object.status?.phase === 'Succeeded') waiter.done()
    }
  }
  void follow()
  return {
    ended: job => new Promise((done, failed) => waiting.set(job, { done, failed })),
    stop: () => stop.abort(),
  }
}

/** Posts a Job of one pod and waits until its container has ended; then lets the machine rest. Milliseconds from the one to the other. */
async function runJob(api: HttpApi, pods: PodWatch, name: string, command: readonly string[]): Promise<number> {
  const ended = pods.ended(name)
  const containers = [{ name: 'main', command, resources: { requests: { cpu: '10m' } } }]
  const spec: JobSpec = { backoffLimit: 0, template: { spec: { restartPolicy: 'Never', containers } } }
  const job: Job = { apiVersion: 'batch/v1', kind: 'Job', metadata: { name, namespace: 'default' }, spec }
  const posted = performance.now()
  await api.create(job)
  await ended
  const took = performance.now() - posted
  await new Promise(resume => setTimeout(resume, 150))
  await api.delete({ apiVersion: 'batch/v1', kind: 'Job', namespace: 'default', name })
  return took
}
