/** What users get wrong, through the command line and a running cluster: a clear sentence, the right exit code, nothing lost. */
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { EmbeddedCluster, eventually, rowsIn } from './embedded-cluster.ts'

let cluster: EmbeddedCluster
beforeAll(async () => {
  cluster = await EmbeddedCluster.up()
})
afterAll(() => cluster.down())

const WORDS = `export function* words(line: string): Iterable<[string, number]> {
  for (const word of line.split(' ')) if (word) yield [word, 1]
}
`

interface JobFiles {
  readonly name: string
  readonly module?: string
  readonly input?: string | Buffer
  /** Replaces the `map:` line. */
  readonly map?: string
  readonly extra?: string
  readonly output?: string
}

/** A folder with job.yaml, map.ts and input.txt; returns it. */
function jobFolder({
  name,
  module = WORDS,
  input = 'a b a\nc a\n',
  map,
  extra = '',
  output = 'out/',
}: JobFiles): string {
  const folder = join(cluster.folder, name)
  mkdirSync(folder)
  writeFileSync(join(folder, 'map.ts'), module)
  writeFileSync(join(folder, 'input.txt'), input)
  writeFileSync(
    join(folder, 'job.yaml'),
    `apiVersion: solvent.dev/v1alpha1
kind: BatchJob
metadata: { name: ${name} }
spec:
  input:  { text: input.txt }
  map:    ${map ?? '{ module: ./map.ts, export: words }'}
  reduce: sum
  output: { jsonl: ${output} }
${extra}`,
  )
  return folder
}

const run = (folder: string) => cluster.solvent(['run', 'job.yaml'], { cwd: folder })

test('a good job beside them all', async () => {
  const folder = jobFolder({ name: 'good' })
  const { code, stderr } = await run(folder)
  expect(stderr).not.toMatch(/\bError\b/)
  expect(code).toBe(0)
  expect(rowsIn(join(folder, 'out'))).toEqual(
    expect.arrayContaining([
      { key: 'a', value: 3 },
      { key: 'b', value: 1 },
      { key: 'c', value: 1 },
    ]),
  )
  expect(existsSync(join(folder, 'out/_SUCCESS'))).toBe(true)
})

test('wrong YAML is told with its line', async () => {
  const folder = jobFolder({ name: 'yaml', extra: '  workers: { min: 1, max: 2\n' })
  const { code, stderr } = await run(folder)
  expect(code).toBe(2)
  expect(stderr).toMatch(/job\.yaml:\d+:\d+ /)
})

test('all problems are told at once, with the nearest spelling', async () => {
  const folder = jobFolder({ name: 'unknown', extra: '  wokers: { min: 1 }\n  resources: { cpus: "1" }\n' })
  const { code, stderr } = await run(folder)
  expect(code).toBe(2)
  expect(stderr).toMatch(/job\.yaml:9:3 .*wokers.*Did you mean "workers"\?/)
  expect(stderr).toMatch(/job\.yaml:10:16 .*cpus.*Did you mean "cpu"\?/)
})

test('impossible degrees name the values that work', async () => {
  const folder = join(cluster.folder, 'degrees')
  mkdirSync(folder)
  writeFileSync(
    join(folder, 'job.yaml'),
    `apiVersion: solvent.dev/v1alpha1
kind: TrainingJob
metadata: { name: degrees }
spec:
  parallelism: { data: 4, tensor: 2, expert: 3 }
  framework: { command: ["true"] }
`,
  )
  const { code, stderr } = await run(folder)
  expect(code).toBe(2)
  expect(stderr).toMatch(/job\.yaml:5:\d+ spec\.parallelism\.expert is 3, but .*Set expert to 1, 2 or 4\./)
})

test('a missing module and a missing export are told where they are named', async () => {
  const missing = await run(jobFolder({ name: 'no-module', map: '{ module: ./mpa.ts, export: words }' }))
  expect(missing.code).toBe(2)
  expect(missing.stderr).toMatch(/job\.yaml:6:\d+ .*mpa\.ts/)
  const noExport = await run(jobFolder({ name: 'no-export', map: '{ module: ./map.ts, export: word }' }))
  expect(noExport.code).toBe(2)
  expect(noExport.stderr).toMatch(/job\.yaml:6:\d+ .*Did you mean "words"\?/)
})

