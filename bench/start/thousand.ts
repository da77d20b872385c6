/** One Job of 1,000 completions, each `/bin/true`, 8 at a time: pods a second, and the memory of all Solvent processes together. */
import { readdirSync, readFileSync } from 'node:fs'
import type { HttpApi } from '../../src/client/http-api.ts'
import type { Job } from '../../src/kube/workloads.ts'
import { type Measured, progress } from '../harness/report.ts'
import { withCluster } from './own-cluster.ts'

const COMPLETIONS = 1000
const MIB = 1024 * 1024

export async function measureThousand(runs: number): Promise<readonly Measured[]> {
  const rates: number[] = []
  const peaks: number[] = []
  for (let run = 0; run < runs; run++) {
    await withCluster(async (state, api) => {
      let peak = 0
      const sampler = setInterval(() => (peak = Math.max(peak, pssBytes(state))), 500)
      const start = performance.now()
      await runThousand(api)
      rates.push(COMPLETIONS / ((performance.now() - start) / 1000))
      clearInterval(sampler)
      peaks.push(Math.max(peak, pssBytes(state)) / MIB)
    })
  }
  return [
    { what: '1,000 pods of /bin/true, 8 at a time', unit: 'pods/s', values: rates, bar: { at: 'least', value: 40 } },
    {
      what: 'peak memory of all Solvent processes (PSS)',
      unit: 'MiB',
      values: peaks,
      judge: 'max',
      bar: { at: 'most', value: 350 },
    },
  ]
}

async function runThousand(api: HttpApi): Promise<void> {
  const name = 'thousand'
  const template = {
    spec: {
      restartPolicy: 'Never',
      containers: [{ name: 'main', command: ['/bin/true'], resources: { requests: { cpu: '10m' } } }],
    },
  }
  const spec = { completions: COMPLETIONS, parallelism: 8, template } as Job['spec']
  await api.create({ apiVersion: 'batch/v1', kind: 'Job', metadata: { name, namespace: 'default' }, spec } as Job)
  const stop = new AbortController()
  const jobs = { apiVersion: 'batch/v1', kind: 'Job', namespace: 'default' }
  for await (const { type, object } of api.watch<Job>(jobs, { signal: stop.signal })) {
    if (type === 'BOOKMARK') continue
    progress(`${object.status?.succeeded ?? 0} of ${COMPLETIONS} pods`)
    if (object.status?.conditions?.some(each => each.type === 'Failed' && each.status === 'True'))
      throw new Error('the Job failed')
    if (object.status?.conditions?.some(each => each.type === 'Complete' && each.status === 'True')) break
  }
  stop.abort()
}

/** Proportional set size of every process that names the state folder: shared pages are counted once over all. */
function pssBytes(state: string): number {
  let sum = 0
  for (const pid of readdirSync('/proc').filter(name => /^\d+$/.test(name) && Number(name) !== process.pid)) {
    try {
      const mine =
        readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(state) ||
        readFileSync(`/proc/${pid}/environ`, 'utf8').includes(state)
      if (mine)
        sum += Number(/^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1] ?? 0) * 1024
    } catch {
      // ended while we looked
    }
  }
  return sum
}
