/** The schemas: structural, described, and saying the same to the API server, to editors and to the parser. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { builtInSchema } from '../kube/built-in-schema.ts'
import type { StructuralSchema } from '../kube/schema.ts'
import { TEXT_RULES } from '../kube/schema-format.ts'
import { formatFieldPath } from '../kube/schema-path.ts'
import { pruneUnknown } from '../kube/schema-prune.ts'
import { validateSchema } from '../kube/schema-validate.ts'
import { checkDeclaration } from './check/check-declaration.ts'
import { EXAMPLE_FIELDS, exampleOf } from './check/examples.ts'
import { CRDS } from './crds.ts'
import { declarationJsonSchema } from './json-schema.ts'
import { parseSpec } from './parse/parse-spec.ts'
import { DECLARATION_KINDS, declarationInfo } from './schema/kinds-table.ts'
import { normalise } from './shorthand/normalise.ts'
import { SHORTHANDS } from './shorthand/shorthand.ts'

/** Every schema below, with its path. */
function* walk(schema: StructuralSchema, path = ''): Generator<readonly [string, StructuralSchema]> {
  yield [path, schema]
  if (schema.items) yield* walk(schema.items, `${path}[]`)
  if (typeof schema.additionalProperties === 'object') yield* walk(schema.additionalProperties, `${path}.*`)
  for (const [name, field] of Object.entries(schema.properties ?? {})) yield* walk(field, `${path}.${name}`)
}

