/** One factor a user, drawn towards 1 while measurements are few. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { bandOf, measuredFactor } from './measured-factor.ts'

const BAND = [0.8, 1.25] as const
const step = (measuredSeconds: number, predictedSeconds = 1) => ({ measuredSeconds, predictedSeconds })

test('no measurement, no factor', () => expect(measuredFactor([], BAND)).toBeUndefined())

test('one step 20 % slower than predicted is nearly believed, and the band narrows as it was measured to', () => {
  const found = measuredFactor([step(1.2)], BAND)!
  expect(found.factor).toBeGreaterThan(1.16)
  expect(found.factor).toBeLessThan(1.2)
  const [low, high] = bandOf(1, found)
  expect(Math.log(high / low) / Math.log(1.25 / 0.8)).toBeCloseTo(0.55)
})

test('more steps that say the same are believed more, and leave less open', () => {
  const [one, ten] = [1, 10].map(
    n =>
      measuredFactor(
        Array.from({ length: n }, () => step(1.2)),
        BAND,
      )!,
  )
  expect(ten!.factor).toBeGreaterThan(one!.factor)
  expect(ten!.spread).toBeLessThan(one!.spread)
})

test('the factor lies between 1 and what was measured, whatever was measured', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0.2, max: 5, noNaN: true }),
      fc.double({ min: 1.05, max: 4, noNaN: true }),
      (ratio, width) => {
        const { factor } = measuredFactor([step(ratio)], [1, width])!
        expect(factor).toBeGreaterThanOrEqual(Math.min(1, ratio) - 1e-12)
        expect(factor).toBeLessThanOrEqual(Math.max(1, ratio) + 1e-12)
      },
    ),
  )
})
