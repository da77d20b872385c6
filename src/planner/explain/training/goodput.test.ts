/** Goodput and checkpoint intervals against the table of training/elasticity.md 3, which was checked by Monte Carlo. */
import { expect, test } from 'vitest'
import { bestInterval, usefulShare } from './goodput.ts'

test.each([
  ['16,384 devices at Llama 3 rates', 3.09 * 3600, 60, 600, 1116, 0.853],
  ['the same, asynchronous', 3.09 * 3600, 1, 600, 149, 0.935],
  ['the same, recovered from replicas', 3.09 * 3600, 1, 30, 149, 0.984],
  ['1,024 devices at RSC rates', 7.9 * 3600, 60, 600, 1808, 0.917],
  ['131,072 devices at RSC rates', 14 * 60, 1, 600, 40, 0.466],
  ['the same, recovered fast', 14 * 60, 1, 30, 40, 0.919],
])('%s', (_, failures, stall, recovery, interval, goodput) => {
  const tau = bestInterval(failures, stall)
  expect(Math.abs(tau - interval)).toBeLessThan(1)
  expect(Math.abs(usefulShare(tau, failures, stall, recovery) - goodput)).toBeLessThan(0.005)
})
