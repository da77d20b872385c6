/** The strategy of a batch job: what is chosen, why, what is kept, what is refused. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatProblem } from '../../base/problem.ts'
import type { BatchJob, BatchJobSpec } from '../../spec/kinds.ts'
import { describeBatchPlan, summariseBatchPlan } from '../explain/describe-batch.ts'
import type { BatchCapacity, BatchPlan, InputFile } from './plan.ts'
import { planBatch } from './plan-batch.ts'
import { type BatchRates, makespan, predictBatch } from './predict.ts'
import { splitsOf } from './splits.ts'

const MEBI = 1024 ** 2
const CAPACITY: BatchCapacity = { slots: 2, workerMemoryBytes: 400 * MEBI }

const job = (change: Partial<BatchJobSpec> = {}): BatchJob => ({
  apiVersion: 'solvent.dev/v1alpha1',
  kind: 'BatchJob',
  metadata: { name: 'wordcount', namespace: 'team' },
  spec: {
    input: { text: ['file:///in/*'] },
    map: { split: '\\s+' },
    reduce: { by: 'sum' },
    output: { parquet: 'file:///out/' },
    ...change,
  },
})

const file = (name: string, bytes: number, splittable = true): InputFile => ({
  uri: `file:///in/${name}`,
  bytes,
  splittable,
})

function plan(files: readonly InputFile[], change: Partial<BatchJobSpec> = {}, capacity = CAPACITY): BatchPlan {
  const planned = planBatch(job(change), files, capacity)
  if (!planned.ok) throw new Error(planned.problems.map(formatProblem).join('\n'))
  return planned.value
}

const because = ({ reasons }: BatchPlan, choice: string): string | undefined =>
  reasons.find(reason => reason.choice.startsWith(choice))?.because

const FN = { module: 'file:///a/words.ts', export: 'words' }

test('512 MiB of text on two slots, as solvent plan shows it', () => {
  const planned = plan([file('b.txt', 256 * MEBI), file('a.txt', 256 * MEBI)], { map: FN })
  expect(describeBatchPlan(planned)).toEqual([
    'BatchJob wordcount',
    '  input   512 MiB of text in 2 files',
    '  map     words of words.ts, 8 tasks',
    '  reduce  sum, 2 tasks',
    '  output  parquet in /out/',
    '',
    'Strategy',
    '  splits = 8           512 MiB in splits of 64 MiB, since a task of about 64 MiB is soon made again',
    '  engine = typescript  the map is a function of a module',
    '  combine = true       parts of a sum can be reduced again, so each map task reduces its own first',
    '  aggregate = hash     sum keeps one small state a key; the table spills when it grows too large',
    '  partitions = 2       one for each of 2 slots',
    '  workers = 1 to 2     room for 2 tasks at once',
  ])
  expect(summariseBatchPlan(planned)).toBe('8 splits, 1 to 2 workers, 2 partitions, hash, combine')
  expect(planned.input.files.map(f => f.uri)).toEqual(['file:///in/a.txt', 'file:///in/b.txt'])
})

test.each<[string, number, number, number, string]>([
  ['little input is one task', 3 * MEBI, 2, 1, '3 MiB are little enough for one task'],
  [
    'some input makes fewer tasks than slots',
    10 * MEBI,
    4,
    2,
    '10 MiB in splits of 5 MiB, since tasks below 4 MiB would not pay',
  ],
  ['each slot has several tasks', 60 * MEBI, 2, 6, '60 MiB in splits of 10 MiB, so that each of 2 slots has 3 or more'],
  [
    'much input makes tasks of 64 MiB',
    1024 * MEBI,
    2,
    16,
    '1 GiB in splits of 64 MiB, since a task of about 64 MiB is soon made again',
  ],
  [
    'all slots have the same number of tasks',
    500 * MEBI,
    3,
    9,
    '500 MiB in splits of 55.6 MiB, so that each of 3 slots has 3 or more',
  ],
])('%s', (_, bytes, slots, splits, why) => {
  const planned = plan([file('a', bytes)], {}, { ...CAPACITY, slots })
  expect(planned.strategy.numSplits).toBe(splits)
  expect(because(planned, 'splits')).toBe(why)
})

test.each<[string, Partial<BatchJobSpec>, Partial<BatchPlan['strategy']>, Readonly<Record<string, string>>]>([
  [
    'a reduce function',
    { map: FN, reduce: { module: 'file:///a/words.ts', export: 'total' } },
    { combine: false, aggregate: 'sort', engine: 'typescript', partitions: 8 },
    {
      combine: 'a reduce function sees all values of its key at once',
      aggregate: 'sorting brings all values of a key together in bounded memory',
      partitions: 'one for each 64 MiB of input, all of which is moved, and no fewer than slots',
    },
  ],
  [
    'topK',
    { reduce: { by: 'topK', k: 20 } },
    { combine: true, aggregate: 'hash', partitions: 1 },
    {
      combine: 'the largest of all are among the largest of each map task',
      aggregate: 'no keys are brought together; the k largest pairs fit into memory',
      partitions: 'the largest of all pairs are chosen in one place',
    },
  ],
  [
    'avg of a select',
    { map: { sql: 'select 1 as key, 2 as value from input' }, reduce: { by: 'avg' } },
    { engine: 'duckdb', combine: true },
    {
      engine: 'the map is a select',
      combine: 'sums and counts can be reduced again, so each map task reduces its own first',
    },
  ],
  ['a split', {}, { engine: 'duckdb' }, { engine: 'a split is an expression of its SQL' }],
])('%s decides how values come together', (_, change, strategy, why) => {
  const planned = plan([file('a', 512 * MEBI)], change)
  expect(planned.strategy).toMatchObject(strategy)
  for (const [choice, text] of Object.entries(why)) expect(because(planned, choice), choice).toBe(text)
})

test('partitions follow the input: one of little, one a slot, more of much', () => {
  expect(because(plan([file('a', 10 * MEBI)]), 'partitions = 1')).toBe('10 MiB of input are reduced at once')
  expect(because(plan([file('a', 100 * MEBI)]), 'partitions = 2')).toBe('one for each of 2 slots')
  const many = { ...CAPACITY, slots: 900 }
  expect(because(plan([file('a', 1024 * MEBI)], {}, many), 'partitions = 64')).toBe(
    '1 GiB of input pay for no more than one for each 16 MiB',
  )
  expect(because(plan([file('a', 8192 * MEBI)]), 'partitions = 16')).toBe(
    'one for each 512 MiB of input, which combining makes much smaller, and no fewer than slots',
  )
})

test('a partition that is sorted fits into a quarter of a worker', () => {
  const small = { slots: 2, workerMemoryBytes: 128 * MEBI }
  const planned = plan([file('a', 512 * MEBI)], { map: FN, reduce: FN }, small)
  expect(because(planned, 'partitions = 16')).toBe(
    'one for each 32 MiB of input, all of which is moved, and no fewer than slots',
  )
})

test.each([
  [undefined, 'workers = 1', 'no room for a worker now: it waits for it'],
  [{ min: 2 }, 'workers = 2', 'no room for a worker now: they wait for it'],
])('without any slot the plan is for one, workers %j', (workers, choice, why) => {
  const planned = plan([file('a', 512 * MEBI)], workers ? { workers } : {}, { ...CAPACITY, slots: 0 })
  expect(planned.strategy.numSplits).toBe(8)
  expect(because(planned, choice)).toBe(why)
})

test('what is fixed by hand is kept, and said to be', () => {
  const strategy = { splitBytes: 10 * MEBI, partitions: 7, combine: false, aggregate: 'sort' as const }
  const planned = plan([file('a', 100 * MEBI)], { strategy, workers: { min: 2, max: 3 } })
  expect(planned.strategy).toMatchObject({ ...strategy, numSplits: 10, workers: { min: 2, max: 3 } })
  expect(planned.reasons).toEqual([
    { choice: 'splits = 10', because: '100 MiB in splits of 10 MiB, fixed in the declaration' },
    { choice: 'engine = duckdb', because: 'a split is an expression of its SQL' },
    { choice: 'combine = false', because: 'fixed in the declaration' },
    { choice: 'aggregate = sort', because: 'fixed in the declaration' },
    { choice: 'partitions = 7', because: 'fixed in the declaration' },
    {
      choice: 'workers = 2 to 3',
      because: 'fixed in the declaration; 1 of them waits until there is room for more than 2',
    },
  ])
})

test.each<[BatchJobSpec['workers'], number, string, string]>([
  [undefined, 4, 'workers = 1 to 4', 'room for 4 tasks at once'],
  [undefined, 64, 'workers = 1 to 64', 'room for 64 tasks at once'],
  [undefined, 900, 'workers = 1 to 256', 'no more than 256 tasks at once'],
  [{ min: 2 }, 4, 'workers = 2 to 4', 'at least 2, fixed in the declaration; room for 4 tasks at once'],
  [{ max: 1 }, 4, 'workers = 1', 'fixed in the declaration'],
  [
    { min: 6 },
    4,
    'workers = 6',
    'at least 6, fixed in the declaration; room for 4 tasks at once; 2 of them wait until there is room for more than 4',
  ],
])('workers %j on %d slots', (workers, slots, choice, why) => {
  const planned = plan([file('a', 1024 * MEBI)], { ...(workers ? { workers } : {}) }, { ...CAPACITY, slots })
  expect(because(planned, choice)).toBe(why)
})

test('files that cannot be cut are told where they cost parallelism', () => {
  expect(because(plan([file('a.gz', 100 * MEBI, false), file('b', MEBI)]), '1 file uncut, up to 100 MiB')).toBe(
    'nobody can start reading in the middle of a gzip file',
  )
  const parquet = plan([file('a', 100 * MEBI)], { input: { parquet: ['file:///in/*'] }, map: FN })
  expect(parquet.strategy.numSplits).toBe(1)
  expect(because(parquet, '1 file uncut, up to 100 MiB')).toBe(
    'a Parquet file is cut at its row groups only, which are not read for the plan',
  )
})

test.each<[string, Partial<BatchJobSpec>, readonly InputFile[], string[]]>([
  [
    'no file at all',
    {},
    [],
    ['spec.input.text[0] is "file:///in/*", but it matches no file. Correct the path, or remove it.'],
  ],
  [
    'one pattern of two without a file',
    { input: { text: ['file:///in/*', 'file:///else/b.txt'] } },
    [file('a', 1)],
    ['spec.input.text[1] is "file:///else/b.txt", but it matches no file. Correct the path, or remove it.'],
  ],
  [
    'one empty file',
    {},
    [file('a', 0)],
    ['spec.input.text matches 1 file, but it is empty. Name files that hold something.'],
  ],
  [
    'several empty files',
    {},
    [file('a', 0), file('b', 0)],
    ['spec.input.text matches 2 files, but all of them are empty. Name files that hold something.'],
  ],
])('%s is a problem', (_, change, files, expected) => {
  const planned = planBatch(job(change), files, CAPACITY)
  expect(planned.ok ? [] : planned.problems.map(formatProblem)).toEqual(expected)
})

test('the order in which files are found, and finding one twice, changes nothing', () => {
  const files = [file('a', MEBI), file('b', 2 * MEBI), file('c', 70 * MEBI)]
  fc.assert(
    fc.property(fc.shuffledSubarray([...files, files[0]!], { minLength: 4 }), shuffled => {
      expect(plan(shuffled)).toEqual(plan(files))
    }),
  )
})

test('a plan is JSON, and its splits are those it counts', () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(300 * MEBI), { minLength: 1, maxLength: 20 }),
      fc.integer({ min: 1, max: 64 }),
      (sizes, slots) => {
        fc.pre(sizes.some(size => size > 0))
        const planned = plan(
          sizes.map((bytes, i) => file(`f${i}`, bytes)),
          {},
          { ...CAPACITY, slots },
        )
        expect(JSON.parse(JSON.stringify(planned))).toEqual(planned)
        expect(splitsOf(planned)).toHaveLength(planned.strategy.numSplits)
        expect(planned.strategy.workers.max).toBeLessThanOrEqual(slots)
      },
    ),
  )
})

const RATES: BatchRates = {
  mapBytesPerSecond: 16 * MEBI,
  reduceBytesPerSecond: 64 * MEBI,
  shuffleRatio: 0.1,
  taskSeconds: 0.01,
  startSeconds: 0.2,
}

test('the model adds rounds of tasks, the barrier and the start', () => {
  const planned = plan([file('a', 512 * MEBI)])
  const two = predictBatch(planned, RATES, 2)
  expect(two.mapSeconds).toBeCloseTo(4 * (64 / 16 + 0.01))
  expect(two.reduceSeconds).toBeCloseTo((512 * 0.1) / 2 / 64 + 0.01)
  expect(two.seconds).toBeCloseTo(0.2 + two.mapSeconds + two.reduceSeconds)
  expect(two.utilisation).toBeCloseTo((two.seconds - 0.2) / two.seconds)
})

test('the model: more slots never take longer, and never more than their number faster', () => {
  const planned = plan([file('a', 5000 * MEBI)], {}, { ...CAPACITY, slots: 64 })
  const [one, ...more] = [1, 2, 4, 8, 16, 32, 64].map(slots => predictBatch(planned, RATES, slots))
  let before = one!.seconds
  for (const { slots, seconds, utilisation } of more) {
    expect(seconds).toBeLessThanOrEqual(before)
    expect(one!.seconds / seconds).toBeLessThanOrEqual(slots)
    expect(utilisation).toBeLessThanOrEqual(1)
    before = seconds
  }
})

test('list scheduling is at most twice the best possible, and exact where tasks are equal', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 40 }),
      fc.integer({ min: 1, max: 10 }),
      (tasks, slots) => {
        const best = Math.max(tasks.reduce((a, b) => a + b, 0) / slots, ...tasks)
        const made = makespan(tasks, slots)
        expect(made).toBeGreaterThanOrEqual(best)
        expect(made).toBeLessThan(2 * best + 1e-9)
      },
    ),
  )
  expect(makespan([3, 3, 3, 3, 3], 2)).toBe(9)
})