test.each(DECLARATION_KINDS)('$kind: every field has one type, and a description in whole sentences', ({ schema }) => {
  for (const [path, { type, description }] of walk(schema)) {
    expect(type, path).toBeDefined()
    if (!path.endsWith('.*')) expect(description, path).toMatch(/^[A-Z(].*\.$/)
  }
})

test('the definitions name what kubectl shows: short names, categories, columns, the status subresource', () => {
  expect(
    CRDS.map(({ metadata, spec }) => ({
      name: metadata.name,
      short: spec.names.shortNames,
      categories: spec.names.categories,
      columns: spec.versions[0]!.additionalPrinterColumns?.map(column => column.name),
      subresources: spec.versions[0]!.subresources,
    })),
  ).toEqual([
    {
      name: 'batchjobs.solvent.dev',
      short: ['bj'],
      categories: ['solvent', 'all'],
      columns: ['Phase', 'Plan', 'Output', 'Age'],
      subresources: { status: {} },
    },
    {
      name: 'trainingjobs.solvent.dev',
      short: ['tj'],
      categories: ['solvent', 'all'],
      columns: ['Phase', 'Ranks', 'Attempt', 'Plan', 'Age'],
      subresources: { status: {} },
    },
    {
      name: 'servers.solvent.dev',
      short: ['srv'],
      categories: ['solvent', 'all'],
      columns: ['Phase', 'Ready', 'Rate', 'CPU', 'Memory', 'URL', 'Age'],
      subresources: { status: {} },
    },
    {
      name: 'fleets.solvent.dev',
      short: ['fl'],
      categories: ['solvent', 'all'],
      columns: ['Preset', 'Age'],
      subresources: undefined,
    },
  ])
})

test('every field of the types is a field of the schema, so that nothing is pruned', () => {
  const types = ['kinds.ts', 'server.ts', 'training-job.ts', 'fleet.ts']
    .map(file => readFileSync(join(import.meta.dirname, file), 'utf8'))
    .join('\n')
  const fieldsOf = (name: string): string[] => {
    const [, body = ''] = new RegExp(`interface ${name} {\\n([\\s\\S]*?)\\n}`).exec(types) ?? []
    return [...body.matchAll(/readonly (\w+)\??:/g)].map(([, field]) => field!)
  }
  for (const { kind, schema } of DECLARATION_KINDS) {
    for (const [part, type] of [
      ['spec', `${kind}Spec`],
      ['status', `${kind}Status`],
    ] as const) {
      const ofPart = schema.properties![part]
      if (!ofPart) continue
      const known = [...walk(ofPart)].map(([path]) => path.split('.').at(-1)!.replace('[]', ''))
      expect(fieldsOf(type).length, type).toBeGreaterThan(2)
      expect(
        fieldsOf(type).filter(field => !known.includes(field)),
        type,
      ).toEqual([])
    }
  }
})

test('the definitions have only fields that Kubernetes knows, with their types', () => {
  const schema = builtInSchema('apiextensions.k8s.io/v1', 'CustomResourceDefinition')!
  for (const crd of CRDS) {
    expect(pruneUnknown(schema, crd).unknown.map(formatFieldPath)).toEqual([])
    expect(validateSchema(schema, crd, TEXT_RULES)).toEqual([])
  }
})

test('a column points to a field that the schema has', () => {
  for (const { kind, schema, columns } of DECLARATION_KINDS) {
    const paths = new Set([...walk(schema)].map(([path]) => path))
    for (const { jsonPath } of columns) {
      if (!jsonPath.startsWith('.metadata')) expect(paths, `${kind} ${jsonPath}`).toContain(jsonPath)
    }
  }
})

test('the JSON Schema for editors offers the stored form and every shorthand, and nothing unknown', async () => {
  await expect(`${JSON.stringify(declarationJsonSchema(), undefined, 2)}\n`).toMatchFileSnapshot(
    'testdata/declaration.schema.json',
  )
})

const SHORT: Readonly<Record<string, readonly [written: unknown, stored: unknown]>> = {
  'spec.input.text': ['a', ['a']],
  'spec.input.jsonl': ['a', ['a']],
  'spec.input.parquet': ['a', ['a']],
  'spec.reduce': ['sum', { by: 'sum' }],
  'spec.workers': [2, { min: 2, max: 2 }],
  'spec.replicas': [2, { min: 2, max: 2 }],
  'spec.disruption': ['25%', { maxUnavailable: '25%' }],
  'spec.disruption.maxUnavailable': [2, '2'],
  'spec.rollout': ['canary', { canary: {} }],
  'spec.rollout.maxSurge': [1, '1'],
  'spec.rollout.maxUnavailable': [0, '0'],
  'spec.probes.startup': ['grpc', { grpc: '' }],
  'spec.probes.readiness': ['/ready', { path: '/ready' }],
  'spec.probes.liveness': ['none', { none: true }],
  'spec.spread': ['node', { over: ['node'] }],
  'spec.ingress': ['api.example.com', { host: 'api.example.com' }],
  'spec.resources': ['auto', { auto: true }],
  'spec.strategy.splitBytes': ['64Mi', 67108864],
  'spec.resources.cpu': [0.5, '0.5'],
  'spec.resources.memory': [1e9, '1000000000'],
  'spec.parallelism': ['auto', {}],
  'spec.model.huggingface': [{ model_type: 'llama' }, { config: { model_type: 'llama' } }],
  'spec.fleet': ['h100x64', { preset: 'h100x64' }],
  'spec.data.tokens': ['15T', 15e12],
  'spec.precision': ['bf16', ['bf16']],
  'spec.allow': ['tokenDropping', ['tokenDropping']],
  'spec.optimizer': ['adam', { name: 'adam' }],
  'spec.software': ['megatron', { family: 'megatron' }],
  'spec.recompute': ['full', { kind: 'full' }],
  'spec.replicas.targetCpu': ['60%', 60],
  'spec.env.*': [true, 'true'],
  'spec.config.*': [1, '1'],
}

test('every shorthand of the table becomes the stored form, and what is none stays', () => {
  for (const { kinds, at } of SHORTHANDS) {
    const [written, stored] = SHORT[at.join('.')]!
    const nest = (value: unknown): unknown =>
      [...at].reverse().reduce((inner, step) => ({ [step === '*' ? 'A' : step]: inner }), value)
    for (const kind of kinds) {
      expect(normalise(kind, nest(written))).toEqual(nest(stored))
      const other = nest(null)
      expect(normalise(kind, other)).toBe(other)
    }
  }
  expect(normalise('BatchJob', { spec: { reduce: { topK: 3 } } })).toEqual({ spec: { reduce: { by: 'topK', k: 3 } } })
})

test('what a problem says to type is right when it is typed', () => {
  const whole: Readonly<Record<string, string>> = {
    BatchJob: exampleOf('BatchJob', ['spec'])!,
    TrainingJob: exampleOf('TrainingJob', ['spec'])!,
    Server: exampleOf('Server', ['spec'])!,
    Fleet: exampleOf('Fleet', ['spec'])!,
  }
  for (const [kind, spec] of Object.entries(whole)) {
    const text = `apiVersion: solvent.dev/v1alpha1\nkind: ${kind}\n${exampleOf(kind, ['metadata'])}\n${spec}\n`
    expect(parseSpec(text, { file: 'f' }), text).toMatchObject({ ok: true })
  }
  for (const field of EXAMPLE_FIELDS) {
    const [owner = '', path = ''] = field.split(' ')
    const kind = owner === '*' ? 'BatchJob' : owner
    const [example, ...steps] = [exampleOf(kind, path.split('.'))!, ...path.split('.').slice(0, -1).reverse()]
    const text = steps.reduce((inner, step) => `${step}: { ${inner} }`, example)
    const parsed = parseSpec(`apiVersion: solvent.dev/v1alpha1\nkind: ${kind}\n${text}\n`, { file: 'f' })
    const ofField = parsed.ok ? [] : parsed.problems.filter(problem => `${problem.field}.`.startsWith(`${path}.`))
    expect(ofField, text).toEqual([])
  }
})

test('a declaration that came through the API is checked in the same words', () => {
  const stored = {
    apiVersion: 'solvent.dev/v1alpha1',
    kind: 'Server',
    metadata: { name: 'j' },
    spec: { run: { command: [], port: 1 } },
  }
  expect(checkDeclaration(declarationInfo('Server')!, stored)).toEqual([
    {
      field: 'spec.run.command',
      what: 'is []',
      why: 'it must not be empty',
      fix: 'Write at least one item.',
      part: 'value',
    },
  ])
})
