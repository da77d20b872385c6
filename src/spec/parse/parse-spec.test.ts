/** Text to documents: what may be written, what it becomes, and what is said about what may not. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatProblem } from '../../base/problem.ts'
import { parseSpec } from './parse-spec.ts'

const HEAD = 'apiVersion: solvent.dev/v1alpha1\n'
const batch = (spec: string): string => `${HEAD}kind: BatchJob\nmetadata: { name: j }\nspec:\n${spec}`
const training = (spec: string): string => `${HEAD}kind: TrainingJob\nmetadata: { name: j }\nspec:\n${spec}`
const server = (spec: string): string => `${HEAD}kind: Server\nmetadata: { name: j }\nspec:\n${spec}`

const GOOD = `  input: { text: a.txt }
  map: { split: '\\s+' }
  reduce: sum
  output: { csv: out/ }
`

const problemsOf = (text: string): string[] => {
  const parsed = parseSpec(text, { file: 'f' })
  return parsed.ok ? [] : parsed.problems.map(formatProblem)
}

function documents(text: string): readonly unknown[] {
  const parsed = parseSpec(text, { file: 'f' })
  if (!parsed.ok) throw new Error(parsed.problems.map(formatProblem).join('\n'))
  return parsed.value.map(document => (document.kind === 'declaration' ? document.declaration : document.object))
}
const specOf = (text: string): unknown => (documents(text)[0] as { spec: unknown }).spec

test('a batch job in shorthand becomes the stored form', () => {
  const text = batch(`  input:  { text: "books/*.txt" }
  map:    { module: ./wordcount.ts, export: words }
  reduce: { topK: 20 }
  output: { parquet: out/ }
  workers: 4
  strategy: { splitBytes: 64Mi }
  resources: { cpu: 2, memory: 1Gi }
`)
  expect(documents(text)).toEqual([
    {
      apiVersion: 'solvent.dev/v1alpha1',
      kind: 'BatchJob',
      metadata: { name: 'j' },
      spec: {
        input: { text: ['books/*.txt'] },
        map: { module: './wordcount.ts', export: 'words' },
        reduce: { by: 'topK', k: 20 },
        output: { parquet: 'out/' },
        workers: { min: 4, max: 4 },
        strategy: { splitBytes: 67108864 },
        resources: { cpu: '2', memory: '1Gi' },
      },
    },
  ])
})

test('a training job for the planner: model, data, fleet and what is fixed, in shorthand', () => {
  const text = training(`  model: { huggingface: ./mixtral/config.json }
  data: { sequenceLength: 4096, globalBatch: 1024, tokens: 1.0e12 }
  fleet: h100x64
  parallelism: { tensor: 4 }
  precision: [bf16, fp8]
  recompute: selective
  optimizer: adam-8bit
  software: torchtitan
  zero: 3
  framework: { command: [a] }
`)
  expect(specOf(text)).toEqual({
    model: { huggingface: { file: './mixtral/config.json' } },
    data: { sequenceLength: 4096, globalBatch: 1024, tokens: 1e12 },
    fleet: { preset: 'h100x64' },
    parallelism: { tensor: 4 },
    precision: ['bf16', 'fp8'],
    recompute: { kind: 'modules', modules: ['core_attn'] },
    optimizer: { name: 'adam-8bit' },
    software: { family: 'torchtitan' },
    zero: 3,
    framework: { command: ['a'] },
  })
})

test('a fleet is told in three ways, a model in three', () => {
  const spec = (model: string, fleet: string): unknown =>
    specOf(
      training(
        `  model: ${model}\n  fleet: ${fleet}\n  data: { sequenceLength: 1, globalBatch: 8, tokens: 15T }\n  parallelism: auto\n  framework: { command: [a] }\n`,
      ),
    )
  const numbers = '{ layers: 2, hidden: 64, heads: 4, vocab: 100 }'
  expect(spec(numbers, 'our-racks')).toMatchObject({
    model: { layers: 2 },
    fleet: { name: 'our-racks' },
    data: { tokens: 15e12 },
  })
  const config = '{ huggingface: { model_type: llama, rope_scaling: null } }'
  expect(spec(config, '{ pools: [{ device: h100, nodes: 2 }] }')).toMatchObject({
    model: { huggingface: { config: { model_type: 'llama', rope_scaling: null } } },
    fleet: { pools: [{ device: 'h100', nodes: 2 }] },
  })
})

test('a fleet is a declaration of its own', () => {
  const pools = '[{ device: gb200, nodes: 36, domainDevices: 72, pricePerDeviceHour: 6.5 }]'
  const text = `${HEAD}kind: Fleet\nmetadata: { name: racks }\nspec: { pools: ${pools}, tiers: [{ name: spine, nodes: 36, oversubscription: 1.5 }] }\n`
  expect(specOf(text)).toMatchObject({ pools: [{ nodes: 36 }], tiers: [{ oversubscription: 1.5 }] })
  expect(
    problemsOf(`${HEAD}kind: Fleet\nmetadata: { name: racks }\nspec: { pools: [{ device: h100, nodes: 0 }] }\n`),
  ).toEqual(['f:4:40 spec.pools[0].nodes is 0, but it must be at least 1. Write 1 or more.'])
})

test('a server and a training job in shorthand become the stored form; variables stay as they are typed', () => {
  expect(
    specOf(
      server(`  run: { command: [node, server.js], port: 8080 }
  replicas: { min: 1, max: 10, targetCpu: 60% }
  config: { LOG_LEVEL: info, VERSION: 1.10, DEBUG: true, OCTAL: 0644 }
`),
    ),
  ).toEqual({
    run: { command: ['node', 'server.js'], port: 8080 },
    replicas: { min: 1, max: 10, targetCpu: 60 },
    config: { LOG_LEVEL: 'info', VERSION: '1.10', DEBUG: 'true', OCTAL: '0644' },
  })
  expect(specOf(server('  run: { command: [a], port: 1 }\n  replicas: 3\n'))).toMatchObject({
    replicas: { min: 3, max: 3 },
  })
  expect(specOf(training('  parallelism: auto\n  framework: { command: [a] }\n  env: { A: 1 }\n'))).toEqual({
    parallelism: {},
    framework: { command: ['a'] },
    env: { A: '1' },
  })
})

test('the stored form is a form that may be written', () => {
  const [stored] = documents(batch(GOOD))
  expect(documents(JSON.stringify(stored))).toEqual([stored])
})

test('plain Kubernetes objects stand among declarations, and a List stands for its items', () => {
  const text = `${batch(GOOD)}---\napiVersion: v1\nkind: ConfigMap\nmetadata: { name: c }\ndata: { a: b }\n---\n# nothing\n---
apiVersion: v1\nkind: List\nitems:\n- { apiVersion: v1, kind: Secret, metadata: { generateName: s- } }\n- { apiVersion: x/v1, kind: Y, metadata: { name: y }, free: [1] }\n`
  expect(documents(text).map(d => (d as { kind: string }).kind)).toEqual(['BatchJob', 'ConfigMap', 'Secret', 'Y'])
  expect(documents(text)[1]).toEqual({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c' }, data: { a: 'b' } })
})

test('what kubectl get -o yaml prints can be applied again: status and the fields of the server are let through', () => {
  const text = `${HEAD}kind: BatchJob
metadata: { name: j, uid: u, resourceVersion: "7", generation: 1, creationTimestamp: "2026-01-01T00:00:00Z", managedFields: [] }
spec:
${GOOD}status: { phase: Running }
`
  expect(documents(text)[0]).not.toHaveProperty('status')
})

test('anchors, aliases and merge keys are followed, and problems point to where the value was written', () => {
  const text = `x-base: &base { command: [a], port: 0 }
---
apiVersion: solvent.dev/v1alpha1
kind: Server
metadata: &meta
  name: one
spec:
  run: &run
    command: &command [node, server.js]
    port: 0
  replicas: { min: 2, <<: { max: 1 } }
  config: { <<: [{ A: a }, { A: b, B: b }], B: c }
`
  expect(problemsOf(text)).toEqual([
    'f:1:1 apiVersion is missing. Add apiVersion: and the version of the kind',
    'f:1:1 kind is missing. Add kind: BatchJob',
    'f:10:11 spec.run.port is 0, but it must be between 1 and 65535. Write a number from 1 to 65535.',
    'f:11:20 spec.replicas.min is 2, but max is 1. Write 1 or less, or a larger max.',
  ])
  const merged = `${HEAD}kind: Server
metadata: { name: one, labels: &labels { a: b }, annotations: *labels }
spec: { run: { command: [a], port: 1 }, config: { <<: [{ A: a }, { A: b, B: b }], B: c } }
`
  expect(documents(merged)[0]).toMatchObject({
    metadata: { annotations: { a: 'b' } },
    spec: { config: { A: 'a', B: 'c' } },
  })
})

test.each<[string, string, string[]]>([
  [
    'an empty file',
    '',
    ['f:1:1 Nothing is declared here. Write a declaration, or start from the one that solvent init makes.'],
  ],
  [
    'a list',
    '- 1\n',
    [
      'f:1:1 The document is [1], but a declaration is a map of fields. Begin with apiVersion: solvent.dev/v1alpha1 and kind: BatchJob, TrainingJob, Server or Fleet.',
    ],
  ],
  [
    'a key that is there twice',
    `${batch(GOOD)}  reduce: count\n`,
    ['f:9:3 The key reduce is there twice, but only one of the two values can count. Keep one of them.'],
  ],
  ['a tab', 'a:\n\t- b\n', ['f:2:1 This is not YAML, but tabs are not allowed as indentation. Indent with spaces.']],
  [
    'an open bracket',
    'a: [1, 2\nb: 3\n',
    [
      'f:2:1 This is not YAML, but flow sequence in block collection must be sufficiently indented and end with a ]. Indent it like its neighbours, and close every bracket.',
    ],
  ],
  [
    'two colons',
    'a: b: c\n',
    [
      'f:1:4 This is not YAML, but nested mappings are not allowed in compact mappings. Put the value in quotes if its colon belongs to it, or the second key on a line of its own.',
    ],
  ],
  ['an open quote', '"abc\n', ['f:2:1 This is not YAML, but missing closing " quote. Add what is missing.']],
  [
    'an alias without anchor',
    'a: *nope\n',
    [
      'f:1:4 *nope names a value, but no anchor of that name stands above it. Write the value here, or put &nope in front of the value that is meant.',
    ],
  ],
  [
    'an alias inside its own anchor',
    'a: &a [*a]\n',
    ['f:1:8 *a names a value, but it stands inside the value that it names. Write the value here.'],
  ],
  ['a merge of no map', 'a: { <<: 1 }\n', ['f:1:10 << is given no map, but only a map can be merged. Remove it.']],
  [
    'a map as a key',
    '? { a: b }\n: c\n',
    ['f:1:3 A key is a list or a map, but a field has a name. Write a word as the key.'],
  ],
  [
    'a kind that is nearly ours',
    `${HEAD}kind: BatchJbo\nmetadata: { name: j }\n`,
    [
      'f:2:7 kind is "BatchJbo", but solvent.dev/v1alpha1 has the kinds BatchJob, TrainingJob, Server, Fleet. Did you mean "BatchJob"?',
    ],
  ],
  [
    'a kind that is nothing like ours',
    `${HEAD}kind: Zzz\nmetadata: { name: j }\n`,
    [
      'f:2:7 kind is "Zzz", but solvent.dev/v1alpha1 has the kinds BatchJob, TrainingJob, Server, Fleet. Write BatchJob, TrainingJob, Server or Fleet.',
    ],
  ],
  [
    'a kind of the future',
    `${HEAD}kind: SparkJob\nmetadata: { name: j }\n`,
    ['f:2:7 kind is "SparkJob", but this version has no such kind yet. Leave the document out.'],
  ],
  [
    'another version of ours',
    'apiVersion: solvent.dev/v1\nkind: Server\nmetadata: { name: j }\n',
    [
      'f:1:13 apiVersion is "solvent.dev/v1", but this version reads solvent.dev/v1alpha1. Write apiVersion: solvent.dev/v1alpha1',
    ],
  ],
  [
    'a group that is nearly ours',
    'apiVersion: solvent.de/v1alpha1\nkind: Server\nmetadata: { name: j }\n',
    [
      'f:1:13 apiVersion is "solvent.de/v1alpha1", but this version reads solvent.dev/v1alpha1. Write apiVersion: solvent.dev/v1alpha1',
    ],
  ],
  [
    'no version at one of our kinds',
    'kind: Server\nmetadata: { name: j }\n',
    ['f:1:1 apiVersion is missing. Add apiVersion: solvent.dev/v1alpha1'],
  ],
  [
    'numbers where words belong',
    'apiVersion: 1\nkind: 2\n',
    [
      'f:1:13 apiVersion is 1, but it must be text. Write apiVersion: solvent.dev/v1alpha1',
      'f:2:7 kind is 2, but it must be text. Write "BatchJob", "TrainingJob", "Server" or "Fleet".',
    ],
  ],
  ['an object without a name', 'apiVersion: v1\nkind: Pod\n', ['f:1:1 metadata.name is missing. Add name: my-name']],
  [
    'two declarations of one name',
    `${batch(GOOD)}---\n${server('  run: { command: [a], port: 1 }\n')}`,
    [
      'f:12:19 metadata.name is "j", but the BatchJob of line 3 has that name, and each makes a Service of its name. Write another name, such as j-server',
    ],
  ],
])('%s is told', (_, text, expected) => expect(problemsOf(text)).toEqual(expected))

test.each<[string, string, string[]]>([
  [
    'nothing under spec',
    `${HEAD}kind: BatchJob\nmetadata: { name: j }\nspec: {}\n`,
    [
      'f:4:1 spec.input is missing. Add input: { text: "data/*.txt" }',
      "f:4:1 spec.map is missing. Add map: { split: '\\s+' }",
      'f:4:1 spec.reduce is missing. Add reduce: sum',
      'f:4:1 spec.output is missing. Add output: { parquet: "out/" }',
    ],
  ],
  [
    'no spec and no name',
    `${HEAD}kind: Server\nmetadata: {}\n`,
    [
      'f:1:1 spec is missing. Add spec: { run: { command: [node, server.js], port: 8080 } }',
      'f:3:1 metadata.name is missing. Add name: my-job',
    ],
  ],
  [
    'misspelt fields, each told once',
    batch(`  inptu: { text: a.txt }
  map: { splti: ',' }
  recude: sum
  output: { csv: out/ }
  nonsense: 1
`),
    [
      'f:5:3 spec.inptu is no field that is known. Did you mean "input"?',
      'f:6:10 spec.map.splti is no field that is known. Did you mean "split"?',
      'f:7:3 spec.recude is no field that is known. Did you mean "reduce"?',
      'f:9:3 spec.nonsense is no field that is known. Remove it; spec has input, map, reduce, output, workers, strategy, code, image, resources or ttlSecondsAfterFinished.',
    ],
  ],
  [
    'wrong types, with what was meant',
    batch(`  input: a.txt
  map: ','
  reduce: { by: summ }
  output: out
  workers: { min: "2", max: many }
  strategy: { combine: "yes", partitions: 0, aggregate: tree, splitBytes: 12 }
  image: 7
  resources: { cpu: two, memory: 400 MB }
`),
    [
      'f:5:10 spec.input is "a.txt", but it must be a map of fields. Write input: { text: "a.txt" }',
      'f:6:8 spec.map is ",", but it must be a map of fields. Write map: { split: \',\' }',
      'f:7:17 spec.reduce.by is "summ", but it must be sum, count, min, max, avg or topK. Did you mean "sum"?',
      'f:8:11 spec.output is "out", but it must be a map of fields. Write output: { parquet: "out" }',
      'f:9:19 spec.workers.min is "2", but it must be a whole number. Write 2 without quotes.',
      'f:9:29 spec.workers.max is "many", but it must be a whole number. Write a whole number, such as 1.',
      'f:10:24 spec.strategy.combine is "yes", but it must be true or false. Write true or false, without quotes.',
      'f:10:43 spec.strategy.partitions is 0, but it must be between 1 and 4096. Write a number from 1 to 4096.',
      'f:10:57 spec.strategy.aggregate is "tree", but it must be hash or sort. Write hash or sort.',
      'f:10:75 spec.strategy.splitBytes is 12, but it must be at least 1024. Write 1024 or more.',
      'f:11:10 spec.image is 7, but it must be text. Write "7" in quotes.',
      'f:12:21 spec.resources.cpu is "two", but it is no quantity. Write a number and a unit, such as 2, 500m, 400Mi or 2Gi.',
      'f:12:34 spec.resources.memory is "400 MB", but it is no quantity. Write 400M.',
    ],
  ],
  [
    'commands as text',
    server('  run: { command: node server.js, port: http }\n  config: { A: { b: c }, B: }\n'),
    [
      'f:5:19 spec.run.command is "node server.js", but a command is a list, since no shell takes it apart. Write command: [node, server.js]',
      'f:5:41 spec.run.port is "http", but it must be a whole number. Write port: 8080',
      'f:6:16 spec.config.A is { b: c }, but it must be text. Write "" with the text between the quotes.',
      'f:6:29 spec.config.B is null, but it must be text. Write "" with the text between the quotes.',
    ],
  ],
  [
    'a command that only a shell understands',
    training('  parallelism: { data: 2 }\n  framework: { command: "python3 train.py | tee log" }\n'),
    [
      'f:6:25 spec.framework.command is "python3 train.py | tee log", but a command is a list, since no shell takes it apart. Write command: [sh, "-c", "python3 train.py | tee log"]',
    ],
  ],
  [
    'empty values',
    batch(`  input: { text: [] }
  map: { split: "" }
  reduce: sum
  output: { csv: "" }
`),
    [
      'f:5:18 spec.input.text is [], but it must not be empty. Write at least one item.',
      'f:6:17 spec.map.split is "", but it must not be empty. Write a value.',
      'f:8:18 spec.output.csv is "", but it must not be empty. Write a value.',
    ],
  ],
  [
    'wrong shorthand, told once at what was typed',
    batch(`  input: { text: a }
  map: { split: ',' }
  reduce: summ
  output: { csv: out }
  workers: 0
  strategy: { splitBytes: 64MB }
`),
    [
      'f:7:11 spec.reduce.by is "summ", but it must be sum, count, min, max, avg or topK. Did you mean "sum"?',
      'f:9:12 spec.workers.min is 0, but it must be at least 1. Write 1 or more.',
      'f:10:27 spec.strategy.splitBytes is "64MB", but it must be a whole number. Write splitBytes: 64M',
    ],
  ],
  [
    'fields of the future',
    training(
      '  model: { huggingface: ./config.json }\n  parallelism: auto\n  framework: { torch: { script: train.py }, command: [a] }\n',
    ),
    [
      'f:4:1 spec.data is missing, but the strategy for a model depends on what a step reads. Add data: { sequenceLength: 4096, globalBatch: 256 }',
      'f:7:16 spec.framework.torch cannot be used yet. Write command: [torchrun, train.py] or the program itself.',
    ],
  ],
  [
    'an unknown field of metadata',
    `${HEAD}kind: Server\nmetadata: { name: j, lables: {} }\nspec: { run: { command: [a], port: 1 } }\n`,
    ['f:3:22 metadata.lables is no field that is known. Did you mean "labels"?'],
  ],
])('%s: every problem at once, with its place, value, reason and fix', (_, text, expected) => {
  expect(problemsOf(text)).toEqual(expected)
})

test('an alias bomb is refused', () => {
  const levels = Array.from({ length: 9 }, (_, i) => `l${i + 1}: &l${i + 1} [${Array(10).fill(`*l${i}`).join(', ')}]`)
  const what =
    /^f:\d+:\d+ \*l\d repeats too much, but aliases of one file may stand for 100000 values at most\. Write the values out, or spread them over several files\.$/
  expect(problemsOf(`l0: &l0 [x]\n${levels.join('\n')}\n`)).toEqual([expect.stringMatching(what)])
})

test('a key called __proto__ is an ordinary key', () => {
  expect(problemsOf(`${batch(GOOD)}  __proto__: { a: 1 }\n`)[0]).toContain('spec.__proto__ is no field that is known')
})

test('no text makes it throw, and every problem has a place inside the text', () => {
  const piece = fc.constantFrom(
    'apiVersion: ',
    'solvent.dev/v1alpha1',
    'kind: ',
    'Server',
    '\n',
    '  ',
    '{',
    '}',
    '[',
    ']',
    ': ',
    '- ',
    '&a ',
    '*a',
    '<<: ',
    '"',
    "'",
    '|',
    '# ',
    '---\n',
    'x',
    '\t',
    '1',
    'é',
    '!!map ',
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), pieces => {
      const text = pieces.join('')
      const parsed = parseSpec(text, { file: 'f' })
      const lines = text.split('\n')
      for (const { place } of parsed.ok ? [] : parsed.problems) {
        expect(place!.line).toBeLessThanOrEqual(lines.length)
        expect(place!.column).toBeLessThanOrEqual((lines[place!.line - 1] ?? '').length + 1)
      }
    }),
    { numRuns: 2000 },
  )
})
