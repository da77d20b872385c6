import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parquetWriteFile } from 'hyparquet-writer'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Pod } from '../../kube/core.ts'
import type { UnknownObject } from '../../kube/object.ts'
import { API_VERSION, type BatchJob, type StageProgress } from '../../spec/kinds.ts'
import { styleOf, type Terminal } from '../terminal.ts'
import { endingOf } from './ending.ts'
import { cut, LiveRegion } from './live-region.ts'
import { paceOf, seen } from './pace.ts'
import { reasonOfPod } from './pending.ts'
import { progressSentence, stageLines } from './progress.ts'
import { csvCells, resultLines, topLines } from './result.ts'
import { rankText } from './watched.ts'

const MiB = 2 ** 20
const stage = (name: 'map' | 'reduce', more: Partial<StageProgress> = {}): StageProgress => ({
  name,
  tasks: 100,
  running: 0,
  done: 0,
  retried: 0,
  bytes: 0,
  bytesDone: 0,
  ...more,
})
const plain = styleOf(false)

test('pace counts from when a stage was first seen at work, and says nothing in its first moment', () => {
  const first = stage('map', { running: 2, bytes: 100 * MiB, bytesDone: 10 * MiB })
  const starts = seen(seen({}, [stage('map')], 500), [first], 1_000)
  expect(starts).toEqual({ map: { atMs: 1_000, bytes: 10 * MiB, done: 0 } })
  expect(seen(starts, [first], 9_000)).toBe(starts)
  const later = stage('map', { running: 2, done: 40, bytes: 100 * MiB, bytesDone: 40 * MiB })
  expect(paceOf(later, starts.map, 1_200)).toEqual({})
  expect(paceOf(later, starts.map, 4_000)).toEqual({ bytesPerSecond: 10 * MiB, secondsLeft: 6 })
})

test('a finished stage keeps its pace', () => {
  const begun = { map: { atMs: 0, bytes: 0, done: 0 } }
  const done = stage('map', { done: 100, bytes: 40 * MiB, bytesDone: 40 * MiB })
  const starts = seen(begun, [done], 4_000)
  expect(starts).toEqual({ map: { ...begun.map, endMs: 4_000 } })
  expect(seen(starts, [done], 9_000)).toBe(starts)
  expect(paceOf(done, starts.map, 60_000)).toEqual({ bytesPerSecond: 10 * MiB, secondsLeft: 0 })
})

test('a stage whose bytes are unknown goes by its tasks', () => {
  const starts = { reduce: { atMs: 0, bytes: 0, done: 0 } }
  expect(paceOf(stage('reduce', { done: 25 }), starts.reduce, 5_000)).toEqual({ secondsLeft: 15 })
})

const UNDER_WAY = [
  stage('map', { running: 2, done: 37, bytes: 100 * MiB, bytesDone: 50 * MiB, retried: 1 }),
  stage('reduce', { tasks: 4 }),
]
const STARTS = { map: { atMs: 0, bytes: 0, done: 0 } }

test('progress on a terminal is one line a stage', () => {
  expect(stageLines(UNDER_WAY, STARTS, 2_000, 100, plain)).toEqual([
    '  map     ██████████░░░░░░░░░░   37/100  25 MiB/s  2s left  1 attempt again',
    '  reduce  ░░░░░░░░░░░░░░░░░░░░  0/4  waiting',
  ])
  expect(stageLines([stage('map', { done: 100 })], {}, 0, 40, plain)).toEqual(['  map     100/100  done'])
})

test('progress in a log is a sentence', () => {
  expect(progressSentence('wordcount', UNDER_WAY, STARTS, 2_000)).toBe(
    'wordcount: map 37/100 tasks, 25 MiB/s, 2s left; reduce waiting',
  )
})

test('a line is cut to the width of the screen, colours aside', () => {
  expect(cut('abcdef', 3)).toBe('abc')
  expect(cut('\x1b[31mabc\x1b[39mdef', 4)).toBe('\x1b[31mabc\x1b[39md')
  expect(cut('█░█░', 2)).toBe('█░')
})

test('a live region is drawn over itself, and what is printed stays above', () => {
  let screen = ''
  const terminal = { columns: 80, writeNote: (text: string) => (screen += text) } as unknown as Terminal
  let lines = ['one', 'two']
  const region = new LiveRegion(terminal, () => lines)
  region.start()
  lines = ['three']
  region.above(() => (screen += 'log\n'))
  region.stop(true)
  expect(screen.replaceAll('\x1b', '^')).toBe('^[2Kone\n^[2Ktwo\n^[0J^[2F^[0Jlog\n^[2Kthree\n^[0J^[1F^[2Kthree\n^[0J')
})

const object = (kind: string, status: object, apiVersion: string = API_VERSION): UnknownObject => ({
  apiVersion,
  kind,
  metadata: { name: 'x', generation: 1 },
  status,
})
const condition = (type: string, reason = '', message = '') => ({
  conditions: [{ type, status: 'True', reason, message }],
})

test.each([
  ['BatchJob', { phase: 'Running' }, undefined],
  ['BatchJob', condition('Complete'), 0],
  ['BatchJob', condition('Failed', 'UserError', 'no'), 4],
  ['BatchJob', condition('Failed', 'InvalidInput', 'no'), 2],
  ['BatchJob', condition('Failed', 'BackoffLimitExceeded', 'no'), 1],
  ['TrainingJob', condition('Failed', 'BackoffLimitExceeded', 'no'), 4],
  ['Server', { phase: 'Available', observedGeneration: 1 }, 0],
  ['Server', { phase: 'Available', observedGeneration: 0 }, undefined],
])('%s with %j ends with %s', (kind, status, code) => {
  expect(endingOf(object(kind, status))?.code).toBe(code)
})

