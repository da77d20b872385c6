/** Paths: absolute before they leave the machine, refused when they do not, and patterns as a shell reads them. */
import { fileURLToPath, pathToFileURL } from 'node:url'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatProblem } from '../../base/problem.ts'
import type { BatchJob, Server, TrainingJob } from '../kinds.ts'
import { fileUri, pathOfUri } from './file-uri.ts'
import { isResolved, unresolved } from './is-resolved.ts'
import { fixedFolder, hasWildcard, matchesPattern } from './pattern.ts'
import { resolvePaths } from './resolve.ts'

const HEAD = { apiVersion: 'solvent.dev/v1alpha1', metadata: { name: 'j' } } as const

const job: BatchJob = {
  ...HEAD,
  kind: 'BatchJob',
  spec: {
    input: { text: ['books/*.txt', '/abs/a?.txt', 'file:///data/b c?.txt', '../up/'] },
    map: { module: './words.ts', export: 'words' },
    reduce: { by: 'sum' },
    output: { parquet: 'out/' },
  },
}

test('the paths of a batch job become URIs beside the YAML file', () => {
  expect(resolvePaths(job, '/home/me/my job').spec).toEqual({
    input: {
      text: [
        'file:///home/me/my%20job/books/*.txt',
        'file:///abs/a%3F.txt',
        'file:///data/b%20c%3F.txt',
        'file:///home/me/up/',
      ],
    },
    map: { module: 'file:///home/me/my%20job/words.ts', export: 'words' },
    reduce: { by: 'sum' },
    output: { parquet: 'file:///home/me/my%20job/out/' },
  })
})

test('resolving twice, or elsewhere, changes nothing more', () => {
  const once = resolvePaths(job, '/a/b')
  expect(resolvePaths(once, '/elsewhere')).toEqual(once)
})

test('a command runs in the folder of its file, unless an image has folders of its own', () => {
  const server: Server = { ...HEAD, kind: 'Server', spec: { run: { command: ['a'], port: 1 } } }
  expect(resolvePaths(server, '/a').spec.run.workingDir).toBe('/a')
  expect(resolvePaths({ ...server, spec: { ...server.spec, image: 'i' } }, '/a').spec.run.workingDir).toBeUndefined()
  const training: TrainingJob = {
    ...HEAD,
    kind: 'TrainingJob',
    spec: { parallelism: { data: 2 }, framework: { node: { script: 'train.ts' } }, workingDir: 'run/' },
  }
  expect(resolvePaths(training, '/a').spec).toMatchObject({
    framework: { node: { script: 'file:///a/train.ts' } },
    workingDir: '/a/run',
  })
})

test('a config.json is found beside its file, and what it holds must be in the declaration', () => {
  const training: TrainingJob = {
    ...HEAD,
    kind: 'TrainingJob',
    spec: {
      parallelism: {},
      framework: { command: ['a'] },
      model: { huggingface: { file: 'llama/config.json' } },
      data: { sequenceLength: 4096, globalBatch: 8 },
    },
  }
  const resolved = resolvePaths(training, '/a')
  expect(resolved.spec.model).toEqual({ huggingface: { file: 'file:///a/llama/config.json' } })
  expect(unresolved(training).map(problem => problem.field)).toEqual(['spec.model.huggingface.file'])
  expect(unresolved(resolved).map(formatProblem)).toEqual([
    'spec.model.huggingface.file is "file:///a/llama/config.json", but what it holds is not in the declaration: spec.model.huggingface.config is missing. Submit the file with: solvent apply -f FILE',
  ])
  const huggingface = { ...resolved.spec.model!.huggingface, config: { model_type: 'llama' } }
  expect(isResolved({ ...resolved, spec: { ...resolved.spec, model: { huggingface } } })).toBe(true)
})

