/** Whole jobs, task by task in this process: whatever the text, the splits and the engine, the result is that of a plain loop. */
import fc from 'fast-check'
import { parquetWriteBuffer } from 'hyparquet-writer'
import { expect, test } from 'vitest'
import { asMap, module, runInProcess, type TestJob } from '../../../test/batch/in-process.ts'

const WORDS = `export function* map(line) { for (const w of line.split(/[\\t\\n\\f\\r ]+/)) if (w) yield [w, 1] }`

/** Text as it comes: several line ends, blanks, tabs, characters of one to four bytes, now and then what a CSV reader would trip over. */
const text = fc
  .array(
    fc.oneof(
      { weight: 8, arbitrary: fc.constantFrom('a', 'bb', 'the', 'ü', '日本', '😀', 'x"y', "it's", '#') },
      { weight: 4, arbitrary: fc.constantFrom(' ', '\n') },
      {
        weight: 1,
        arbitrary: fc.constantFrom('\t', '\r\n', '\r', '\n\n', '\0', '\u0001\u0002\u0003\u0004', '\uFEFF', '  ', '\v'),
      },
    ),
    { maxLength: 200 },
  )
  .map(parts => parts.join(''))

function linesOf(content: string): string[] {
  const lines = content.replace(/^\uFEFF/, '').split('\n')
  if (lines.at(-1) === '') lines.pop()
  return lines.map(line => (line.endsWith('\r') ? line.slice(0, -1) : line))
}

function plainCount(contents: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const line of contents.flatMap(linesOf)) {
    for (const word of line.split(/[\t\n\f\r ]+/)) if (word) counts.set(word, (counts.get(word) ?? 0) + 1)
  }
  return counts
}

const strategy = fc.record({
  splitBytes: fc.integer({ min: 1, max: 300 }),
  partitions: fc.integer({ min: 1, max: 5 }),
  combine: fc.boolean(),
})

const named = (contents: readonly string[], extension = 'txt'): Record<string, string> =>
  Object.fromEntries(contents.map((content, i) => [`f${i}.${extension}`, content]))

test('a function over text gives the plain count, however it is cut and combined', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(text, { maxLength: 3 }), strategy, async (contents, chosen) => {
      const job: TestJob = { files: named(contents), map: module('words'), code: WORDS, strategy: chosen }
      expect(asMap(await runInProcess(job))).toEqual(plainCount(contents))
    }),
    { numRuns: 80 },
  )
})

test('a split pattern gives the plain count in DuckDB', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(text, { maxLength: 2 }), strategy, async (contents, chosen) => {
      const map = { kind: 'split', pattern: '\\s+' } as const
      const job: TestJob = { files: named(contents), map, strategy: { ...chosen, engine: 'duckdb', splitBytes: 100 } }
      expect(asMap(await runInProcess(job))).toEqual(plainCount(contents))
    }),
    { numRuns: 25 },
  )
})

test('both engines agree on patterns', async () => {
  const contents = ['a,b;c d\te\u00a0f', 'x.y.z  1-2--3']
  for (const pattern of ['\\s+', '[,;]', '\\.', ' ', '-', '[^\\w]+', '\\S', 'b?']) {
    const job: TestJob = { files: named(contents), map: { kind: 'split', pattern } }
    const inTypescript = asMap(await runInProcess(job))
    expect(asMap(await runInProcess({ ...job, strategy: { engine: 'duckdb' } })), pattern).toEqual(inTypescript)
  }
})

test('a table that is too small spills, and the result is the same', async () => {
  const lines = Array.from({ length: 20_000 }, (_, i) => `key-${i % 7001} key-${(i * 13) % 5003}`).join('\n')
  const job: TestJob = { files: { 'a.txt': lines }, map: module('words'), code: WORDS, strategy: { splitBytes: 1e5 } }
  expect(asMap(await runInProcess(job, { tableBytes: 1 }))).toEqual(plainCount([lines]))
})

