import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ensurePki } from '../../apiserver/pki/pki.ts'
import { type ApiServer, createApiServer } from '../../apiserver/server.ts'
import { memoryStore } from '../../apiserver/store/open-store.ts'
import { writeKubeconfig } from '../../client/kubeconfig.ts'
import type { Pod } from '../../kube/core.ts'
import type { UnknownObject } from '../../kube/object.ts'
import { CRDS } from '../../spec/crds.ts'
import { main } from '../main.ts'
import { styleOf, type Terminal } from '../terminal.ts'

/** The commands against our API server over HTTPS. Nothing runs here: no controller, no node. */
let folder: string
let server: ApiServer
let api: ApiServer['api']

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'commands-'))
  const pki = ensurePki(join(folder, 'pki'))
  server = createApiServer({
    store: memoryStore(),
    pki,
    nodeApi: () => ({
      async *logs(pod, container, { tailLines, follow }) {
        yield Buffer.from(`${pod.metadata.name}/${container} tail=${tailLines} follow=${follow}\n`)
      },
    }),
  })
  api = server.api
  const { port } = await server.listen(['127.0.0.1'], 0)
  writeKubeconfig(join(folder, 'kubeconfig'), {
    server: `https://127.0.0.1:${port}`,
    ca: pki.ca,
    token: pki.adminToken,
  })
  await api.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'default' } })
  await api.create({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default', namespace: 'default' } })
  for (const definition of CRDS) await api.create(definition)
})
afterAll(async () => {
  await server.close()
  rmSync(folder, { recursive: true })
})

interface Outcome {
  readonly code: number
  readonly out: string
  readonly notes: string
}

async function solvent(...argv: string[]): Promise<Outcome> {
  const out: string[] = []
  const notes: string[] = []
  const plain = styleOf(false)
  const terminal: Terminal = {
    print: line => void out.push(`${line}\n`),
    write: async bytes => void out.push(Buffer.from(bytes).toString()),
    note: line => void notes.push(`${line}\n`),
    writeNote: text => void notes.push(text),
    live: false,
    columns: 80,
    style: plain,
    noteStyle: plain,
  }
  const code = await main([...argv, '--kubeconfig', join(folder, 'kubeconfig')], terminal)
  return { code, out: out.join(''), notes: notes.join('') }
}

const write = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}