test('code over the limit of a ConfigMap is refused with its size', async () => {
  const noise = randomBytes(1_500_000)
  const module = `const table = '${noise.toString('base64')}'\n${WORDS.replace('{', '{\n  if (table.length < 9) return')}`
  const { code, stderr } = await run(jobFolder({ name: 'large-code', module }))
  expect(code).toBe(2)
  expect(stderr).toMatch(/900 KiB/)
  expect(stderr).toMatch(/image/)
})

test('a job that reaches the API with relative paths is refused with the fix', async () => {
  const folder = jobFolder({ name: 'relative' })
  const job = {
    apiVersion: 'solvent.dev/v1alpha1',
    kind: 'BatchJob',
    metadata: { name: 'relative', namespace: 'default' },
    spec: { input: { text: ['input.txt'] }, map: { split: ' ' }, reduce: { by: 'sum' }, output: { jsonl: 'out/' } },
  }
  writeFileSync(join(folder, 'raw.json'), JSON.stringify(job))
  // As any other client could send it, without our command line in between.
  await (await cluster.api()).create(job)
  await eventually('the job is refused', 10_000, async () => {
    const { stdout } = await cluster.solvent(['describe', 'batchjob', 'relative'])
    return /relative/.test(stdout) && /solvent (run|apply)/.test(stdout) && /Failed/.test(stdout)
  })
})

test('a container without a command waits, and its Event says what to add', async () => {
  const folder = join(cluster.folder, 'no-command')
  mkdirSync(folder)
  writeFileSync(
    join(folder, 'pod.yaml'),
    'apiVersion: v1\nkind: Pod\nmetadata: { name: no-command }\nspec: { containers: [{ name: main, image: nginx }] }\n',
  )
  expect((await cluster.solvent(['apply', '-f', 'pod.yaml'], { cwd: folder })).code).toBe(0)
  await eventually('an Event names the command', 10_000, async () => {
    const { stdout } = await cluster.solvent(['describe', 'pod', 'no-command'])
    return /Waiting/.test(stdout) && /command/.test(stdout)
  })
})

test('a function that throws ends the job with its file and line, the record and exit code 4; no output is left', async () => {
  const module = `export function* words(line: string): Iterable<[string, number]> {
  if (line.includes('boom')) throw new Error('no boom allowed')
  yield [line, 1]
}
`
  const folder = jobFolder({ name: 'throws', module, input: 'fine\nalso fine\nboom here\n' })
  const { code, stderr } = await run(folder)
  expect(code).toBe(4)
  expect(stderr).toMatch(/no boom allowed/)
  expect(stderr).toMatch(/map\.ts:2:\d+/)
  expect(stderr).toMatch(/input\.txt:3/)
  expect(stderr).not.toMatch(/at .*node_modules|at .*dist\/batch/)
  expect(existsSync(join(folder, 'out')) ? readdirSync(join(folder, 'out')) : []).toEqual([])
})

test('missing and empty input are told', async () => {
  const folder = jobFolder({ name: 'missing-input' })
  writeFileSync(
    join(folder, 'job.yaml'),
    readFileSync(join(folder, 'job.yaml'), 'utf8').replace('input.txt', 'nothing/*.txt'),
  )
  const missing = await run(folder)
  expect(missing.code).toBe(2)
  expect(missing.stderr).toMatch(/nothing\/\*\.txt/)
  const empty = await run(jobFolder({ name: 'empty-input', input: '' }))
  expect(empty.code).toBe(2)
  expect(empty.stderr).toMatch(/empty/)
})

test('binary input and a line of 200 MB end well or in a clear sentence', async () => {
  const binary = Buffer.from(Array.from({ length: 100_000 }, (_, i) => (i * 7919) % 256))
  const first = await run(jobFolder({ name: 'binary', input: binary }))
  expect([0, 4]).toContain(first.code)
  if (first.code === 4) expect(first.stderr).toMatch(/UTF-8|binary/)
  const long = Buffer.concat([
    Buffer.from('short line\n'),
    Buffer.alloc(200 * 1024 * 1024, 'x'),
    Buffer.from('\nend\n'),
  ])
  const second = await run(jobFolder({ name: 'long-line', input: long }))
  expect([0, 4]).toContain(second.code)
  if (second.code === 4) expect(second.stderr).toMatch(/line .*(long|limit)|long.*line/i)
}, 180_000)