test('a reduce function sees all values of a key in order, however often they were spilled', async () => {
  const lines = Array.from({ length: 6_000 }, (_, i) => `${i % 37} ${i}`).join('\n')
  const code = `
    export function* map(line) { const [k, v] = line.split(' '); yield [Number(k), Number(v)] }
    export function reduce(key, values) { let last = -1, n = 0; for (const v of values) { if (v <= last) throw new Error('order'); last = v; n++ } return n * 100000 + last }`
  const job: TestJob = {
    files: { 'a.txt': lines },
    map: module('pairs'),
    reduce: module('lastOf'),
    code,
    // One split a task in file order: the longest first is not the first.
    strategy: { splitBytes: 1e6, partitions: 3 },
    output: 'parquet',
  }
  const expected = new Map<number, number>()
  for (let i = 0; i < 6_000; i++) {
    const n = Math.floor((expected.get(i % 37) ?? 0) / 100_000) + 1
    expected.set(i % 37, n * 100_000 + i)
  }
  for (const tableBytes of [1, 2 ** 25]) expect(asMap(await runInProcess(job, { tableBytes }))).toEqual(expected)
})

test('a reduce function may stop early, and values may be anything that JSON holds', async () => {
  const code = `
    export const map = line => [[line.slice(0, 1), { text: line }], [line.slice(0, 1), 7], [line.slice(0, 1), null]]
    export function reduce(key, values) { for (const v of values) return [key, v]; return 'never' }`
  const job: TestJob = { files: { 'a.txt': 'ab\nac\nbd\n' }, map: module('m'), reduce: module('r'), code }
  expect(asMap(await runInProcess(job))).toEqual(
    new Map([
      ['a', ['a', { text: 'ab' }]],
      ['b', ['b', { text: 'bd' }]],
    ]),
  )
})

test('files of one output have one type: whole numbers give way to fractions', async () => {
  const code = `
    export const map = line => [[line, 1]]
    export const reduce = key => (key === 'a' ? 0.5 : 1)`
  const words = Array.from({ length: 40 }, (_, i) => (i === 0 ? 'a' : `w${i}`))
  const job: TestJob = {
    files: { 'a.txt': words.join('\n') },
    map: module('m'),
    reduce: module('r'),
    code,
    output: 'parquet',
    strategy: { partitions: 4 },
  }
  const rows = asMap(await runInProcess(job))
  expect(rows.get('a')).toBe(0.5)
  expect(rows.size).toBe(40)
})

const NUMBERS = Array.from({ length: 500 }, (_, i) => ({ k: `k${i % 17}`, v: ((i * 7919) % 1000) - 300 }))
const JSONL = NUMBERS.map(row => JSON.stringify(row)).join('\n')

function expectedBy(by: string): Map<unknown, unknown> {
  const groups = new Map<string, number[]>()
  for (const { k, v } of NUMBERS) groups.set(k, [...(groups.get(k) ?? []), v])
  const fold: Record<string, (values: number[]) => number> = {
    sum: values => values.reduce((a, b) => a + b, 0),
    count: values => values.length,
    min: values => Math.min(...values),
    max: values => Math.max(...values),
    avg: values => values.reduce((a, b) => a + b, 0) / values.length,
  }
  return new Map([...groups].map(([k, values]) => [k, fold[by]!(values)]))
}

const sql = { kind: 'sql', text: 'SELECT k, v FROM input;' } as const
const byFunction = { map: module('kv'), code: 'export const map = ({ k, v }) => [[k, v]]' }

test.each(['sum', 'count', 'min', 'max', 'avg'] as const)(
  '%s is the same from SQL and from TypeScript, combined or not',
  async by => {
    for (const format of ['parquet', 'jsonl', 'csv'] as const) {
      for (const combine of [true, false]) {
        const base = {
          files: { 'a.jsonl': JSONL },
          format: 'jsonl',
          reduce: { kind: 'algebra', by },
          output: format,
        } as const
        const strategy = { splitBytes: 3000, partitions: 3, combine }
        const fromFunction = asMap(await runInProcess({ ...base, ...byFunction, strategy }))
        const fromSql = asMap(await runInProcess({ ...base, map: sql, strategy: { ...strategy, engine: 'duckdb' } }))
        for (const [key, value] of expectedBy(by)) {
          expect(fromFunction.get(key), `${format} ${key}`).toBeCloseTo(value as number, 9)
          expect(fromSql.get(key), `${format} ${key}`).toBeCloseTo(value as number, 9)
        }
        expect([fromFunction.size, fromSql.size]).toEqual([17, 17])
      }
    }
  },
)