const configMap = (name: string, value: string): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name}, labels: { test: ${name} } }\ndata: { key: ${value} }\n`

const createPod = (name: string, metadata: object = {}): Promise<UnknownObject> => {
  const pod: Pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', labels: { app: name }, ...metadata },
    spec: { containers: [{ name: 'main', command: ['true'] }] },
  }
  return api.create(pod)
}

test('apply says what became of each object; diff, what would', async () => {
  const file = write('map.yaml', `${configMap('one', 'a')}---\n${configMap('two', 'b')}`)
  expect((await solvent('apply', '-f', file)).out).toBe('configmap/one created\nconfigmap/two created\n')
  expect((await solvent('apply', '-f', file)).out).toBe('configmap/one unchanged\nconfigmap/two unchanged\n')
  expect(await solvent('diff', '-f', file)).toEqual({ code: 0, out: '', notes: '' })

  write('map.yaml', configMap('one', 'c'))
  const { code, out } = await solvent('diff', '-f', file)
  expect(code).toBe(1)
  expect(out).toContain('-  key: a\n+  key: c\n')
  expect((await solvent('apply', '-f', file, '--dry-run=server')).out).toBe(
    'configmap/one configured (server dry run)\n',
  )
  expect((await solvent('apply', '-f', file, '--dry-run=client')).out).toBe('configmap/one created (client dry run)\n')
  expect((await solvent('apply', '-f', file)).out).toBe('configmap/one configured\n')
  expect((await solvent('apply', '-f', file, '-o', 'name')).out).toBe('configmap/one\n')
})

test('a Fleet goes before the job that names it, wherever it stands in the file', async () => {
  const head = 'apiVersion: solvent.dev/v1alpha1'
  const model = '{ layers: 2, hidden: 64, heads: 4, vocab: 100 }'
  const job = `${head}\nkind: TrainingJob\nmetadata: { name: small }\nspec: { model: ${model}, data: { sequenceLength: 64, globalBatch: 8 }, fleet: ours, parallelism: auto, framework: { command: [train] } }\n`
  const fleet = `${head}\nkind: Fleet\nmetadata: { name: ours }\nspec: { pools: [{ device: h100, nodes: 1 }] }\n`
  const file = write('job.yaml', `${job}---\n${fleet}`)
  const { out, notes, code } = await solvent('apply', '-f', file)
  expect({ out, notes, code }).toEqual({
    out: 'fleet.solvent.dev/ours created\ntrainingjob.solvent.dev/small created\n',
    notes: '',
    code: 0,
  })
})

test('a field of another manager is refused with the way out', async () => {
  const object = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'owned', namespace: 'default' },
    data: { key: 'theirs' },
  }
  await api.apply(object, { fieldManager: 'other' })
  const file = write('owned.yaml', configMap('owned', 'ours'))
  const refused = await solvent('apply', '-f', file)
  expect([refused.code, refused.notes]).toEqual([1, expect.stringMatching(/conflict[\s\S]*--force-conflicts/)])
  expect((await solvent('apply', '-f', file, '--force-conflicts')).code).toBe(0)
})

test('get prints tables, objects, names and paths', async () => {
  await solvent('apply', '-f', write('get.yaml', configMap('shown', 'v')))
  expect((await solvent('get', 'cm', '-l', 'test=shown')).out).toMatch(/^NAME +DATA +AGE\nshown +1 +\d+s\n$/)
  expect((await solvent('get', 'configmaps', 'shown', '-o', 'name')).out).toBe('configmap/shown\n')
  expect((await solvent('get', 'cm/shown', '-o', 'jsonpath={.data.key}')).out).toBe('v')
  expect(JSON.parse((await solvent('get', 'cm', '-l', 'test=shown', '-o', 'json')).out)).toMatchObject({
    kind: 'List',
    items: [{ apiVersion: 'v1', kind: 'ConfigMap', data: { key: 'v' } }],
  })
  expect((await solvent('get', 'cm/shown', '-o', 'yaml')).out).toMatch(/^apiVersion: v1\n[\s\S]*data:\n {2}key: v\n/)
  expect((await solvent('get', 'cm/shown', '-o', 'yaml')).out).not.toContain('managedFields')
  const both = await solvent('get', 'cm,sa', '-A', '--no-headers')
  expect(both.out).toMatch(/^default +configmap\/[\s\S]*\n\ndefault +serviceaccount\/default/m)
})

test('what is not there, and types that nobody knows, are told', async () => {
  expect(await solvent('get', 'cm', 'nope')).toEqual({
    code: 1,
    out: '',
    notes: 'error: configmaps "nope" not found\n',
  })
  const some = await solvent('get', 'cm/shown', 'cm/nope')
  expect(some).toEqual({
    code: 1,
    out: expect.stringMatching(/^NAME +DATA +AGE\nshown /),
    notes: 'error: configmaps "nope" not found\n',
  })
  expect((await solvent('get', 'cm', 'nope', '--ignore-not-found')).code).toBe(0)
  expect((await solvent('get', 'batchjbos')).notes).toBe(
    'error: the server has no resource type "batchjbos". Did you mean "batchjobs"?\n',
  )
  expect(await solvent('get', 'batchjobs')).toEqual({
    code: 0,
    out: '',
    notes: 'No resources found in default namespace.\n',
  })
})

test('explain says what a field is, of built-in kinds and of custom ones', async () => {
  const { out } = await solvent('explain', 'deployment.spec.strategy')
  expect(out).toMatch(/^GROUP: {6}apps\nKIND: {7}Deployment\nVERSION: {4}v1\n\nFIELD: strategy <DeploymentStrategy>\n/)
  expect(out).toContain('  type\t<string>\n  enum: Recreate, RollingUpdate\n')
  expect((await solvent('explain', 'pod.spec.containers.ports')).out).toContain('containerPort\t<integer> -required-')
  expect((await solvent('explain', 'batchjob.spec', '--recursive')).out).toContain('  reduce\t')
  const wrong = await solvent('explain', 'job.spec.paralelism')
  expect([wrong.code, wrong.notes]).toEqual([1, expect.stringContaining('Did you mean "parallelism"?')])
})

test('describe tells of a pod that it is waiting, and its events', async () => {
  const pod = await createPod('described')
  await api.create({
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: 'e1', namespace: 'default' },
    involvedObject: { kind: 'Pod', name: 'described', namespace: 'default', uid: pod.metadata.uid },
    type: 'Warning',
    reason: 'FailedScheduling',
    message: 'no node',
    source: { component: 'scheduler' },
  } as unknown as UnknownObject)
  const { out } = await solvent('describe', 'pod', 'described')
  expect(out).toMatch(/^Name: +described\nNamespace: +default\nLabels: +app=described\n/)
  expect(out).toMatch(/Containers:\n {2}main:\n {4}Command: +true\n/)
  expect(out).toMatch(
    /Events:\n {2}Type +Reason +Age +From +Message\n[\s\S]*Warning +FailedScheduling +\S+ +scheduler +no node\n/,
  )
  expect((await solvent('events', '--for', 'pod/described')).out).toMatch(
    /Warning +FailedScheduling +Pod\/described +no node/,
  )
})

test('logs of a pod, and of all pods that a selector matches, with their names before the lines', async () => {
  for (const name of ['talks-1', 'talks-2']) {
    await createPod(name, { labels: { talks: 'yes' } })
    const target = { apiVersion: 'v1', kind: 'Node', name: 'n' }
    const binding = { apiVersion: 'v1', kind: 'Binding', metadata: { name, namespace: 'default' }, target }
    await api.create(binding, { subresource: 'binding' })
  }
  expect((await solvent('logs', 'talks-1', '--tail', '5')).out).toBe('talks-1/main tail=5 follow=undefined\n')
  expect((await solvent('logs', '-l', 'talks=yes')).out).toBe(
    '[talks-1/main] talks-1/main tail=undefined follow=undefined\n[talks-2/main] talks-2/main tail=undefined follow=undefined\n',
  )
  expect((await solvent('logs', 'cm/shown')).notes).toBe('error: configmaps have no pods, so no logs\n')
  expect((await solvent('logs', 'nobody')).notes).toBe('error: from the server (NotFound): pods "nobody" not found\n')
})

test('wait ends when the goal is met, and with 124 when it is not in time', async () => {
  await createPod('slow')
  const ref = { apiVersion: 'v1', kind: 'Pod', namespace: 'default', name: 'slow' }
  const waiting = solvent('wait', 'pod/slow', "--for=jsonpath='{.status.phase}'=Running", '--timeout=20s')
  await api.patch(ref, 'merge', { status: { phase: 'Running' } }, { subresource: 'status' })
  expect(await waiting).toEqual({ code: 0, out: 'pod/slow condition met\n', notes: '' })
  const late = await solvent('wait', 'pod/slow', '--for=condition=Ready', '--timeout=50ms')
  expect(late).toEqual({ code: 124, out: '', notes: 'error: timed out after 0.05 s waiting for pod/slow\n' })
  expect((await solvent('wait', 'pod/gone', '--for=delete')).out).toBe('pod/gone deleted\n')
})

test('delete deletes by name, file and selector, and says what was not there', async () => {
  const file = write('delete.yaml', `${configMap('d1', 'a')}---\n${configMap('d2', 'b')}`)
  await solvent('apply', '-f', file)
  expect((await solvent('delete', 'cm', 'd1', '--dry-run=server')).out).toBe(
    'configmap "d1" deleted (server dry run)\n',
  )
  expect((await solvent('delete', '-f', file)).out).toBe('configmap "d1" deleted\nconfigmap "d2" deleted\n')
  const again = await solvent('delete', '-f', file)
  expect([again.code, again.notes]).toEqual([1, expect.stringContaining('configmaps "d1" not found')])
  expect((await solvent('delete', '-f', file, '--ignore-not-found')).code).toBe(0)
  expect((await solvent('delete', 'cm')).code).toBe(2)
})

test('wrong words are answered with the nearest right one, and code 2', async () => {
  expect(await solvent('gte', 'pods')).toEqual({
    code: 2,
    out: '',
    notes: 'error: there is no command "gte". Did you mean "get"?\n',
  })
  expect((await solvent('get', 'pods', '--wach')).notes).toBe(
    'error: there is no flag --wach. Did you mean "--watch"?\n',
  )
})

test('a declaration with mistakes in several files starts nothing and tells them all', async () => {
  const job = (name: string, reduce: string) =>
    `apiVersion: solvent.dev/v1alpha1\nkind: BatchJob\nmetadata: { name: ${name} }\nspec:\n  input: { text: x }\n  map: { split: ' ' }\n  reduce: ${reduce}\n  output: { csv: out }\n`
  const [one, two] = [write('one.yaml', job('one', 'summ')), write('two.yaml', job('two', 'cuont'))]
  const { code, notes } = await solvent('apply', '-f', one, '-f', two)
  expect(code).toBe(2)
  expect(notes).toMatch(/one\.yaml:7:\d+ [\s\S]*two\.yaml:7:\d+ /)
})

test('an object in another namespace than -n says is refused', async () => {
  const file = write('ns.yaml', configMap('x', 'y').replace('name: x,', 'name: x, namespace: other,'))
  const { code, notes } = await solvent('apply', '-f', file, '-n', 'default')
  expect([code, notes]).toEqual([
    2,
    `error: ${file}:3:${notes.split(':')[3]?.split(' ')[0]} metadata.namespace is "other", but --namespace is "default". Leave one of them out.\n`,
  ])
})
