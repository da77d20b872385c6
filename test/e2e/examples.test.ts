/** The examples as a reader of the README runs them, judged by programs that share no code with Solvent. */
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Pod } from '../../src/kube/core.ts'
import type { TrainingJob } from '../../src/spec/kinds.ts'
import { countWords, filesBelow } from './count-words.ts'
import { EmbeddedCluster, eventually, repository, rowsIn, runProgram } from './embedded-cluster.ts'

describe.each(['full', 'none'])('isolation %s', isolation => {
  let cluster: EmbeddedCluster
  let examples: string
  beforeAll(async () => {
    cluster = await EmbeddedCluster.up({ SOLVENT_ISOLATION: isolation })
    examples = join(cluster.folder, 'examples')
    cpSync(join(repository, 'examples'), examples, { recursive: true, filter: from => !/\/out(\/|$)/.test(from) })
  })
  afterAll(() => cluster.down())

  test('wordcount counts as an independent program does', async () => {
    const folder = join(examples, 'wordcount')
    const texts = join(cluster.folder, 'texts')
    cpSync(join(repository, 'docs'), texts, { recursive: true })
    const declaration = readFileSync(join(folder, 'job.yaml'), 'utf8')
      .replace(/ {2}input:[\s\S]*? {2}map:/, `  input: { text: "${texts}/**/*.md" }\n  map:`)
      .replace('parquet: out/', 'jsonl: out/')
    writeFileSync(join(folder, 'job.yaml'), declaration)
    const { code, stderr, stdout } = await cluster.solvent(['run', 'job.yaml'], { cwd: folder })
    expect(`${code} ${stderr}`).toMatch(/^0/)
    const rows = rowsIn(join(folder, 'out'))
    const expected = countWords(filesBelow(texts, '.md'), /\p{L}+/gu)
    expect(rows.length).toBe(expected.size)
    expect(new Map(rows.map(({ key, value }) => [key, value]))).toEqual(expected)
    const [first] = [...expected].sort((a, b) => b[1] - a[1])
    expect(stdout).toContain(first![0])
  })

  test('sql answers as the declaration says', async () => {
    const folder = join(examples, 'sql')
    const { code, stderr } = await cluster.solvent(['run', 'job.yaml'], { cwd: folder })
    expect(`${code} ${stderr}`).toMatch(/^0/)
    const text = readdirSync(join(folder, 'out'))
      .filter(name => name.endsWith('.csv'))
      .map(name => readFileSync(join(folder, 'out', name), 'utf8'))
      .join('')
    const requests = readFileSync(join(folder, 'requests.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map(line => JSON.parse(line))
    const searches = requests
      .filter(({ path, status }) => path === '/search' && status < 500)
      .map(({ ms }) => ms as number)
    expect(text).toContain(`/search,${searches.reduce((sum, ms) => sum + ms, 0) / searches.length}`)
  })

  test('ring: eight ranks start together and every sum is right', async () => {
    const { code, stderr, stdout } = await cluster.solvent(['run', 'job.yaml'], { cwd: join(examples, 'ring') })
    expect(`${code} ${stderr}`).toMatch(/^0/)
    expect(stdout + stderr).toMatch(/rank 0 of 8: \d+ elements summed to \d+/)
  })

  // Without namespaces both copies would listen on port 8080 of the one network that there is.
  test.skipIf(isolation === 'none')('server becomes available, and each replica has its configuration', async () => {
    const { code, stderr } = await cluster.solvent(['run', 'job.yaml'], { cwd: join(examples, 'server') })
    expect(`${code} ${stderr}`).toMatch(/^0/)
    const { items } = await cluster.json<{ items: readonly Pod[] }>(['get', 'pods', '-l', 'solvent.dev/name=hello'])
    expect(items.length).toBe(2)
    for (const pod of items) {
      const answer = await runProgram(['curl', '-s', '--noproxy', '*', `http://${pod.status?.podIP}:8080/`])
      expect(answer.stdout).toBe(`hello from ${pod.metadata.name}\n`)
    }
  })
})

test('all ranks start or none: a gang that does not fit leaves every pod pending and says why', async () => {
  const cluster = await EmbeddedCluster.up()
  try {
    writeFileSync(
      join(cluster.folder, 'job.yaml'),
      `apiVersion: solvent.dev/v1alpha1
kind: TrainingJob
metadata: { name: large }
spec:
  parallelism: { data: 8 }
  framework: { command: [sleep, "1000"] }
  resources: { cpu: "${Math.ceil(availableParallelism() / 4)}" }
`,
    )
    await cluster.solvent(['apply', '-f', 'job.yaml'])
    await eventually('the gang is told to be unschedulable', 15_000, async () => {
      const { stdout } = await cluster.solvent(['events'])
      return /FailedScheduling/.test(stdout) && /[Ii]nsufficient cpu/.test(stdout)
    })
    const { items } = await cluster.json<{ items: readonly Pod[] }>(['get', 'pods'])
    expect(items.length).toBe(8)
    expect(items.filter(pod => pod.spec.nodeName !== undefined)).toEqual([])
  } finally {
    await cluster.down()
  }
})

test.skipIf(process.platform !== 'linux')(
  'a killed rank restarts the whole gang under the next attempt',
  async () => {
    const cluster = await EmbeddedCluster.up()
    try {
      const go = join(cluster.folder, 'go')
      writeFileSync(
        join(cluster.folder, 'job.yaml'),
        `apiVersion: solvent.dev/v1alpha1
kind: TrainingJob
metadata: { name: gang }
spec:
  parallelism: { data: 4 }
  framework: { command: [sh, -c, 'echo attempt $TORCHELASTIC_RESTART_COUNT rank $RANK of $WORLD_SIZE; while [ ! -e ${go} ]; do sleep 0.1; done'] }
  resources: { cpu: 50m, memory: 16Mi }
`,
      )
      await cluster.solvent(['apply', '-f', 'job.yaml'])
      const running = async (attempt: number): Promise<readonly Pod[]> => {
        const { items } = await cluster.json<{ items: readonly Pod[] }>([
          'get',
          'pods',
          '-l',
          `solvent.dev/attempt=${attempt}`,
        ])
        return items.filter(pod => pod.status?.phase === 'Running')
      }
      await eventually('four ranks run', 20_000, async () => (await running(0)).length === 4)
      const victim = (await running(0))[2]!
      const home = join(cluster.state, 'pods', victim.metadata.uid!)
      const status = readdirSync(home, { recursive: true, encoding: 'utf8' }).find(name => name.endsWith('/status'))!
      const wrapper = Number(/^(?:started|pid) (\d+)/m.exec(readFileSync(join(home, status), 'utf8'))![1])
      process.kill(-wrapper, 'SIGKILL')
      await eventually('four ranks of the next attempt run', 60_000, async () => (await running(1)).length === 4)
      expect(await running(0)).toEqual([])
      writeFileSync(go, '')
      await eventually('the job is complete', 20_000, async () => {
        const job = await cluster.json<TrainingJob>(['get', 'trainingjob', 'gang'])
        return job.status?.phase === 'Succeeded' && job.status.attempt === 1
      })
    } finally {
      await cluster.down()
    }
  },
  120_000,
)
