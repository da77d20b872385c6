import fc from 'fast-check'
import { expect, test } from 'vitest'
import { afterRestart, afterRestarts, type BackOff, limitsOf, restartAtMs } from './back-off.ts'

test('the first restart is at once, later ones wait 10, 20, 40 … 300 s', () => {
  let backOff: BackOff | undefined
  let nowMs = 0
  const waits: number[] = []
  for (let i = 0; i < 8; i++) {
    const endedMs = nowMs
    nowMs = restartAtMs(backOff, endedMs)
    waits.push((nowMs - endedMs) / 1000)
    backOff = afterRestart(backOff, endedMs, nowMs)
  }
  expect(waits).toEqual([0, 10, 20, 40, 80, 160, 300, 300])
})

test('ten minutes without an end forget it', () => {
  const backOff = { delayMs: 160_000, updatedMs: 0 }
  expect(restartAtMs(backOff, 600_000)).toBe(760_000)
  expect(restartAtMs(backOff, 600_001)).toBe(600_001)
  expect(afterRestart(backOff, 600_001, 600_001).delayMs).toBe(10_000)
})

test('an agent that was not there reckons the same', () => {
  let backOff: BackOff | undefined
  for (let restarts = 1; restarts < 12; restarts++) {
    backOff = afterRestart(backOff, 0, 0)
    expect(afterRestarts(restarts, 0)).toEqual(backOff)
  }
  expect(afterRestarts(0, 0)).toBeUndefined()
})

test('never earlier than the end, never later than five minutes', () => {
  fc.assert(
    fc.property(fc.nat(), fc.nat(), fc.nat(), fc.nat({ max: 300_000 }), (startMs, ranMs, _, delayMs) => {
      const waitMs = restartAtMs({ delayMs, updatedMs: startMs }, startMs + ranMs) - (startMs + ranMs)
      expect(waitMs).toBeGreaterThanOrEqual(0)
      expect(waitMs).toBeLessThanOrEqual(300_000)
    }),
  )
})

test.each([
  { period: '5m', limits: { firstMs: 10_000, maxMs: 300_000 } },
  { period: '5s', limits: { firstMs: 5_000, maxMs: 5_000 } },
  { period: '0s', limits: undefined },
  { period: '301s', limits: undefined },
  { period: 'soon', limits: undefined },
])('maxContainerRestartPeriod: $period (TestNewCrashLoopBackOff)', ({ period, limits }) => {
  expect(limitsOf(period)).toEqual(limits)
})
