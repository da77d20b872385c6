/** Thresholds and times of probes; rows of upstream's prober/worker_test.go, and what is ours. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Probe } from '../../kube/core.ts'
import { afterTry, firstTryMs, nextTryMs, PROBED, type ProbeCount, UNPROBED } from './probe-count.ts'

type Result = 'success' | 'failure'

/** What the probe says after each of these results, one a period, long after the start. */
function verdicts(
  probe: Probe,
  results: readonly Result[],
  first: ProbeCount = PROBED,
): readonly (Result | undefined)[] {
  let count = first
  return results.map((result, i) => {
    const counted = afterTry(count, result, probe, 0, 100_000 + i * 10_000)
    count = counted.count
    return counted.verdict
  })
}

describe('thresholds', () => {
  test('a failure counts from the failureThreshold on (TestFailureThreshold)', () => {
    const probe = { successThreshold: 1, failureThreshold: 3 }
    expect(verdicts(probe, ['success', 'failure', 'failure', 'failure', 'failure'])).toEqual([
      'success',
      undefined,
      undefined,
      'failure',
      'failure',
    ])
  })

  test('a success in between starts the count anew (TestFailureThreshold)', () => {
    expect(verdicts({ failureThreshold: 2 }, ['failure', 'success', 'failure', 'failure'])).toEqual([
      undefined,
      'success',
      undefined,
      'failure',
    ])
  })

  test('a success counts from the successThreshold on (TestSuccessThreshold)', () => {
    const probe = { successThreshold: 3, failureThreshold: 1 }
    expect(verdicts(probe, ['failure', 'success', 'success', 'success'])).toEqual([
      'failure',
      undefined,
      undefined,
      'success',
    ])
  })

  test('defaults: three failures, one success', () => {
    expect(verdicts({}, ['success', 'failure', 'failure', 'failure'], UNPROBED)).toEqual([
      'success',
      undefined,
      undefined,
      'failure',
    ])
  })
})

describe('times', () => {
  test('nothing is asked before initialDelaySeconds (TestInitialDelay)', () => {
    expect(firstTryMs({ initialDelaySeconds: 10 }, 1_000, 1_000)).toBe(11_000)
    expect(firstTryMs({}, 1_000, 1_200)).toBe(1_200)
  })

  test('every 50 ms until the first success, then every period', () => {
    expect(nextTryMs(UNPROBED, { periodSeconds: 10 }, 0, 100, 101)).toBe(151)
    expect(nextTryMs(PROBED, { periodSeconds: 10 }, 0, 100, 101)).toBe(10_100)
  })

  test('one that stays silent is asked less often, but never less than once a period', () => {
    expect(nextTryMs(UNPROBED, { periodSeconds: 10 }, 0, 60_000, 60_000)).toBe(60_600)
    expect(nextTryMs(UNPROBED, { periodSeconds: 1 }, 0, 6e6, 6e6)).toBe(6e6 + 1_000)
  })

  test('a command that takes long rests four times as long', () => {
    expect(nextTryMs(UNPROBED, { periodSeconds: 10 }, 0, 100, 200)).toBe(600)
  })

  test.each([
    { atMs: 500, counts: false, why: 'in the first second' },
    { atMs: 1_000, counts: true, why: 'after it' },
  ])('a failure $why: $counts', ({ atMs, counts }) => {
    expect(afterTry(UNPROBED, 'failure', {}, 0, atMs).counts).toBe(counts)
  })

  test('failures before the first success count once a period, later ones each', () => {
    const { count } = afterTry(UNPROBED, 'failure', { periodSeconds: 2 }, 0, 1_000)
    expect(afterTry(count, 'failure', { periodSeconds: 2 }, 0, 2_999).counts).toBe(false)
    expect(afterTry(count, 'failure', { periodSeconds: 2 }, 0, 3_000).counts).toBe(true)
    expect(afterTry({ ...count, hasSucceeded: true }, 'failure', { periodSeconds: 2 }, 0, 1_001).counts).toBe(true)
  })
})

test('never killed sooner than threshold - 1 periods and a second after the start, whatever the pace', () => {
  const probes = fc.record({
    periodSeconds: fc.integer({ min: 1, max: 20 }),
    failureThreshold: fc.integer({ min: 1, max: 5 }),
    initialDelaySeconds: fc.nat({ max: 5 }),
  })
  fc.assert(
    fc.property(probes, fc.nat({ max: 500 }), (probe, tookMs) => {
      let count = UNPROBED
      let atMs = firstTryMs(probe, 0, 0)
      for (;;) {
        const nowMs = atMs + tookMs
        const counted = afterTry(count, 'failure', probe, 0, nowMs)
        count = counted.count
        if (counted.verdict) {
          expect(nowMs).toBeGreaterThanOrEqual((probe.failureThreshold - 1) * probe.periodSeconds * 1000 + 1000)
          return
        }
        const next = nextTryMs(count, probe, 0, atMs, nowMs)
        expect(next).toBeGreaterThanOrEqual(nowMs)
        atMs = next
        if (tookMs === 0 && next === nowMs) return
      }
    }),
  )
})
