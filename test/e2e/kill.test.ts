/** Kill what you like: everything of Solvent's at once, the server, the spawner, a worker, a rank. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { containerProcess } from '../../bench/batch/pod-process.ts'
import type { Pod } from '../../src/kube/core.ts'
import type { Job } from '../../src/kube/workloads.ts'
import { EmbeddedCluster, eventually, rowsIn } from './embedded-cluster.ts'

/** How often; the full count stands in the table and runs by `SOLVENT_KILLS=20 npm run test:e2e`. */
const KILLS = Number(process.env.SOLVENT_KILLS ?? 3)

const SLEEPER = `apiVersion: batch/v1
kind: Job
metadata: { name: sleeper }
spec:
  completions: 3
  parallelism: 3
  template:
    spec:
      restartPolicy: Never
      containers:
        - name: main
          command: [sh, -c, "sleep 1000 & sleep 1001; wait"]
          resources: { requests: { cpu: 10m } }
---
apiVersion: v1
kind: Pod
metadata: { name: warm }
spec:
  restartPolicy: Never
  containers:
    - name: main
      command: [node, idle.cjs]
      resources: { requests: { cpu: 10m } }
`

async function sleepers(cluster: EmbeddedCluster): Promise<void> {
  writeFileSync(join(cluster.folder, 'idle.cjs'), 'setInterval(() => {}, 1000)\n')
  writeFileSync(join(cluster.folder, 'job.yaml'), SLEEPER.replace('idle.cjs', join(cluster.folder, 'idle.cjs')))
  expect((await cluster.solvent(['apply', '-f', 'job.yaml'])).code).toBe(0)
  await eventually('four pods run', 20_000, async () => {
    const pods = await cluster.json<{ items: readonly Pod[] }>(['get', 'pods'])
    return pods.items.filter(pod => pod.status?.phase === 'Running').length === 4
  })
}

const command = (cluster: EmbeddedCluster) => cluster.processes().map(each => `${each.pid} ${each.command}`)

test.skipIf(process.platform !== 'linux')(
  `all of Solvent's processes killed at once, ${KILLS} times: nothing is left 30 s later, and the next up is clean`,
  async () => {
    for (let round = 0; round < KILLS; round++) {
      const cluster = await EmbeddedCluster.up()
      await sleepers(cluster)
      // Stopped first, each of them: one that lived a moment longer would start the others again, as it should.
      const own = signalOwn(cluster, 'SIGSTOP')
      expect(own).toBeGreaterThanOrEqual(2)
      signalOwn(cluster, 'SIGKILL')
      await eventually('nothing is left', 30_000, () => cluster.processes().length === 0).catch(error => {
        throw new Error(`${error.message}\n${command(cluster).join('\n')}`)
      })
      const { code, stderr } = await cluster.solvent(['up'])
      expect(`${code} ${stderr}`).toMatch(/^0/)
      const job = await cluster.json<Job>(['get', 'job', 'sleeper'])
      expect(job.metadata.name).toBe('sleeper')
      await cluster.down()
      // The kernel lets go of a process namespace when process 1 of the machine has buried its orphans.
      await eventually('nothing is left after down', 15_000, () => cluster.processes().length === 0).catch(error => {
        throw new Error(`${error.message}\n${command(cluster).join('\n')}`)
      })
    }
  },
  KILLS * 120_000,
)

/** To every process of Solvent's own programs; how many there were. */
function signalOwn(cluster: EmbeddedCluster, signal: NodeJS.Signals): number {
  const own = cluster.processes().filter(each => /(dist|bin)\/(spawner|server|warm|batch)\.c?js/.test(each.command))
  for (const { pid } of own) {
    try {
      process.kill(pid, signal)
    } catch {
      // It went with one that was killed before it.
    }
  }
  return own.length
}

