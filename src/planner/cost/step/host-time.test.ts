import { expect, test } from 'vitest'
import { smoothMaximum } from './host-time.ts'

test('a stretch takes what is longer, and a little more where both are alike', () => {
  expect(smoothMaximum(1, 0)).toBe(1)
  expect(smoothMaximum(0, 2)).toBe(2)
  expect(smoothMaximum(10, 1)).toBeCloseTo(10, 4)
  expect(smoothMaximum(1, 1)).toBeGreaterThan(1)
  expect(smoothMaximum(1, 1)).toBeLessThan(1.2)
})

test('more work on either side never takes less time', () => {
  for (let host = 0; host < 3; host += 0.1)
    for (let device = 0.1; device < 3; device += 0.1) {
      const now = smoothMaximum(device, host)
      expect(smoothMaximum(device + 0.05, host)).toBeGreaterThanOrEqual(now)
      expect(smoothMaximum(device, host + 0.05)).toBeGreaterThanOrEqual(now)
      expect(now).toBeGreaterThanOrEqual(Math.max(device, host))
    }
})
