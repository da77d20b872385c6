import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { API_VERSION, type BatchJob } from '../../spec/kinds.ts'
import { diskInputs } from './input-files.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'solvent-inputs-'))
  for (const name of [
    'a.txt',
    'b.txt.gz',
    'deep/c.txt',
    'deep/er/d.txt',
    '.hidden.txt',
    'deep/_SUCCESS',
    'with space.txt',
  ]) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), name)
  }
  symlinkSync(join(folder, 'a.txt'), join(folder, 'deep/link.txt'))
  symlinkSync(folder, join(folder, 'deep/circle'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const uri = (path: string): string => pathToFileURL(join(folder, path)).href
const job = (patterns: readonly string[], output = 'out'): BatchJob => ({
  apiVersion: API_VERSION,
  kind: 'BatchJob',
  metadata: { name: 'j' },
  spec: {
    input: { text: patterns.map(uri) },
    map: { split: ' ' },
    reduce: { by: 'sum' },
    output: { csv: uri(output) },
  },
})
const found = async (...patterns: string[]): Promise<readonly string[]> => {
  const { files, problems } = await diskInputs.listInputs(job(patterns))
  expect(problems).toEqual([])
  return files.map(file => decodeURIComponent(file.uri.slice(uri('').length + 1))).sort()
}

test.each([
  { pattern: 'a.txt', files: ['a.txt'] },
  { pattern: '*.txt', files: ['a.txt', 'with space.txt'] },
  { pattern: '?.txt', files: ['a.txt'] },
  { pattern: '*', files: ['a.txt', 'b.txt.gz', 'with space.txt'] },
  { pattern: '**/*.txt', files: ['a.txt', 'deep/c.txt', 'deep/er/d.txt', 'deep/link.txt', 'with space.txt'] },
  { pattern: 'deep', files: ['deep/c.txt', 'deep/er/d.txt', 'deep/link.txt'] },
  { pattern: 'deep/*/d.txt', files: ['deep/er/d.txt'] },
  { pattern: '.hidden.txt', files: ['.hidden.txt'] },
  { pattern: 'nothing/*.txt', files: [] },
])('$pattern finds $files', async ({ pattern, files }) => {
  expect(await found(pattern)).toEqual(files)
})

test('a file that two patterns match is there once, with its size; a gzipped one cannot be split', async () => {
  const { files } = await diskInputs.listInputs(job(['a.txt', '*.txt', '*.gz']))
  expect(files.filter(file => file.uri === uri('a.txt'))).toEqual([{ uri: uri('a.txt'), bytes: 5, splittable: true }])
  expect(files.find(file => file.uri === uri('b.txt.gz'))?.splittable).toBe(false)
})

test.each([
  { output: 'absent', why: [] },
  { output: 'empty', why: [] },
  { output: 'a.txt', why: ['that is a file'] },
  { output: 'deep/er', why: ['the folder is not empty (1 entry)'] },
])('output to $output: $why', async ({ output, why }) => {
  mkdirSync(join(folder, 'empty'))
  expect((await diskInputs.checkOutput(job([], output))).map(problem => problem.why)).toEqual(why)
})
