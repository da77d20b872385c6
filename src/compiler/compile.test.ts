/**
 * Golden files: testdata/<case>.in.yaml beside <case>.out.yaml. `npx vitest run src/compiler -u` writes them anew; read the diff. Comments
 * at the top of a case say for which cluster and attempt it is compiled. Gzipped plans are shown unpacked.
 */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { parse, stringify } from 'yaml'
import { formatProblem, type Result } from '../base/problem.ts'
import { builtInSchema } from '../kube/built-in-schema.ts'
import type { ConfigMap, PodSpec } from '../kube/core.ts'
import { PLAN_KEY } from '../kube/names.ts'
import type { KubeObject } from '../kube/object.ts'
import { TEXT_RULES } from '../kube/schema-format.ts'
import { formatFieldPath } from '../kube/schema-path.ts'
import { pruneUnknown } from '../kube/schema-prune.ts'
import { causeMessage, validateSchema } from '../kube/schema-validate.ts'
import type { Job } from '../kube/workloads.ts'
import type { InputFile } from '../planner/batch/plan.ts'
import { planBatch } from '../planner/batch/plan-batch.ts'
import { planTraining } from '../planner/training/plan-training.ts'
import type { BatchJob, Runnable, TrainingJob } from '../spec/kinds.ts'
import { parseSpec } from '../spec/parse/parse-spec.ts'
import { resolvePaths } from '../spec/resolve/resolve.ts'
import { type Capabilities, EMBEDDED } from './capabilities.ts'
import { type CompileExtras, compile } from './compile.ts'
import { LAUNCHER } from './launcher.ts'
import { portOf } from './port-of.ts'
import { workerJob, workersFor } from './targets/batch.ts'

const TESTDATA = join(import.meta.dirname, 'testdata')
const CASES = readdirSync(TESTDATA)
  .filter(name => name.endsWith('.in.yaml'))
  .map(name => name.replace('.in.yaml', ''))
  .sort()
const CAPACITY = { slots: 2, workerMemoryBytes: 400 * 1024 ** 2 }

interface Case {
  readonly declarations: readonly Runnable[]
  readonly capabilities: Capabilities
  readonly extras: CompileExtras
}

