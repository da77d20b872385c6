import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  countIndexes,
  firstMissing,
  formatIndexes,
  hasIndex,
  indexesBelow,
  parseIndexes,
  unionOf,
  withIndexes,
} from './indexes.ts'

test.each([
  { indexes: [], text: '' },
  { indexes: [3], text: '3' },
  { indexes: [3, 4], text: '3,4' },
  { indexes: [0, 1, 2, 3, 7], text: '0-3,7' },
  { indexes: [9, 5, 6, 7], text: '5-7,9' },
])('$indexes is written "$text"', ({ indexes, text }) => {
  expect(formatIndexes(withIndexes([], indexes))).toBe(text)
})

const someIndexes = fc.array(fc.nat(60), { maxLength: 40 })

test('runs do what sets of numbers do', () => {
  fc.assert(
    fc.property(someIndexes, someIndexes, fc.nat(60), fc.nat(60), (a, b, end, count) => {
      const [set, other] = [withIndexes([], a), withIndexes([], b)]
      const plain = new Set(a)
      expect(countIndexes(set)).toBe(plain.size)
      for (let i = 0; i <= 60; i++) expect(hasIndex(set, i)).toBe(plain.has(i))
      expect(unionOf(set, other)).toEqual(withIndexes([], [...a, ...b]))
      expect(indexesBelow(set, end)).toEqual(
        withIndexes(
          [],
          a.filter(i => i < end),
        ),
      )
      const missing = Array.from({ length: end }, (_, i) => i).filter(i => !plain.has(i) && !b.includes(i))
      expect(firstMissing(set, new Set(b), end, count)).toEqual(missing.slice(0, count))
    }),
  )
})

test('what is written is read back', () => {
  fc.assert(
    fc.property(someIndexes, indexes => {
      const set = withIndexes([], indexes)
      expect(parseIndexes(formatIndexes(set))).toEqual(set)
    }),
  )
})