test('URIs are those of Node, there and back', () => {
  const name = fc
    .string({ minLength: 1, maxLength: 8, unit: 'grapheme' })
    .filter(s => !/[/\\\0\n\r\t]/.test(s) && s !== '.' && s !== '..')
  fc.assert(
    fc.property(fc.array(name, { minLength: 1, maxLength: 4 }), names => {
      const path = `/${names.join('/')}`
      const uri = fileUri(path, '/')
      expect(fileURLToPath(uri)).toBe(path)
      expect(pathOfUri(uri)).toBe(path)
      expect(pathOfUri(pathToFileURL(path).href)).toBe(path)
      expect(fileUri(uri, '/elsewhere')).toBe(uri)
    }),
  )
  expect(pathOfUri('file:///100%/a')).toBe('/100%/a')
})

test('a declaration that reached the API by another way is refused, with the way to take', () => {
  expect(unresolved(job).map(formatProblem)).toEqual(
    [
      ['spec.input.text[0]', 'books/*.txt'],
      ['spec.input.text[1]', '/abs/a?.txt'],
      ['spec.input.text[3]', '../up/'],
      ['spec.map.module', './words.ts'],
      ['spec.output.parquet', 'out/'],
    ].map(
      ([field, value]) =>
        `${field} is "${value}", but a path is relative to the YAML file, whose folder the cluster does not know. Submit the file with: solvent apply -f FILE`,
    ),
  )
})

test('a module that nobody bundled is refused as well', () => {
  const resolved = resolvePaths(job, '/a')
  expect(unresolved(resolved).map(formatProblem)).toEqual([
    'spec.map.module is "file:///a/words.ts", but its code is not in the cluster: spec.code is missing. Submit the file with: solvent apply -f FILE',
  ])
  expect(isResolved({ ...resolved, spec: { ...resolved.spec, code: { configMap: 'c' } } })).toBe(true)
})

test('a relative working folder is refused', () => {
  const server: Server = { ...HEAD, kind: 'Server', spec: { run: { command: ['a'], port: 1, workingDir: 'x' } } }
  expect(unresolved(server).map(problem => problem.field)).toEqual(['spec.run.workingDir'])
  expect(isResolved({ ...server, spec: { run: { command: ['a'], port: 1 } } })).toBe(true)
})

test.each([
  ['/a/*.txt', '/a/b.txt', true],
  ['/a/*.txt', '/a/b/c.txt', false],
  ['/a/*.txt', '/a/.txt', false],
  ['/a/b.txt', '/a/bxtxt', false],
  ['/a/?.txt', '/a/b.txt', true],
  ['/a/?.txt', '/a/bc.txt', false],
  ['/a/**/*.txt', '/a/b.txt', true],
  ['/a/**/*.txt', '/a/b/c/d.txt', true],
  ['/a/**/*.txt', '/a/.git/d.txt', false],
  ['/a/**', '/a/b/c', true],
  ['/a/**', '/a', false],
  ['/a/', '/a/b/c.txt', true],
  ['/a', '/a/b.txt', true],
  ['/a', '/ab.txt', false],
  ['/a', '/a/_SUCCESS', false],
  ['/a', '/a/.hidden/b', false],
  ['/a/.hidden', '/a/.hidden', true],
  ['/a/[b].txt', '/a/[b].txt', true],
  ['/a/b c?.txt', '/a/b c#.txt', true],
])('the pattern %s and the file %s: %s', (pattern, path, expected) => {
  expect(matchesPattern(fileUri(pattern, '/'), fileUri(path, '/'))).toBe(expected)
})

test('a search begins in the folder above the first wildcard', () => {
  expect(['/a/b/*.txt', '/a/b*/c', '/*', '/a/b'].map(p => fixedFolder(fileUri(p, '/')))).toEqual([
    '/a/b',
    '/a',
    '/',
    '/a/b',
  ])
  expect(['/a/b', '/a/?'].map(p => hasWildcard(fileUri(p, '/')))).toEqual([false, true])
})
