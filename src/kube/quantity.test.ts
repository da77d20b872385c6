/** Quantities against apimachinery's documented rules, and as algebra. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  addQuantities,
  compareQuantities,
  formatQuantity,
  milliValue,
  parseQuantity,
  subtractQuantities,
  wholeValue,
} from './quantity.ts'

const canonical = (text: string | number): string | undefined => {
  const quantity = parseQuantity(text)
  return quantity && formatQuantity(quantity)
}

test.each([
  ['0', '0'],
  ['0Ki', '0'],
  ['100m', '100m'],
  ['0.1', '100m'],
  ['1000m', '1'],
  ['1500m', '1500m'],
  ['1.5', '1500m'],
  ['+5', '5'],
  ['-5', '-5'],
  ['.5', '500m'],
  ['5.', '5'],
  ['007', '7'],
  ['1k', '1k'],
  ['1000', '1k'],
  ['1234', '1234'],
  ['1024', '1024'],
  ['1Ki', '1Ki'],
  ['1024Ki', '1Mi'],
  ['1.5Gi', '1536Mi'],
  ['0.5Ki', '512'],
  ['0.5Mi', '512Ki'],
  ['1025Ki', '1025Ki'],
  ['1.1Ki', '1126400m'],
  ['2e3', '2e3'],
  ['2E3', '2e3'],
  ['1e-3', '1e-3'],
  ['12e-1', '1200e-3'],
  ['1E', '1E'],
  ['1Ei', '1Ei'],
  ['100u', '100u'],
  ['1n', '1n'],
  ['0.1n', '1n'],
  ['-0.1n', '-1n'],
  ['1e-400000000', '1e-9'],
  ['0e400000000', '0'],
  ['9Ei', '9223372036854775807'],
  ['1e400000000', '9223372036854775807'],
  [3, '3'],
  [0.25, '250m'],
])('%s is canonically %s', (text, expected) => expect(canonical(text)).toBe(expected))

test.each([
  '',
  '.',
  '+',
  'm',
  'Ki',
  '1 Gi',
  '1K',
  '1ki',
  '1kb',
  '1e',
  '1e3.5',
  '1.2.3',
  '--1',
  'NaN',
  '1Mim',
  '0x10',
  '٣',
])('"%s" is no quantity', text => expect(parseQuantity(text)).toBeUndefined())

test.each([
  ['250m', 250, 1],
  ['2', 2000, 2],
  ['1u', 1, 1],
  ['-1500m', -1500, -2],
  ['1Gi', 1024 ** 3 * 1000, 1024 ** 3],
])('%s is %d thousandths and %d units, rounded up', (text, milli, whole) => {
  expect([milliValue(text), wholeValue(text)]).toEqual([milli, whole])
})

const quantities = fc.record({
  nanos: fc.bigInt({ min: -(2n ** 80n), max: 2n ** 80n }),
  format: fc.constantFrom('BinarySI' as const, 'DecimalSI' as const, 'DecimalExponent' as const),
})

test('what is printed is read back as the same value, and printed the same again', () => {
  fc.assert(
    fc.property(quantities, quantity => {
      const text = formatQuantity(quantity)
      const back = parseQuantity(text)!
      expect(back.nanos).toBe(quantity.nanos)
      expect(formatQuantity(back)).toBe(text)
    }),
  )
})

test('sums keep their order and undo themselves', () => {
  fc.assert(
    fc.property(quantities, quantities, (a, b) => {
      expect(subtractQuantities(addQuantities(a, b), b).nanos).toBe(a.nanos)
      expect(Math.sign(compareQuantities(a, b))).toBe(-Math.sign(compareQuantities(b, a)) + 0)
    }),
  )
  const used = addQuantities(parseQuantity('0')!, addQuantities(parseQuantity('1Gi')!, parseQuantity('512Mi')!))
  expect(formatQuantity(used)).toBe('1536Mi')
})
