import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { formatProblem, type Result } from '../../base/problem.ts'
import { API_VERSION, type BatchJob } from '../../spec/kinds.ts'
import { bundle, type Locate } from './bundle.ts'
import { withCode } from './code-map.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bundle-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const write = (name: string, text: string): string => {
  mkdirSync(dirname(join(folder, name)), { recursive: true })
  writeFileSync(join(folder, name), text)
  return pathToFileURL(join(folder, name)).href
}
const locate: Locate = field => ({ file: 'job.yaml', line: field.endsWith('export') ? 7 : 6, column: 9 })
const role = (module: string, name: string, as: 'map' | 'reduce' = 'map') => ({
  module,
  export: name,
  role: as,
  moduleField: `spec.${as}.module`,
  exportField: `spec.${as}.export`,
})
const problems = (result: Result<unknown>): readonly string[] => (result.ok ? [] : result.problems.map(formatProblem))

/** Imports the bundle as the worker does. */
async function load(result: Result<Uint8Array>): Promise<Record<string, (...args: unknown[]) => unknown>> {
  if (!result.ok) throw new Error(problems(result).join('\n'))
  writeFileSync(join(folder, 'main.mjs'), gunzipSync(result.value))
  return import(pathToFileURL(join(folder, 'main.mjs')).href)
}

test('functions of several modules are exported by their roles, with what they import', async () => {
  write('node_modules/lib/package.json', '{ "name": "lib", "main": "index.js" }')
  write('node_modules/lib/index.js', "const { EOL } = require('node:os'); exports.double = n => n * 2 + (EOL ? 0 : 1)")
  const map = write('map.ts', "import { double } from 'lib'\nexport const twice = (n: number): number => double(n)\n")
  const reduce = write('reduce.ts', 'export default (key: string, values: number[]) => key + values.length\n')
  const module = await load(await bundle([role(map, 'twice'), role(reduce, 'default', 'reduce')], locate))
  expect(module.map!(4)).toBe(8)
  expect(module.reduce!('k', [1, 2])).toBe('k2')
})

test('the source map names the user by absolute URIs, and the same code gives the same bytes', async () => {
  const map = write('deep/map.ts', 'export const words = (line: string) => { throw new Error(line) }\n')
  const [one, two] = [await bundle([role(map, 'words')], locate), await bundle([role(map, 'words')], locate)]
  expect(one).toEqual(two)
  const text = gunzipSync(one.ok ? one.value : new Uint8Array()).toString()
  const inline = /sourceMappingURL=data:application\/json;base64,(.*)/.exec(text)![1]!
  expect(JSON.parse(Buffer.from(inline, 'base64').toString()).sources).toEqual([map])
})

test('a module that is not there is a problem of the declaration', async () => {
  const gone = pathToFileURL(join(folder, 'mpa.ts')).href
  expect(problems(await bundle([role(gone, 'words')], locate))).toEqual([
    `job.yaml:6:9 spec.map.module names ${join(folder, 'mpa.ts')}, but there is no such file. A path is relative to the YAML file.`,
  ])
})

test.each([
  ['export const words = 1', 'word', 'Did you mean "words"?'],
  ['export const words = 1; export const lines = 2', 'zzzzzz', 'It exports "lines", "words".'],
  ['console.log(1)', 'words', 'It exports nothing.'],
])('of %j the export %s is missing: %s', async (code, name, hint) => {
  const map = write('map.ts', code)
  expect(problems(await bundle([role(map, name)], locate))).toEqual([
    `job.yaml:7:9 spec.map.export is "${name}", but ${join(folder, 'map.ts')} exports no such name. ${hint}`,
  ])
})

test('a mistake in the code is told at its own line', async () => {
  const map = write('map.ts', 'export const a = 1\nexport const words = (line: string => 1\n')
  expect(problems(await bundle([role(map, 'words')], locate))[0]).toMatch(/map\.ts:2:\d+ Expected "\)" but found/)
  const other = write('other.ts', "import 'not-installed'\nexport const words = 1\n")
  expect(problems(await bundle([role(other, 'words')], locate))).toEqual([
    `${join(folder, 'other.ts')}:1:8 Could not resolve "not-installed". Install it beside your module: npm install not-installed`,
  ])
})

test('code over the limit of a ConfigMap names its size and what to do', async () => {
  const noise = randomBytes(1_500_000).toString('base64')
  const map = write('map.ts', `const table = '${noise}'\nexport const words = () => table.length\n`)
  expect(problems(await bundle([role(map, 'words')], locate))[0]).toMatch(
    /^job\.yaml:6:9 spec\.map\.module makes 1\.\d MiB of code, gzipped with all that it imports, but a ConfigMap holds 900 KiB of it\. .*image/,
  )
})

test('a program is bundled as it is', async () => {
  const script = write('rank.ts', 'export const ran: string = "top"\n')
  expect(await load(await bundle({ script, field: 'spec.framework.node.script' }, locate))).toMatchObject({
    ran: 'top',
  })
  const gone = { script: pathToFileURL(join(folder, 'no.ts')).href, field: 'spec.framework.node.script' }
  expect(problems(await bundle(gone, locate))[0]).toContain('spec.framework.node.script names')
})

test('the code of a job is an immutable ConfigMap named after what it holds, and the job names it', async () => {
  const module = write('map.ts', 'export const words = 1\n')
  const job: BatchJob = {
    apiVersion: API_VERSION,
    kind: 'BatchJob',
    metadata: { name: 'wc', namespace: 'team' },
    spec: { input: { text: ['file:///x'] }, map: { module, export: 'words' }, reduce: { by: 'sum' }, output: {} },
  }
  const coded = await withCode(job, locate)
  if (!coded.ok) throw new Error(problems(coded).join())
  const { declaration, code } = coded.value
  expect(code).toMatchObject({
    kind: 'ConfigMap',
    metadata: {
      namespace: 'team',
      name: expect.stringMatching(/^wc-code-[0-9a-f]{8}$/),
      labels: { 'solvent.dev/kind': 'batchjob', 'solvent.dev/name': 'wc' },
    },
    immutable: true,
  })
  expect(declaration.spec).toMatchObject({ code: { configMap: code!.metadata.name } })
  const again = await withCode(declaration, locate)
  expect(again).toEqual({ ok: true, value: { declaration, code: undefined } })
})