test('an output folder that is not empty is left alone', async () => {
  const folder = jobFolder({ name: 'full-output' })
  mkdirSync(join(folder, 'out'))
  writeFileSync(join(folder, 'out/mine.txt'), 'precious')
  const { code, stderr } = await run(folder)
  expect(code).toBe(2)
  expect(stderr).toMatch(/not empty/)
  expect(readdirSync(join(folder, 'out'))).toEqual(['mine.txt'])
})

test.skipIf(process.getuid?.() !== 0)(
  'a full disk under the output ends the job with that reason, and no partial file',
  async () => {
    const other = await EmbeddedCluster.up()
    // Mounted later than the sandboxes that wait for pods were made.
    const disk = join(other.folder, 'disk')
    mkdirSync(disk)
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk])
    try {
      writeFileSync(join(other.folder, 'input.txt'), Array.from({ length: 200_000 }, (_, i) => `word${i}`).join('\n'))
      writeFileSync(
        join(other.folder, 'job.yaml'),
        `apiVersion: solvent.dev/v1alpha1
kind: BatchJob
metadata: { name: full-disk }
spec:
  input:  { text: input.txt }
  map:    { split: '\\s+' }
  reduce: sum
  output: { jsonl: disk/out/ }
`,
      )
      const { code, stderr } = await other.solvent(['run', 'job.yaml'])
      expect(code).not.toBe(0)
      expect(stderr).toMatch(/no space|disk.*full/i)
      const left = existsSync(join(disk, 'out')) ? readdirSync(join(disk, 'out')) : []
      expect(left.filter(name => !name.startsWith('.'))).toEqual([])
    } finally {
      execFileSync('umount', ['-l', disk])
      await other.down()
    }
  },
  120_000,
)

test('a second up says that it runs and changes nothing', async () => {
  const before = readFileSync(join(cluster.state, 'cluster.json'), 'utf8')
  const { code, stdout } = await cluster.solvent(['up', '-o', 'json'])
  expect(code).toBe(0)
  expect(JSON.parse(stdout)).toMatchObject({ kubeconfig: join(cluster.state, 'kubeconfig') })
  expect(readFileSync(join(cluster.state, 'cluster.json'), 'utf8')).toBe(before)
})

test('a port in use is told, with what to do', async () => {
  const blocker = createServer()
  await new Promise<void>(listening => blocker.listen(0, '127.0.0.1', listening))
  const { port } = blocker.address() as { port: number }
  const other = new EmbeddedCluster()
  try {
    const { code, stderr } = await other.solvent(['up', '--port', String(port)])
    expect(code).toBe(1)
    expect(stderr).toMatch(new RegExp(`${port}.*in use`))
  } finally {
    await other.down()
    blocker.close()
  }
})

test('a state folder that a dead cluster left behind, or that holds rubbish, does not stop up', async () => {
  const other = new EmbeddedCluster()
  mkdirSync(other.state, { recursive: true })
  writeFileSync(join(other.state, 'cluster.json'), '{"server":"https://127.0.0.1:1","pid":1')
  writeFileSync(join(other.state, 'lock'), '999999 0')
  writeFileSync(join(other.state, 'kubeconfig'), 'not: [a kubeconfig')
  try {
    const { code, stderr } = await other.solvent(['up'])
    expect(stderr).not.toMatch(/\bError\b/)
    expect(code).toBe(0)
    expect((await other.solvent(['get', 'namespaces'])).code).toBe(0)
  } finally {
    await other.down()
  }
})

test('a proxy in the environment is not asked for loopback', async () => {
  const proxy = 'http://127.0.0.1:9'
  const env = { HTTP_PROXY: proxy, HTTPS_PROXY: proxy, http_proxy: proxy, https_proxy: proxy, ALL_PROXY: proxy }
  expect((await cluster.solvent(['get', 'namespaces'], { env })).code).toBe(0)
  const folder = jobFolder({ name: 'proxied' })
  expect((await cluster.solvent(['run', 'job.yaml'], { cwd: folder, env })).code).toBe(0)
})
