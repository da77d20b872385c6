/** The rule by which an idle cluster ends. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Clock } from '../base/clock.ts'
import { type Activity, endWhenIdle, idleForMs } from './idle.ts'

test('a cluster with work or a watcher never ends, one without ends when its time is over', () => {
  const amount = fc.nat(1_000_000)
  fc.assert(
    fc.property(
      fc.nat(3),
      fc.nat(3),
      amount,
      amount,
      fc.integer({ min: 1, max: 1_000_000 }),
      (open, livePods, lastMs, past, timeout) => {
        const wait = idleForMs({ open, livePods, lastMs }, lastMs + past, timeout)
        expect(wait === 0).toBe(open === 0 && livePods === 0 && past >= timeout)
        expect(wait).toBeLessThanOrEqual(timeout)
      },
    ),
  )
})

const settled = (): Promise<void> => new Promise(resume => setImmediate(resume))

test('a jump of the wall clock ends nothing', async () => {
  const timers: { at: number; action: () => void }[] = []
  let monotonic = 0
  let wall = 0
  const clock: Clock = {
    now: () => wall,
    monotonicMs: () => monotonic,
    after(delay, action) {
      timers.push({ at: monotonic + delay, action })
      return () => {}
    },
  }
  const activity: Activity = { open: 0, livePods: 0, lastMs: 0 }
  let ended = 0
  endWhenIdle(
    clock,
    1000,
    async () => activity,
    () => ended++,
  )
  await settled()
  wall += 10 * 365 * 86_400_000
  monotonic = 999
  expect(timers.length).toBe(1)
  expect(ended).toBe(0)
  monotonic = 1000
  timers.shift()!.action()
  await settled()
  expect(ended).toBe(1)
})
