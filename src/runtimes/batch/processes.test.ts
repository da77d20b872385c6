/** Coordinator and workers as real processes: killed, restarted, robbed of their outputs, fed with what is wrong. Needs dist/batch.js. */
import { type ChildProcess, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { runLocally } from '../../../bench/batch/local-run.ts'
import { asMap, module, planFor, readOutput, type TestJob } from '../../../test/batch/in-process.ts'
import { packageRoot } from '../../base/package-root.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'solvent-processes-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const WORDS = `export function* map(line) { for (const w of line.split(' ')) yield [w, 1] }`
/** Slow enough that a test can step in: 5 ms a line. */
const SLOW = `export function* map(line) { Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5); for (const w of line.split(' ')) yield [w, 1] }`
const LINES = Array.from({ length: 400 }, (_, i) => `w${i % 7} w${i % 11} all`)
const expected = (() => {
  const counts = new Map<string, number>()
  for (const word of LINES.flatMap(line => line.split(' '))) counts.set(word, (counts.get(word) ?? 0) + 1)
  return counts
})()

const slowJob: TestJob = {
  files: { 'a.txt': `${LINES.join('\n')}\n` },
  map: module('slow'),
  code: SLOW,
  strategy: { splitBytes: 600, partitions: 3 },
  output: 'parquet',
}

async function run(job: TestJob, onStart?: (role: string, child: ChildProcess) => void, workers = 2) {
  return runLocally({ plan: planFor(job, folder), code: job.code, workers, onStart })
}

const outputNames = (): string[] => readdirSync(join(folder, 'out')).sort()
const WHOLE = ['_SUCCESS', 'part-00000.parquet', 'part-00001.parquet', 'part-00002.parquet']

/** Calls `act` when the output's hidden folder or a worker's scratch shows that work is under way. */
function when(isTime: () => boolean, act: () => void): () => void {
  const timer = setInterval(() => {
    if (!isTime()) return
    clearInterval(timer)
    act()
  }, 2)
  return () => clearInterval(timer)
}

test('a worker that is killed costs nothing but time', async () => {
  let kills = 0
  const result = await run(slowJob, (role, child) => {
    if (role === 'coordinator-0' || kills > 2) return
    kills++
    // Its heartbeat thread and first task are under way by the first output of anybody.
    child.once('spawn', () => setTimeout(() => child.kill('SIGKILL'), 150 * kills))
  })
  expect(result.code).toBe(0)
  expect(kills).toBe(3)
  expect(asMap(await readOutput(join(folder, 'out')))).toEqual(expected)
  expect(outputNames()).toEqual(WHOLE)
})

test('a coordinator that is killed goes on where it was', async () => {
  let starts = 0
  const stop: (() => void)[] = []
  const result = await run(slowJob, (role, child) => {
    if (role !== 'coordinator-0' || starts++ > 0) return
    stop.push(
      when(
        () => outputFiles().length >= 3,
        () => child.kill('SIGKILL'),
      ),
    )
  })
  for (const each of stop) each()
  expect(result.code).toBe(0)
  expect(starts).toBe(2)
  expect(asMap(await readOutput(join(folder, 'out')))).toEqual(expected)
  expect(outputNames()).toEqual(WHOLE)
})

test('map outputs that are lost are made again', async () => {
  let robbed = 0
  const stop = when(
    () => outputFiles().length >= 4,
    () => {
      for (const file of outputFiles()) {
        robbed++
        rmSync(file, { recursive: true, force: true })
      }
    },
  )
  const result = await run(slowJob)
  stop()
  expect(robbed).toBeGreaterThan(3)
  expect(result.code).toBe(0)
  expect(asMap(await readOutput(join(folder, 'out')))).toEqual(expected)
})

/** What the workers of this process's runs have mapped and kept (`runLocally` has a folder for each pod). */
function outputFiles(): string[] {
  const root = tmpdir()
  return readdirSync(root)
    .filter(name => name.startsWith(`solvent-batch-${process.pid}-`))
    .flatMap(name => readdirSync(join(root, name)).map(pod => join(root, name, pod, 'var/solvent/scratch/outputs')))
    .filter(existsSync)
    .flatMap(outputs => readdirSync(outputs).map(run => join(outputs, run)))
    .flatMap(run => readdirSync(run).map(name => join(run, name)))
    .filter(path => !/\.(json|tmp)$/.test(path) && existsSync(`${path}.json`))
}
test('nobody ever sees a file that is not whole, or one of a job that fails', async () => {
  const code = `${WORDS}\nexport function reduce(key) { if (key === 'w6') throw new RangeError('no w6'); return 1 }`
  const result = await run({ ...slowJob, code, reduce: module('r') })
  expect(result.log).toContain('failed: RangeError: no w6\n  key "w6"')
  expect(outputNames()).toEqual([])
})

const LONG = Buffer.concat([Buffer.from('first\n'), Buffer.alloc(40 * 2 ** 20, 'x'), Buffer.from('\nlast\n')])

test.each<[string, Partial<TestJob>, RegExp]>([
  [
    'a function that throws',
    { code: "export function map(line) { if (line.includes('w6 w2')) throw new Error('not this'); return [] }" },
    /^failed: Error: not this\n {2}file:\S+\/a\.txt:14\n {2}at file:\S+user-code\.mjs:1:\d+$/m,
  ],
  [
    'a function that gives no pairs',
    { code: 'export const map = line => [[line]]' },
    /^failed: slow yields \["w0 w0 all"\], not a pair \[key, value\]\n {2}file:\S+\/a\.txt:1$/m,
  ],
  [
    'a function that gives nothing to iterate',
    { code: 'export const map = line => line.length' },
    /^failed: slow returns 9, not an iterable of pairs \[key, value\]\n {2}file:\S+\/a\.txt:1$/m,
  ],
  [
    'an asynchronous function',
    { code: 'export const map = async line => [[line, 1]]' },
    /^failed: slow returns a Promise, not an iterable of pairs \[key, value\]\n/m,
  ],
  [
    'a missing export',
    { code: 'export const other = 1' },
    /^failed: file:\/\/\/test\/slow\.ts exports no function "slow"; it is undefined$/m,
  ],
  [
    'a module that does not load',
    { code: "throw new Error('at once')" },
    /^failed: the module does not load: Error: at once\n/m,
  ],
  [
    'a key that is none',
    { code: 'export const map = line => [[null, 1]]' },
    /^failed: the key is null; a key is a string, a number or a boolean\n/m,
  ],
  [
    'keys of two types',
    { code: 'let n = 0; export const map = line => [[n++ ? 5 : line, 1]]' },
    /^failed: (the key 5 is not like the others, which are strings: keys of a job have one type|some keys are of type)/m,
  ],
  [
    'a value that cannot be summed',
    { code: "export const map = line => [[line, '7']]" },
    /^failed: the value to sum is "7", not a finite number\n/m,
  ],
  [
    'a line that is not JSON',
    { format: 'jsonl', code: WORDS },
    /^failed: a line is not JSON: "w0 w0 all": .+\n {2}file:\S+\/a\.txt:1$/m,
  ],
  [
    'a line that is too long',
    { files: { 'a.txt': LONG }, strategy: { splitBytes: 2 ** 30, partitions: 1 } },
    /^failed: a line of \/\S+\/a\.txt is longer than 32 MiB; is it text with line ends\?\n {2}file:\S+\/a\.txt:2$/m,
  ],
  [
    'the same in DuckDB',
    {
      files: { 'a.txt': LONG },
      map: { kind: 'split', pattern: ' ' },
      strategy: { splitBytes: 2 ** 30, partitions: 1, engine: 'duckdb' },
    },
    /^failed: a line of \/\S+\/a\.txt is longer than 32 MiB; is it text with line ends\?\n {2}file:\S+\/a\.txt:2$/m,
  ],
  [
    'a select that DuckDB refuses',
    { map: { kind: 'sql', text: 'select nothing, 1 from input' }, strategy: { engine: 'duckdb' } },
    /^failed: DuckDB: Binder Error: Referenced column "nothing" not found in FROM clause! Candidate bindings: "line"/m,
  ],
  [
    'a select of three columns',
    { map: { kind: 'sql', text: 'select line, 1, 2 from input' }, strategy: { engine: 'duckdb' } },
    /^failed: the select gives 3 columns \(line, 1, 2\); it must give two, the key and the value\n/m,
  ],
  [
    'text to sum in a select',
    { map: { kind: 'sql', text: 'select line, line from input' }, strategy: { engine: 'duckdb' } },
    /^failed: the values are VARCHAR; reduce sum needs numbers\n/m,
  ],
  ['Parquet that is none', { format: 'parquet' }, /^failed: the input \/\S+\/a\.txt is not Parquet: .+\n/m],
])('%s is told with its place, and no output is left', async (_name, change, message) => {
  const result = await run({ ...slowJob, ...change }, undefined, 1)
  expect(result.log).toMatch(message)
  expect(result.code).toBe(0)
  expect(outputNames()).toEqual([])
})

test('an output folder that is not empty is left alone', async () => {
  mkdirSync(join(folder, 'out'))
  writeFileSync(join(folder, 'out', 'mine.txt'), 'precious')
  const result = await run(slowJob, undefined, 1)
  expect(result.log).toContain(`failed: the output folder ${join(folder, 'out')} is not empty: it holds mine.txt`)
  expect(outputNames()).toEqual(['mine.txt'])
})

test('input that is gone is the user’s to mend', async () => {
  const plan = planFor({ ...slowJob, code: WORDS }, folder)
  rmSync(join(folder, 'a.txt'))
  const result = await runLocally({ plan, code: WORDS, workers: 1 })
  expect(result.log).toContain(`failed: the input ${join(folder, 'a.txt')} is not there any more`)
})

const canMount = process.platform === 'linux' && process.getuid?.() === 0 && mountsTmpfs()

function mountsTmpfs(): boolean {
  const probe = mkdtempSync(join(tmpdir(), 'solvent-mount-'))
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'solvent', probe]).status === 0
  if (mounted) spawnSync('umount', [probe])
  rmSync(probe, { recursive: true })
  return mounted
}

test.runIf(canMount)('a full disk is tried four times, then told; the folder stays empty', async () => {
  const out = join(folder, 'out')
  mkdirSync(out)
  spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'solvent', out])
  try {
    const code = 'export function* map(line) { for (let i = 0; i < 500; i++) yield [line + i, 1] }'
    const result = await run({ ...slowJob, code, output: 'csv', strategy: { partitions: 1 } }, undefined, 1)
    expect(result.log).toMatch(/^failed: reduce task 0 failed 4 times, the last time because the disk is full: ENOSPC/m)
    expect(result.workerLogs.match(/reduce task 0, attempt \d: the disk is full/g)).toHaveLength(4)
    expect(outputNames()).toEqual([])
  } finally {
    spawnSync('umount', [out])
  }
})

test('importing the program loads no package: a prewarmed process must be cheap', () => {
  const bundle = readFileSync(join(packageRoot(), 'dist/batch.js'), 'utf8')
  const imported = [...bundle.matchAll(/^import .*"([^"]+)";$/gm)].map(match => match[1]!)
  expect(imported.filter(name => !name.startsWith('node:'))).toEqual([])
})
