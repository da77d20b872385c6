/** The small words of base/, each with what a user would notice if it were wrong. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatMicroTime, formatTime } from './clock.ts'
import { didYouMean, nearest } from './did-you-mean.ts'
import { invariant, unreachable } from './invariant.ts'
import { programPath } from './package-root.ts'
import { formatProblem } from './problem.ts'
import { formatAge, formatBytes, plural } from './units.ts'

test('a problem reads as one sentence with its place and fix', () => {
  expect(
    formatProblem({
      place: { file: 'job.yaml', line: 12, column: 9 },
      field: 'spec.parallelism.tensor',
      what: 'is 6',
      why: '64 attention heads do not divide by 6',
      fix: 'Use 1, 2, 4 or 8.',
    }),
  ).toBe('job.yaml:12:9 spec.parallelism.tensor is 6, but 64 attention heads do not divide by 6. Use 1, 2, 4 or 8.')
  expect(formatProblem({ field: '', what: 'The file is empty' })).toBe('The file is empty.')
})

test.each([
  ['replcias', 'replicas'],
  ['Pods', 'pods'],
  ['recude', 'reduce'],
  ['xyzzy', undefined],
])('%s is taken for %s', (typed, meant) => {
  expect(nearest(typed, ['reduce', 'replicas', 'pods', 'output'])).toBe(meant)
})

test('a suggestion is one of the candidates, and an exact name suggests itself', () => {
  const word = fc.string({ minLength: 1, maxLength: 12 })
  fc.assert(
    fc.property(word, fc.array(word, { maxLength: 8 }), (typed, candidates) => {
      const found = nearest(typed, candidates)
      expect(found === undefined || candidates.includes(found)).toBe(true)
      expect(nearest(typed, [typed])).toBe(typed)
    }),
  )
  expect(didYouMean('mapp', ['map'])).toBe('Did you mean "map"?')
})

test.each([
  [0, '0 B'],
  [1536, '1.5 KiB'],
  [64 * 1024 ** 2, '64 MiB'],
  [512 * 1024 ** 2 + 1, '512 MiB'],
])('%d bytes read as %s', (bytes, text) => expect(formatBytes(bytes)).toBe(text))

test.each([
  [5, '5s'],
  [119, '119s'],
  [125, '2m5s'],
  [3600, '60m'],
  [4 * 3600, '4h'],
  [3 * 86400, '3d'],
])('an age of %d seconds reads as %s, as kubectl prints it', (seconds, text) => expect(formatAge(seconds)).toBe(text))

test('counts agree with their noun', () => {
  expect([plural(1, 'pod'), plural(3, 'pod'), plural(2, 'entry', 'entries')]).toEqual(['1 pod', '3 pods', '2 entries'])
})

test('times are written as Kubernetes writes them', () => {
  expect(formatTime(0)).toBe('1970-01-01T00:00:00Z')
  expect(formatMicroTime(1_500)).toBe('1970-01-01T00:00:01.500000Z')
})

test('a broken belief names itself as a bug of ours', () => {
  expect(() => invariant(false, 'two pods never share a device')).toThrow(
    'bug in solvent: two pods never share a device',
  )
  expect(() => unreachable('new kind' as never)).toThrow('unexpected value "new kind"')
})

test('bundled programs lie in dist of the package', () => {
  expect(programPath('spawner.cjs')).toMatch(/\/dist\/spawner\.cjs$/)
})
