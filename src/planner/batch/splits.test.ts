/** Splits cover every byte exactly once, are of even size, and are the same for the same files. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { InputFile } from './plan.ts'
import { cutFiles } from './splits.ts'

const file = (name: string, bytes: number, splittable = true): InputFile => ({
  uri: `file:///${name}`,
  bytes,
  splittable,
})

const sizes = (files: readonly InputFile[], splitBytes: number, byBytes = true): number[] =>
  cutFiles(files, splitBytes, byBytes).map(split => split.bytes)

test.each<[string, readonly InputFile[], number, boolean, number[]]>([
  ['one file in even pieces', [file('a', 100)], 25, true, [25, 25, 25, 25]],
  ['no remnant of a tenth', [file('a', 105)], 50, true, [53, 52]],
  ['but of more than a tenth', [file('a', 111)], 50, true, [37, 37, 37]],
  ['a gzip file whole, and first', [file('a', 50), file('b', 100, false)], 25, true, [100, 25, 25]],
  ['Parquet files whole', [file('a', 100)], 25, false, [100]],
  ['small files together', [file('a', 10), file('b', 10), file('c', 10)], 25, true, [20, 10]],
  ['large and small files apart', [file('a', 10), file('b', 20), file('c', 10)], 25, true, [20, 20]],
  ['nothing of an empty file', [file('a', 0), file('b', 5)], 25, true, [5]],
  ['nothing of nothing', [], 25, true, []],
])('splits have %s', (_, files, splitBytes, byBytes, expected) =>
  expect(sizes(files, splitBytes, byBytes)).toEqual(expected),
)

const anyFiles = fc
  .array(fc.record({ bytes: fc.nat(5000), splittable: fc.boolean() }), { maxLength: 30 })
  .map(list => list.map((entry, i) => ({ ...entry, uri: `file:///${String(i).padStart(3, '0')}` })))

test('pieces cover every byte of every file exactly once', () => {
  fc.assert(
    fc.property(anyFiles, fc.integer({ min: 1, max: 3000 }), fc.boolean(), (files, splitBytes, byBytes) => {
      const pieces = cutFiles(files, splitBytes, byBytes).flatMap(split => split.pieces)
      for (const { uri, bytes } of files) {
        const own = pieces.filter(piece => piece.uri === uri).sort((a, b) => a.start - b.start)
        const ends = [0, ...own.map(piece => piece.end)]
        expect(own.map(piece => piece.start)).toEqual(ends.slice(0, -1))
        expect(ends.at(-1)).toBe(bytes)
        expect(own.every(piece => piece.end > piece.start)).toBe(true)
      }
    }),
  )
})

test('no split is larger than asked for, but for what cannot be cut and the tenth that is not cut off', () => {
  fc.assert(
    fc.property(anyFiles, fc.integer({ min: 10, max: 3000 }), fc.boolean(), (files, splitBytes, byBytes) => {
      const whole = new Set(files.filter(f => !f.splittable || !byBytes).map(f => f.uri))
      for (const { pieces, bytes } of cutFiles(files, splitBytes, byBytes)) {
        if (bytes > splitBytes * 1.1 + 1) expect(pieces.length === 1 && whole.has(pieces[0]!.uri)).toBe(true)
      }
    }),
  )
})

test('splits are numbered from the largest to the smallest, and no two of them would fit into one', () => {
  fc.assert(
    fc.property(anyFiles, fc.integer({ min: 10, max: 3000 }), (files, splitBytes) => {
      const splits = cutFiles(files, splitBytes, true)
      expect(splits.map(split => split.id)).toEqual(splits.map((_, i) => i))
      expect(splits.every((split, i) => i === 0 || split.bytes <= splits[i - 1]!.bytes)).toBe(true)
      expect(splits.filter(split => split.bytes <= splitBytes / 2).length).toBeLessThanOrEqual(
        1 + files.filter(f => f.bytes > splitBytes / 2).length * 2 + files.length / 2,
      )
      expect(cutFiles(files, splitBytes, true)).toEqual(splits)
    }),
  )
})