test('a killed server comes back, keeps its pods running and still learns how they end', async () => {
  const cluster = await EmbeddedCluster.up()
  try {
    writeFileSync(
      join(cluster.folder, 'pod.yaml'),
      `apiVersion: v1
kind: Pod
metadata: { name: waits }
spec:
  restartPolicy: Never
  containers:
    - name: main
      command: [sh, -c, 'echo started; while [ ! -e ${cluster.folder}/go ]; do sleep 0.1; done; exit 7']
      resources: { requests: { cpu: 10m } }
`,
    )
    await cluster.solvent(['apply', '-f', 'pod.yaml'])
    const pod = () => cluster.json<Pod>(['get', 'pod', 'waits'])
    await eventually('the pod runs', 10_000, async () => (await pod()).status?.phase === 'Running')
    const before = await pod()
    process.kill(JSON.parse(readFileSync(join(cluster.state, 'cluster.json'), 'utf8')).pid, 'SIGKILL')
    await eventually('the server is back', 20_000, async () => (await cluster.solvent(['get', 'pods'])).code === 0)
    expect((await pod()).status?.containerStatuses?.[0]?.restartCount).toBe(0)
    expect((await pod()).metadata.uid).toBe(before.metadata.uid)
    writeFileSync(join(cluster.folder, 'go'), '')
    await eventually('the pod has failed', 20_000, async () => (await pod()).status?.phase === 'Failed')
    expect((await pod()).status?.containerStatuses?.[0]?.state?.terminated?.exitCode).toBe(7)
  } finally {
    await cluster.down()
  }
})

test.skipIf(process.platform !== 'linux')('a killed spawner is started anew, and pods go on', async () => {
  const cluster = await EmbeddedCluster.up()
  try {
    await sleepers(cluster)
    const spawner = cluster.processes().find(each => /dist\/spawner\.cjs/.test(each.command))
    expect(spawner).toBeDefined()
    process.kill(spawner!.pid, 'SIGKILL')
    await eventually('another spawner runs', 15_000, () =>
      cluster.processes().some(each => /dist\/spawner\.cjs/.test(each.command) && each.pid !== spawner!.pid),
    )
    writeFileSync(
      join(cluster.folder, 'true.yaml'),
      'apiVersion: v1\nkind: Pod\nmetadata: { name: after }\nspec: { restartPolicy: Never, containers: [{ name: main, command: ["true"] }] }\n',
    )
    expect((await cluster.solvent(['apply', '-f', 'true.yaml'])).code).toBe(0)
    await eventually('a new pod ran to its end', 20_000, async () => {
      const pod = await cluster.json<Pod>(['get', 'pod', 'after'])
      return pod.status?.phase === 'Succeeded'
    })
    const pods = await cluster.json<{ items: readonly Pod[] }>(['get', 'pods'])
    expect(pods.items.filter(pod => pod.status?.phase === 'Running').length).toBe(4)
  } finally {
    await cluster.down()
  }
})

test.skipIf(process.platform !== 'linux')(
  'a worker killed at work changes nothing in the result',
  async () => {
    const cluster = await EmbeddedCluster.up()
    try {
      const folder = join(cluster.folder, 'job')
      mkdirSync(folder)
      const line = Array.from({ length: 200 }, (_, i) => `word${i % 50}`).join(' ')
      writeFileSync(join(folder, 'input.txt'), `${line}\n`.repeat(20_000))
      writeFileSync(
        join(folder, 'map.ts'),
        'export function* words(line: string): Iterable<[string, number]> {\n  for (const word of line.split(" ")) yield [word, 1]\n}\n',
      )
      writeFileSync(
        join(folder, 'job.yaml'),
        `apiVersion: solvent.dev/v1alpha1
kind: BatchJob
metadata: { name: killed }
spec:
  input: { text: input.txt }
  map: { module: ./map.ts, export: words }
  reduce: sum
  output: { jsonl: out/ }
  strategy: { splitBytes: 2000000 }
`,
      )
      const running = cluster.solvent(['run', 'job.yaml'], { cwd: folder })
      let victim: number | undefined
      await eventually('a worker works', 20_000, async () => {
        const api = await cluster.api()
        try {
          const { items } = await api.list<Pod>(
            { apiVersion: 'v1', kind: 'Pod', namespace: 'default' },
            { labelSelector: 'solvent.dev/name=killed,solvent.dev/role=worker' },
          )
          const uid = items.find(pod => pod.status?.phase === 'Running')?.metadata.uid
          victim = uid === undefined ? undefined : containerProcess(cluster.state, uid)
        } finally {
          api.close()
        }
        return victim !== undefined
      })
      process.kill(victim!, 'SIGKILL')
      const { code, stderr } = await running
      expect(`${code} ${stderr}`).toMatch(/^0/)
      const rows = rowsIn(join(folder, 'out'))
      expect(rows.length).toBe(50)
      expect(new Set(rows.map(row => row.value))).toEqual(new Set([80_000]))
    } finally {
      await cluster.down()
    }
  },
  120_000,
)