test('topK keeps the k largest pairs, largest first, ties by key', async () => {
  const base = { files: { 'a.jsonl': JSONL }, format: 'jsonl', reduce: { kind: 'algebra', by: 'topK', k: 5 } } as const
  const expected = [...NUMBERS]
    .sort((a, b) => b.v - a.v || (a.k < b.k ? -1 : 1))
    .slice(0, 5)
    .map(({ k, v }) => ({ key: k, value: v }))
  const strategy = { splitBytes: 2000, partitions: 1 }
  expect(await runInProcess({ ...base, ...byFunction, strategy })).toEqual(expected)
  expect(await runInProcess({ ...base, map: sql, strategy: { ...strategy, engine: 'duckdb' } })).toEqual(expected)
})

test('a select may feed a reduce function', async () => {
  const job: TestJob = {
    files: { 'a.jsonl': JSONL },
    format: 'jsonl',
    map: sql,
    reduce: module('r'),
    code: 'export const reduce = (key, values) => { let s = 0; for (const v of values) s += v; return s }',
  }
  expect(asMap(await runInProcess(job))).toEqual(expectedBy('sum'))
})

test('gzipped input counts as the plain one does', async () => {
  const content = 'one two\nthree one\r\n'
  for (const engine of ['typescript', 'duckdb'] as const) {
    const job: TestJob = { files: { 'a.txt.gz': content, 'b.txt': content }, map: { kind: 'split', pattern: ' ' } }
    expect(asMap(await runInProcess({ ...job, strategy: { engine, splitBytes: 4 } }))).toEqual(
      plainCount([content, content]),
    )
  }
})

test('bytes that are not UTF-8 are U+FFFD in both engines', async () => {
  const bytes = Buffer.from([0x61, 0xff, 0x62, 0x20, 0x63, 0x0a, 0xfe, 0x0a])
  for (const engine of ['typescript', 'duckdb'] as const) {
    const job: TestJob = { files: { 'a.txt': bytes }, map: { kind: 'split', pattern: ' ' }, strategy: { engine } }
    expect(asMap(await runInProcess(job))).toEqual(
      new Map([
        ['a\uFFFDb', 1],
        ['c', 1],
        ['\uFFFD', 1],
      ]),
    )
  }
})

test.each([
  [
    'numbers',
    '[[1.5, 1], [2, 1], [1.5, 1]]',
    new Map([
      [1.5, 2],
      [2, 1],
    ]),
  ],
  [
    'whole numbers',
    '[[3, 1], [-0, 1], [0, 1]]',
    new Map([
      [3, 1],
      [0, 2],
    ]),
  ],
  [
    'booleans',
    '[[true, 2], [false, 1]]',
    new Map([
      [true, 2],
      [false, 1],
    ]),
  ],
  [
    'empty strings',
    '[["", 1], ["a,\\n\\"b", 1]]',
    new Map([
      ['', 1],
      ['a,\n"b', 1],
    ]),
  ],
])('keys may be %s', async (_name, pairs, expected) => {
  const job: TestJob = { files: { 'a.txt': 'x' }, map: module('m'), code: `export const map = () => ${pairs}` }
  for (const output of ['parquet', 'jsonl'] as const)
    expect(asMap(await runInProcess({ ...job, output }))).toEqual(expected)
})

test('Parquet is read by both engines', async () => {
  const bytes = new Uint8Array(
    parquetWriteBuffer({
      columnData: [
        { name: 'k', data: NUMBERS.map(row => row.k), type: 'STRING' },
        { name: 'v', data: NUMBERS.map(row => BigInt(row.v)), type: 'INT64' },
      ],
      rowGroupSize: 100,
    }),
  )
  const base = { files: { 'a.parquet': bytes }, format: 'parquet', output: 'parquet' } as const
  expect(asMap(await runInProcess({ ...base, ...byFunction }))).toEqual(expectedBy('sum'))
  expect(asMap(await runInProcess({ ...base, map: sql, strategy: { engine: 'duckdb' } }))).toEqual(expectedBy('sum'))
})

test('no input gives an output without rows', async () => {
  for (const engine of ['typescript', 'duckdb'] as const) {
    const job: TestJob = {
      files: { 'a.txt': '' },
      map: { kind: 'split', pattern: ' ' },
      output: 'parquet',
      strategy: { engine },
    }
    expect(await runInProcess(job)).toEqual([])
  }
})
