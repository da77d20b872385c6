/** Every rule's exact words, and that its fix is true: the declaration with the fix typed breaks no rule. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatProblem } from '../../base/problem.ts'
import { checkDeclaration } from '../check/check-declaration.ts'
import { declarationInfo } from '../schema/kinds-table.ts'
import { divisors } from './divisors.ts'

type Fields = Readonly<Record<string, unknown>>

const SPECS: Readonly<Record<string, Fields>> = {
  BatchJob: {
    input: { text: ['a.txt'] },
    map: { split: '\\s+' },
    reduce: { by: 'sum' },
    output: { parquet: 'out/' },
  },
  TrainingJob: { parallelism: { data: 2 }, framework: { command: ['a'] } },
  Server: { run: { command: ['a'], port: 80 } },
  Fleet: { preset: 'h100x64' },
}

const problemsOf = (kind: string, change: Fields, metadata: Fields = { name: 'j' }): string[] =>
  checkDeclaration(declarationInfo(kind)!, {
    apiVersion: 'solvent.dev/v1alpha1',
    kind,
    metadata,
    spec: { ...SPECS[kind], ...change },
  }).map(formatProblem)

test.each(['(?i)[^a-z]+', '[[:space:]]+', '\\PL+', "[ \\']+", '(?P<gap>,| )+'])('DuckDB knows %s', split => {
  expect(problemsOf('BatchJob', { map: { split } })).toEqual([])
})

test.each(['BatchJob', 'TrainingJob', 'Server', 'Fleet'])('a plain %s breaks no rule', kind => {
  expect(problemsOf(kind, {})).toEqual([])
})

const FN = { module: './a.ts', export: 'f' }

test.each<[string, Fields, string, Fields]>([
  [
    'no input format',
    { input: {} },
    'spec.input has none of text, jsonl or parquet, but exactly one is needed. Write input: { text: "data/*.txt" }',
    { input: { text: ['data/*.txt'] } },
  ],
  [
    'two input formats',
    { input: { text: ['a'], jsonl: ['b'] } },
    'spec.input has text and jsonl, but exactly one is possible. Keep one of text or jsonl.',
    { input: { text: ['a'] } },
  ],
  [
    'no map',
    { map: {} },
    "spec.map has none of module, split or sql, but exactly one is needed. Write map: { split: '\\s+' }",
    { map: { split: '\\s+' } },
  ],
  [
    'two maps',
    { map: { split: ',', ...FN } },
    'spec.map has module and split, but exactly one is possible. Keep one of module or split.',
    { map: FN },
  ],
  [
    'no reduce',
    { reduce: {} },
    'spec.reduce has none of by or module, but exactly one is needed. Write reduce: sum',
    { reduce: { by: 'sum' } },
  ],
  [
    'two reduces',
    { map: FN, reduce: { by: 'sum', ...FN } },
    'spec.reduce has by and module, but exactly one is possible. Keep one of by or module.',
    { map: FN, reduce: FN },
  ],
  [
    'no output format',
    { output: {} },
    'spec.output has none of parquet, jsonl or csv, but exactly one is needed. Write output: { parquet: out/ }',
    { output: { parquet: 'out/' } },
  ],
  [
    'two output formats',
    { output: { csv: 'a', jsonl: 'b' } },
    'spec.output has jsonl and csv, but exactly one is possible. Keep one of jsonl or csv.',
    { output: { csv: 'a' } },
  ],
  [
    'a module without export',
    { map: { module: './a.ts' } },
    'spec.map names ./a.ts but no export. Add export: and the name of the exported function, or export: default',
    { map: { module: './a.ts', export: 'default' } },
  ],
  [
    'an export without module',
    { map: { split: ',', export: 'f' } },
    'spec.map.export is "f", but there is no module beside it. Add module: and its file.',
    { map: FN },
  ],
  [
    'topK without k',
    { map: FN, reduce: { by: 'topK' } },
    'spec.reduce is topK without k. Write reduce: { topK: 20 }',
    { map: FN, reduce: { by: 'topK', k: 20 } },
  ],
  [
    'k without topK',
    { map: FN, reduce: { by: 'sum', k: 3 } },
    'spec.reduce.k is 3, but only topK keeps k pairs, and this reduce is sum. Remove k, or write reduce: { topK: 3 }',
    { map: FN, reduce: { by: 'topK', k: 3 } },
  ],
  [
    'k of a split',
    { reduce: { by: 'sum', k: 3 } },
    'spec.reduce.k is 3, but only topK keeps k pairs, and this reduce is sum. Remove k.',
    { reduce: { by: 'sum' } },
  ],
  [
    'k beside a function',
    { map: FN, reduce: { ...FN, k: 3 } },
    'spec.reduce.k is 3, but only topK keeps k pairs, and this reduce is a function. Remove k, or write reduce: { topK: 3 }',
    { map: FN, reduce: FN },
  ],
  [
    'an average of ones',
    { reduce: { by: 'avg' } },
    'spec.reduce.by is avg, but every piece of a split has the value 1, and avg of ones tells nothing. Write sum or count.',
    { reduce: { by: 'count' } },
  ],
  [
    'a split reduced by a function',
    { reduce: FN },
    'spec.reduce.module is "./a.ts", but map.split runs in DuckDB, which knows the algebras only. Write reduce: sum or another algebra, or a map with module and export.',
    { map: FN, reduce: FN },
  ],
  [
    'a select reduced by a function',
    { map: { sql: 'select a as key, b as value from input' }, reduce: FN },
    'spec.reduce.module is "./a.ts", but map.sql runs in DuckDB, which knows the algebras only. Write reduce: sum or another algebra, or a map with module and export.',
    { map: { sql: 'select a as key, b as value from input' } },
  ],
  [
    'a split of objects',
    { input: { jsonl: ['a'] } },
    'spec.map.split is "\\\\s+", but records of jsonl are objects, not lines. Write map: { sql: "select COLUMN as key, 1 as value from input" } with one of its columns.',
    { input: { jsonl: ['a'] }, map: { sql: 'select COLUMN as key, 1 as value from input' } },
  ],
  [
    'a split of rows',
    { input: { parquet: ['a'] } },
    'spec.map.split is "\\\\s+", but records of parquet are objects, not lines. Write map: { sql: "select COLUMN as key, 1 as value from input" } with one of its columns.',
    { input: { parquet: ['a'] }, map: { sql: 'select COLUMN as key, 1 as value from input' } },
  ],
  [
    'an expression with an open bracket',
    { map: { split: '[a' } },
    "spec.map.split is \"[a\", but it is no regular expression (Unterminated character class). Write one such as '\\s+' or '[^a-z]+'.",
    { map: { split: '[^a-z]+' } },
  ],
  [
    'an expression that DuckDB does not know',
    { map: { split: '(?<=a)b' } },
    'spec.map.split is "(?<=a)b", but DuckDB, which runs it, does not know (?<=. Say it without, or write a map with module and export.',
    { map: FN },
  ],
  [
    'an expression that matches nothing at all',
    { map: { split: '\\s*' } },
    'spec.map.split is "\\\\s*", but it matches the empty text, which lies between any two letters. Write \'\\s+\'.',
    { map: { split: '\\s+' } },
  ],
  [
    'an alternative that matches nothing at all',
    { map: { split: 'a|' } },
    'spec.map.split is "a|", but it matches the empty text, which lies between any two letters. Write one that takes at least one character, such as \'\\s+\'.',
    { map: { split: '\\s+' } },
  ],
  [
    'another statement than a select',
    { map: { sql: 'delete from input where key = value' } },
    'spec.map.sql does not begin with select. Write one such as: select word as key, 1 as value from input',
    { map: { sql: 'select word as key, 1 as value from input' } },
  ],
  [
    'two statements',
    { map: { sql: 'select 1 as key, 2 as value from input; select 2' } },
    'spec.map.sql has more than one statement. Write one select; a common table expression (with …) holds the steps.',
    { map: { sql: 'with a as (select * from input) select 1 as key, 2 as value from a;' } },
  ],
  [
    'a select without value',
    { map: { sql: 'select word as key from input' } },
    'spec.map.sql names no column value. Add an "as value", as in: select word as key, 1 as value from input',
    { map: { sql: 'select word as key from input' }, reduce: { by: 'count' } },
  ],
  [
    'a select without key that counts',
    { map: { sql: "select word from input where a <> 'key; '" }, reduce: { by: 'count' } },
    'spec.map.sql names no column key. Add an "as key", as in: select word as key from input',
    { map: { sql: "select word as key from input where a <> 'key; '" }, reduce: { by: 'count' } },
  ],
  [
    'a select from nowhere',
    { map: { sql: 'select 1 as key, 2 as value -- from input' } },
    'spec.map.sql does not read input. Add "from input", as in: select word as key, 1 as value from input',
    { map: { sql: 'select 1 as key, 2 as value from input' } },
  ],
  [
    'fewer workers at most than at least',
    { workers: { min: 4, max: 2 } },
    'spec.workers.min is 4, but max is 2. Write 2 or less, or a larger max.',
    { workers: { min: 2, max: 2 } },
  ],
  [
    'combining before a function',
    { map: FN, reduce: FN, strategy: { combine: true } },
    'spec.strategy.combine is true, but a reduce function sees all values of its key at once, so nothing can be combined before. Write false, or a reduce that is an algebra.',
    { map: FN, reduce: FN, strategy: { combine: false } },
  ],
  [
    'hashing for a function',
    { map: FN, reduce: FN, strategy: { aggregate: 'hash' } },
    'spec.strategy.aggregate is hash, but a reduce function takes all values of a key together, which sorting gives it. Write sort.',
    { map: FN, reduce: FN, strategy: { aggregate: 'sort' } },
  ],
  [
    'several places for topK',
    { map: FN, reduce: { by: 'topK', k: 1 }, strategy: { partitions: 2 } },
    'spec.strategy.partitions is 2, but topK chooses among all pairs in one place. Write 1.',
    { map: FN, reduce: { by: 'topK', k: 1 }, strategy: { partitions: 1 } },
  ],
  [
    'a bucket as input',
    { input: { text: ['s3://bucket/a'] } },
    'spec.input.text[0] is "s3://bucket/a", but s3:// cannot be read yet. Write the path of a file or folder on disk.',
    { input: { text: ['/bucket/a'] } },
  ],
  [
    'a home folder',
    { output: { csv: '~/out' } },
    'spec.output.csv is "~/out", but only a shell knows what ~ is. Write the whole path, beginning with /.',
    { output: { csv: '/home/me/out' } },
  ],
  [
    'a pattern as output',
    { output: { csv: 'out*' } },
    'spec.output.csv is "out*", but a pattern is possible for input only. Write one path without *.',
    { output: { csv: 'out' } },
  ],
])('a batch job with %s', (_, change, expected, fixed) => {
  expect(problemsOf('BatchJob', change)).toEqual([expected])
  expect(problemsOf('BatchJob', fixed)).toEqual([])
})

test.each<[string, Fields, string, Fields]>([
  [
    'no framework',
    { framework: {} },
    'spec.framework has none of command or node, but exactly one is needed. Write framework: { command: [python3, train.py] }',
    { framework: { command: ['python3', 'train.py'] } },
  ],
  [
    'two frameworks',
    { framework: { command: ['a'], node: { script: 'a.ts' } } },
    'spec.framework has command and node, but exactly one is possible. Keep one of command or node.',
    { framework: { node: { script: 'a.ts' } } },
  ],
  [
    'experts that do not divide',
    { parallelism: { data: 4, tensor: 2, pipeline: 2, expert: 3 } },
    'spec.parallelism.expert is 3, but expertTensor (2) x expert (3) = 6 does not divide data x context x tensor = 8. Set expert to 1, 2 or 4.',
    { parallelism: { data: 4, tensor: 2, pipeline: 2, expert: 4 } },
  ],
  [
    'more experts than ranks of a stage',
    { parallelism: { data: 4, pipeline: 4, expert: 8 } },
    'spec.parallelism.expert is 8, but expertTensor (1) x expert (8) = 8 does not divide data x context x tensor = 4. Set expert to 1, 2 or 4.',
    { parallelism: { data: 4, pipeline: 4, expert: 4 } },
  ],
  [
    'an expert tensor degree that does not divide',
    { parallelism: { data: 4, tensor: 2, expertTensor: 3 } },
    'spec.parallelism.expertTensor is 3, but expertTensor (3) x expert (1) = 3 does not divide data x context x tensor = 8. Set expertTensor to 1, 2, 4 or 8.',
    { parallelism: { data: 4, tensor: 2, expertTensor: 4 } },
  ],
  [
    'an expert tensor degree that does not divide, beside experts that do',
    { parallelism: { data: 4, expertTensor: 3, expert: 2 } },
    'spec.parallelism.expertTensor is 3, but expertTensor (3) x expert (2) = 6 does not divide data x context x tensor = 4. Set expertTensor to 1 or 2.',
    { parallelism: { data: 4, expertTensor: 2, expert: 2 } },
  ],
  [
    'an expert tensor degree and experts that do not divide',
    { parallelism: { data: 4, expertTensor: 3, expert: 3 } },
    'spec.parallelism.expertTensor is 3, but expertTensor (3) x expert (3) = 9 does not divide data x context x tensor = 4. Set expert to 1, and expertTensor to 1, 2 or 4.',
    { parallelism: { data: 4, expertTensor: 4, expert: 1 } },
  ],
  [
    'pods that are not full',
    { parallelism: { data: 3, tensor: 2 }, ranksPerPod: 4 },
    'spec.ranksPerPod is 4, but data x context x tensor x pipeline = 6 ranks do not fill pods of 4. Write 1, 2, 3 or 6.',
    { parallelism: { data: 3, tensor: 2 }, ranksPerPod: 3 },
  ],
  [
    'a variable that is ours',
    { env: { RANK: '1' } },
    'spec.env.RANK sets RANK, but Solvent sets it. Remove it.',
    { env: { MY_RANK: '1' } },
  ],
  [
    'a variable that no shell reads',
    { env: { 'a b': '1' } },
    'spec.env[a b] is no name of a variable, but the name of a variable has letters, digits and _, and no digit first. Write a_b',
    { env: { a_b: '1' } },
  ],
])('a training job with %s', (_, change, expected, fixed) => {
  expect(problemsOf('TrainingJob', change)).toEqual([expected])
  expect(problemsOf('TrainingJob', fixed)).toEqual([])
})

test.each<[string, Fields, string, Fields]>([
  [
    'fewer replicas at most than at least',
    { replicas: { min: 3, max: 1 } },
    'spec.replicas.min is 3, but max is 1. Write 1 or less, or a larger max.',
    { replicas: { min: 1, max: 1 } },
  ],
  [
    'a variable that begins with a digit',
    { config: { '1A': 'x' } },
    'spec.config[1A] is no name of a variable, but the name of a variable has letters, digits and _, and no digit first. Write _1A',
    { config: { _1A: 'x' } },
  ],
  [
    'a variable that is ours',
    { config: { SOLVENT_ROOT: '/' } },
    'spec.config.SOLVENT_ROOT sets SOLVENT_ROOT, but Solvent sets it. Remove it.',
    { config: {} },
  ],
])('a server with %s', (_, change, expected, fixed) => {
  expect(problemsOf('Server', change)).toEqual([expected])
  expect(problemsOf('Server', fixed)).toEqual([])
})

const LONG = 'a'.repeat(41)
const NAME_RULE = 'a name has lower-case letters, digits and -, begins with a letter and does not end with -'

test.each([
  ['Word_Count', `metadata.name is "Word_Count", but ${NAME_RULE}. Write word-count`],
  ['9lives', `metadata.name is "9lives", but ${NAME_RULE}. Write lives`],
  ['a-', `metadata.name is "a-", but ${NAME_RULE}. Write a`],
  ['../x', `metadata.name is "../x", but ${NAME_RULE}. Write x`],
  ['999', `metadata.name is "999", but ${NAME_RULE}. Write my-job`],
  [
    LONG,
    `metadata.name is "${LONG}", but it has 41 characters, and names made from it would be longer than the 63 that DNS allows. Write ${'a'.repeat(40)} or another name of at most 40 characters.`,
  ],
])('the name %s', (name, expected) => {
  expect(problemsOf('Server', {}, { name })).toEqual([expected])
  const [, fixed = ''] = /Write (\S+)/.exec(expected) ?? []
  expect(problemsOf('Server', {}, { name: fixed })).toEqual([])
})

test('a namespace that is none', () => {
  expect(problemsOf('Server', {}, { name: 'j', namespace: 'Team A' })).toEqual([
    'metadata.namespace is "Team A", but a namespace has lower-case letters, digits and -, begins and ends with a letter or digit, and has at most 63. Write the name of a namespace as kubectl get namespaces prints it.',
  ])
})

test('a rule is silent about what the schema already found wrong', () => {
  expect(problemsOf('TrainingJob', { parallelism: { data: 0, expert: 7 } })).toEqual([
    'spec.parallelism.data is 0, but it must be at least 1. Write 1 or more.',
  ])
})

test('no value at any place makes a check throw', () => {
  const kind = fc.constantFrom('BatchJob', 'TrainingJob', 'Server', 'Fleet')
  const value = fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.constantFrom([], {}, [''], { module: 1 }, { by: 'topK' }))
  const field = fc.constantFrom(
    ...['input', 'map', 'reduce', 'output', 'workers', 'strategy', 'parallelism', 'framework', 'ranksPerPod', 'env'],
    ...['run', 'replicas', 'config', 'resources', 'code'],
    ...['model', 'data', 'fleet', 'precision', 'recompute', 'stages', 'schedule', 'chunks', 'shardRanks', 'microBatch'],
    ...['preset', 'pools', 'tiers'],
  )
  fc.assert(
    fc.property(kind, fc.dictionary(field, value), fc.jsonValue({ maxDepth: 2 }), (ofKind, change, metadata) => {
      const info = declarationInfo(ofKind)!
      const wholes = [
        { kind: ofKind, metadata, spec: { ...SPECS[ofKind], ...change } },
        { kind: ofKind, metadata, spec: metadata },
        metadata,
      ]
      for (const whole of wholes) {
        for (const problem of checkDeclaration(info, whole)) expect(formatProblem(problem)).toMatch(/^[\w.[\]-]* ?\S/)
      }
    }),
    { numRuns: 2000 },
  )
})

test('divisors are ascending and all of them', () => {
  for (let n = 1; n <= 200; n++) {
    expect(divisors(n)).toEqual(Array.from({ length: n }, (_, i) => i + 1).filter(d => n % d === 0))
  }
})