function readCase(name: string): Case {
  const text = readFileSync(join(TESTDATA, `${name}.in.yaml`), 'utf8')
  const { capabilities = EMBEDDED, ...extras } = parse(
    [...text.matchAll(/^# (\w+: .*)$/gm)].map(([, line]) => line).join('\n') || '{}',
  ) as CompileExtras & { readonly capabilities?: Capabilities }
  const declarations = must(parseSpec(text, { file: `${name}.in.yaml` })).flatMap(document =>
    document.kind === 'declaration' && document.declaration.kind !== 'Fleet'
      ? [resolvePaths(document.declaration, '/home/me')]
      : [],
  )
  return { declarations, capabilities, extras }
}

function must<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(result.problems.map(formatProblem).join('\n'))
  return result.value
}

/** One file of 100 MiB for each pattern. */
const filesOf = ({ spec }: BatchJob): readonly InputFile[] =>
  Object.values(spec.input)
    .flat()
    .map(pattern => ({ uri: pattern.replace('*', 'one'), bytes: 100 * 1024 ** 2, splittable: true }))

function compiled(declaration: Runnable, { capabilities, extras }: Case): Result<readonly KubeObject[]> {
  switch (declaration.kind) {
    case 'BatchJob':
      return compile(declaration, must(planBatch(declaration, filesOf(declaration), CAPACITY)), capabilities, extras)
    case 'TrainingJob':
      return compile(declaration, must(planTraining(declaration)), capabilities, extras)
    case 'Server':
      return compile(declaration, undefined, capabilities, extras)
  }
}

test.each(CASES)('%s', async name => {
  const theCase = readCase(name)
  const shown = theCase.declarations.map(declaration => {
    const result = compiled(declaration, theCase)
    if (!result.ok) return `# ${result.problems.map(formatProblem).join('\n# ')}\n`
    return result.value
      .map(object => stringify(readable(object), { aliasDuplicateObjects: false, lineWidth: 0 }))
      .join('---\n')
  })
  await expect(shown.join('---\n')).toMatchFileSnapshot(join(TESTDATA, `${name}.out.yaml`))
})

/** Plans unpacked, the launcher (which has a test of its own) left out. */
function readable(object: KubeObject): unknown {
  const { binaryData, data } = object as ConfigMap
  const plan = binaryData?.[PLAN_KEY]
  if (plan) return { ...object, binaryData: { [PLAN_KEY]: { unpacked: unpack(plan) } } }
  return data?.['launcher.sh'] ? { ...object, data: { ...data, 'launcher.sh': '<launcher>' } } : object
}

const unpack = (base64: string): unknown => JSON.parse(gunzipSync(Buffer.from(base64, 'base64')).toString())

const objectsOf = (name: string): readonly KubeObject[] => {
  const theCase = readCase(name)
  return theCase.declarations.flatMap(declaration => must(compiled(declaration, theCase)))
}

const WORKING = CASES.filter(name => !name.startsWith('no-'))
/** Kinds of others, which bring their own schemas. */
const OF_OTHERS = /^(http\.keda\.sh|autoscaling\.k8s\.io|serving\.knative\.dev)\//

test.each(WORKING)('%s: every object has only fields that Kubernetes knows, with their types', name => {
  for (const object of objectsOf(name).filter(({ apiVersion }) => !OF_OTHERS.test(apiVersion))) {
    const schema = builtInSchema(object.apiVersion, object.kind)
    const what = `${object.kind} ${object.metadata.name}`
    expect(schema, what).toBeDefined()
    expect(pruneUnknown(schema!, object).unknown.map(formatFieldPath), what).toEqual([])
    expect(
      validateSchema(schema!, object, TEXT_RULES).map(v => `${formatFieldPath(v.path)}: ${causeMessage(v)}`),
      what,
    ).toEqual([])
  }
})

const ORDER = [
  'ServiceAccount',
  'Role',
  'RoleBinding',
  'ConfigMap',
  'Service',
  'Workload',
  'PodGroup',
  'Job',
  'Deployment',
  'HTTPScaledObject',
  'HorizontalPodAutoscaler',
  'VerticalPodAutoscaler',
  'PodDisruptionBudget',
  'Ingress',
  'DomainMapping',
]

test.each(WORKING)('%s: whatever an object refers to is there before it', name => {
  const places = objectsOf(name).map(object => ORDER.indexOf(object.kind))
  expect(places).toEqual([...places].sort((a, b) => a - b))
  expect(places).not.toContain(-1)
})

const podSpecsOf = (objects: readonly KubeObject[]): readonly PodSpec[] =>
  objects.flatMap(object =>
    'spec' in object && 'template' in (object as Job).spec ? [(object as Job).spec.template.spec] : [],
  )

test.each(WORKING)('%s: labels say whose it is, memory is limited to what is asked, mounts have volumes', name => {
  const theCase = readCase(name)
  const [declaration] = theCase.declarations
  const objects = objectsOf(name)
  for (const { metadata } of objects) {
    expect(metadata.labels).toMatchObject({
      'app.kubernetes.io/managed-by': 'solvent',
      'solvent.dev/kind': declaration!.kind.toLowerCase(),
      'solvent.dev/name': declaration!.metadata.name,
    })
    expect(metadata.ownerReferences?.map(owner => owner.kind)).toEqual(
      declaration!.metadata.uid === undefined ? undefined : [declaration!.kind],
    )
  }
  for (const { containers, volumes = [] } of podSpecsOf(objects)) {
    for (const { resources, volumeMounts = [], image } of containers) {
      expect(resources?.limits).toEqual({ memory: resources?.requests?.memory })
      expect(resources?.requests?.cpu).toBeDefined()
      expect(volumeMounts.map(mount => mount.name)).toEqual(volumes.map(volume => volume.name))
      if (!theCase.capabilities.embedded) expect(image).toBeDefined()
    }
  }
})

test('names of pods stay DNS labels for the longest name that is allowed', () => {
  const name = 'n'.repeat(40)
  const theCase = readCase('wordcount')
  for (const [from, change] of [
    ['wordcount', {}],
    ['ring', { attempt: 999 }],
  ] as const) {
    const [declaration] = readCase(from).declarations
    const named = { ...declaration!, metadata: { ...declaration!.metadata, name } } as Runnable
    for (const object of must(compiled(named, { ...theCase, extras: change }))) {
      const pods = object.kind === 'Job' ? '-9999-abcde' : ''
      expect(`${object.metadata.name}${pods}`.length).toBeLessThanOrEqual(63)
    }
  }
})

test('the worker Job for another number of workers differs in completions and parallelism only', () => {
  const [job] = readCase('wordcount').declarations as readonly BatchJob[]
  const plan = must(planBatch(job!, filesOf(job!), CAPACITY))
  const [two, three] = [workerJob(job!, plan, 2), workerJob(job!, plan, 3)]
  expect(three).toEqual({ ...two, spec: { ...two.spec, completions: 3, parallelism: 3 } })
  expect(workerJob(job!, plan, workersFor(plan, plan.strategy.numSplits))).toEqual(objectsOf('wordcount').at(-1))
})

test.each([
  [0, 1],
  [2, 2],
  [9, 4],
])('%d tasks deserve %d of 1 to 4 workers', (tasks, workers) => {
  const [job] = readCase('wordcount').declarations as readonly BatchJob[]
  const plan = must(
    planBatch({ ...job!, spec: { ...job!.spec, workers: { min: 1, max: 4 } } }, filesOf(job!), CAPACITY),
  )
  expect(workersFor(plan, tasks)).toBe(workers)
})

test('the next attempt of a gang is a new PodGroup and a new Job; plan and Workload stay', () => {
  const [job] = readCase('ring').declarations as readonly TrainingJob[]
  const plan = must(planTraining(job!))
  const [first, second] = [0, 1].map(attempt => must(compile(job!, plan, EMBEDDED, { attempt })))
  const nameOf = ({ kind, metadata }: KubeObject): string => `${kind}/${metadata.name}`
  expect(second!.map(nameOf).filter(name => !first!.map(nameOf).includes(name))).toEqual([
    'PodGroup/ring-1',
    'Job/ring-1',
  ])
  const stays = (object: KubeObject): boolean => object.kind === 'ConfigMap' || object.kind === 'Workload'
  expect(second!.filter(stays)).toEqual(first!.filter(stays))
})

test('another plan or configuration is another ConfigMap, and so another pod template', () => {
  const [server] = readCase('api').declarations
  const changed = { ...server!, spec: { ...server!.spec, config: { LOG_LEVEL: 'debug' } } } as Runnable
  const templateOf = (declaration: Runnable): unknown =>
    podSpecsOf(must(compiled(declaration, readCase('api'))))[0]!.containers[0]!.envFrom
  expect(templateOf(changed)).not.toEqual(templateOf(server!))
})

test('a list of files that no ConfigMap holds is told', () => {
  const [job] = readCase('split-on-a-cluster').declarations as readonly BatchJob[]
  // Names that gzip cannot shorten.
  const random = (i: number): string => [0, 1].map(j => createHash('sha512').update(`${i}.${j}`).digest('hex')).join('')
  const files = Array.from({ length: 10_000 }, (_, i) => ({
    uri: `file:///data/a.txt/${random(i)}`,
    bytes: 1,
    splittable: true,
  }))
  const wide = { ...job!, spec: { ...job!.spec, input: { text: ['file:///data/a.txt'] } } }
  const result = compile(wide, must(planBatch(wide, files, CAPACITY)), EMBEDDED)
  expect(result.ok ? [] : result.problems.map(formatProblem)).toEqual([
    expect.stringMatching(
      /^spec\.input\.text matches 10000 files, whose list takes [\d.]+ [KM]iB, but a ConfigMap holds 900 KiB of it\. Name fewer files, or larger ones that hold the same\.$/,
    ),
  ])
})

test('ports lie between 20000 and 29999 and are the same everywhere', () => {
  expect([portOf('default', 'wordcount'), portOf('team', 'wordcount')]).toEqual([
    portOf('default', 'wordcount'),
    portOf('team', 'wordcount'),
  ])
  for (let i = 0; i < 1000; i++) {
    const port = portOf('ns', `job-${i}`)
    expect(port >= 20000 && port < 30000).toBe(true)
  }
})

test('the launcher goes into the plan as it is', () => {
  const plan = objectsOf('ring').find(object => object.kind === 'ConfigMap') as ConfigMap
  expect(plan.data?.['launcher.sh']).toBe(LAUNCHER)
})