test('a plain object that has no end is done at once; a pod ends with its containers', () => {
  expect(endingOf(object('ConfigMap', {}, 'v1'))).toEqual({ code: 0 })
  expect(endingOf(object('Pod', { phase: 'Running' }, 'v1'))).toBeUndefined()
  const failed = { phase: 'Failed', containerStatuses: [{ state: { terminated: { exitCode: 7 } } }] }
  expect(endingOf(object('Pod', failed, 'v1'))).toEqual({ code: 4, problem: 'exit code 7' })
})

test("a user's failure is told with file, line and record", () => {
  const here = pathToFileURL(process.cwd()).href
  const failure = { message: 'Error: no', place: `${here}/map.ts:12:9`, record: `${here}/a.txt:3` }
  const end = endingOf(object('BatchJob', { ...condition('Failed', 'UserError'), failure }))
  expect(end).toEqual({ code: 4, problem: 'Error: no\n  at map.ts:12:9\n  on a.txt:3' })
})

const pod = (status: Pod['status'], name = 'p'): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name },
  spec: { containers: [] },
  status,
})

test('a pod that waits says why', () => {
  const message = '0/1 nodes are available: 1 Insufficient cpu.'
  expect(reasonOfPod(pod({ conditions: [{ type: 'PodScheduled', status: 'False', message }] }))).toEqual({
    text: message,
    unschedulable: true,
  })
  const waiting = (reason: string) =>
    pod({
      containerStatuses: [
        {
          name: 'c',
          ready: false,
          restartCount: 0,
          image: '',
          imageID: '',
          state: { waiting: { reason, message: 'm' } },
        },
      ],
    })
  expect(reasonOfPod(waiting('CrashLoopBackOff'))?.text).toBe('pod p, container c: CrashLoopBackOff: m')
  expect(reasonOfPod(waiting('ContainerCreating'))).toBeUndefined()
})

test('ranks are counted by the phase of their pods', () => {
  const pods = [pod({ phase: 'Running' }), pod({ phase: 'Running' }), pod({ phase: 'Pending' })]
  expect(rankText(pods, 2)).toBe('pods: 2 running, 1 pending; attempt 3')
  expect(rankText([], 0)).toBe('')
})

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'result-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const ROWS = Array.from({ length: 30 }, (_, i) => ({ key: `w${i}`, value: (i * 7) % 30 }))

const written: Record<string, (path: string, rows: typeof ROWS) => void> = {
  jsonl: (path, rows) => writeFileSync(path, rows.map(row => `${JSON.stringify(row)}\n`).join('')),
  csv: (path, rows) =>
    writeFileSync(path, `key,value\n${rows.map(({ key, value }) => `"${key}",${value}\n`).join('')}`),
  parquet: (path, rows) =>
    parquetWriteFile({
      filename: path,
      columnData: [
        { name: 'key', data: rows.map(({ key }) => key), type: 'STRING' },
        { name: 'value', data: rows.map(({ value }) => value), type: 'DOUBLE' },
      ],
    }),
}

test.each(Object.entries(written))('the largest rows of all %s files are shown', async (format, write) => {
  mkdirSync(join(folder, 'out'))
  write(join(folder, 'out', `part-0.${format}`), ROWS.slice(0, 15))
  write(join(folder, 'out', `part-1.${format}`), ROWS.slice(15))
  writeFileSync(join(folder, 'out', '_SUCCESS'), '')
  const uri = `${pathToFileURL(join(folder, 'out')).href}/`
  const job = {
    ...object('BatchJob', { output: { uri, files: 2, rows: 30, bytes: 1000 } }),
    spec: { output: { [format]: uri } },
  } as unknown as BatchJob
  const lines = await resultLines(job, 1.234)
  expect(lines[0]).toMatch(/^x completed in 1\.2 s: 30 rows in 2 files, 1000 B in .*out\/$/)
  expect(lines.slice(2, 5)).toEqual(['The 20 largest of 30 rows:', '  w17  29', '  w4   28'])
  expect(lines).toHaveLength(23)
})

test('an output that cannot be read from here is said, and is no failure of the job', async () => {
  const uri = 'file:///nowhere/out/'
  const job = {
    ...object('BatchJob', { output: { uri, files: 1, rows: 1, bytes: 10 } }),
    spec: { output: { csv: uri } },
  } as unknown as BatchJob
  expect(await resultLines(job, 1)).toEqual([
    'x completed in 1.0 s: 1 row in 1 file, 10 B in /nowhere/out/',
    "(it cannot be read from here: ENOENT: no such file or directory, scandir '/nowhere/out/')",
  ])
})

test('values line up, long keys are cut, and control characters are shown', () => {
  expect(
    topLines(
      [
        { key: 'a\tb', value: 1234567 },
        { key: 'x'.repeat(60), value: 2 },
      ],
      2,
    ),
  ).toEqual(['', `  a\\tb${' '.repeat(36)}  1,234,567`, `  ${'x'.repeat(39)}…          2`])
})

test('a line of CSV is cut at its commas, quotes aside', () => {
  expect(csvCells('a,"b,""c""",,1\r')).toEqual(['a', 'b,"c"', '', '1'])
})
