/** The formulas against exact simulations of even stages, and the estimate against those of uneven ones. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { ScheduleName } from '../training/layout.ts'
import type { ScheduleShape } from './action.ts'
import { closedForm, type EvenTimes, idleTime } from './closed-form.ts'
import { estimateMakespan } from './estimate.ts'
import { schedule } from './schedule.ts'
import { type StageTimes, simulate } from './simulate.ts'

const even = (n: number, value: number): number[] => Array.from({ length: n }, () => value)

/** Even pipelines: two rounds of micro-batches or more, a backward of 1.6 to 2.5 forwards of which 30 to 50 % for weights. */
const anyEvenCase = fc
  .record({
    name: fc.constantFrom<ScheduleName>(
      'gpipe',
      '1f1b',
      'interleaved',
      'zb-h1',
      'zb-h2',
      'zbv',
      'dualpipe',
      'dualpipev',
    ),
    pipeline: fc.constantFrom(2, 4, 6, 8, 12, 16),
    chunks: fc.integer({ min: 2, max: 4 }),
    rounds: fc.double({ min: 2, max: 8, noNaN: true }),
    backward: fc.double({ min: 1.6, max: 2.5, noNaN: true }),
    weightShare: fc.double({ min: 0.3, max: 0.5, noNaN: true }),
    send: fc.constantFrom(0, 0, 0.01, 0.03),
  })
  .map(({ name, pipeline, chunks, rounds, backward, weightShare, send }) => {
    const held = name === 'interleaved' ? chunks : name === 'zbv' || name === 'dualpipev' ? 2 : 1
    const isWhole = name === 'interleaved' || name === 'dualpipe'
    const microBatches = isWhole ? pipeline * Math.floor(rounds) : Math.floor(pipeline * rounds)
    const times: EvenTimes = { forward: 1, backward, weight: backward * weightShare, send }
    return { name, shape: { pipeline, chunks: held, microBatches } satisfies ScheduleShape, times }
  })

function asStages(
  { pipeline, chunks }: ScheduleShape,
  { forward, backward, weight = backward / 2, send = 0 }: EvenTimes,
): StageTimes {
  const n = pipeline * chunks
  return {
    forward: even(n, forward),
    backward: even(n, backward),
    weight: even(n, weight),
    sendForward: even(n, send),
    sendBackward: even(n, send),
  }
}

test('on 1,000 random even cases a simulation lies within 1 % of the closed form', () => {
  fc.assert(
    fc.property(anyEvenCase, ({ name, shape, times }) => {
      const stages = asStages(shape, times)
      const exact = simulate(schedule(name, shape, stages), stages).makespan
      const formula = closedForm(name, shape, times)
      expect(
        Math.abs(formula / exact - 1),
        `${name} ${JSON.stringify(shape)}: ${formula} for ${exact}`,
      ).toBeLessThanOrEqual(0.01)
      if (name === 'gpipe' || name === '1f1b' || name === 'interleaved') {
        if (times.send === 0) expect(formula).toBeCloseTo(exact, 6)
      }
    }),
    { numRuns: 1000 },
  )
}, 120_000)

/** Narayanan et al., 2104.04473: bubble over ideal time; testvectors bubble_1f1b. */
test.each([
  [4, 8, 1, 0.375],
  [8, 16, 1, 0.4375],
  [8, 32, 1, 0.21875],
  [16, 64, 1, 0.234375],
  [4, 8, 2, 0.1875],
  [8, 16, 4, 0.109375],
  [8, 64, 2, 0.0546875],
  [16, 128, 4, 0.029296875],
  [64, 512, 1, 0.123046875],
])('%i ranks, %i micro-batches, %i chunks: a bubble of %f of the work', (pipeline, microBatches, chunks, bubble) => {
  const shape = { pipeline, chunks, microBatches }
  const times = { forward: 1 / chunks, backward: 2 / chunks }
  const name = chunks === 1 ? '1f1b' : 'interleaved'
  expect(idleTime(name, shape, times) / (3 * microBatches)).toBeCloseTo(bubble, 12)
  const stages = asStages(shape, times)
  expect(simulate(schedule(name, shape), stages).makespan / (3 * microBatches) - 1).toBeCloseTo(bubble, 9)
})

/** deepseek-ai/DualPipe README; bubble_dualpipe. Where pairs save time the README leaves out the ramps' unpaired work. */
test('dualpipe over 8 ranks idles (p/2 - 1)(F&B + B - 3W)', () => {
  const shape = { pipeline: 8, chunks: 1, microBatches: 16 }
  expect(idleTime('dualpipe', shape, { forward: 1, backward: 2, weight: 1 })).toBe(6)
  const sixteen = { pipeline: 16, chunks: 1, microBatches: 32 }
  const overlapped = idleTime('dualpipe', sixteen, { forward: 1, backward: 2, weight: 1, overlappedShare: 2.6 / 3 })
  const unpaired = 2 * 8 + 1
  expect(overlapped - (unpaired - 32) * 0.4).toBeCloseTo(11.2, 9)
})

test('pairs that overlap shorten dualpipe as the formula says', () => {
  for (const [name, pipeline, chunks] of [
    ['dualpipe', 8, 1],
    ['dualpipev', 4, 2],
  ] as const) {
    const shape = { pipeline, chunks, microBatches: 24 }
    const times = { forward: 1, backward: 2.2, weight: 0.9, overlappedShare: 0.85 }
    const stages = { ...asStages(shape, times), overlappedShare: 0.85 }
    expect(closedForm(name, shape, times)).toBeCloseTo(simulate(schedule(name, shape), stages).makespan, 9)
  }
})

test('the estimate of 1F1B over uneven stages with sends is within 3 %, mostly exact', () => {
  let exact = 0
  let total = 0
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 0.7, max: 1.5, noNaN: true }), { minLength: 2, maxLength: 12 }),
      fc.integer({ min: 2, max: 6 }),
      fc.constantFrom(0, 0.02, 0.05),
      (forward, rounds, send) => {
        const shape = { pipeline: forward.length, chunks: 1, microBatches: rounds * forward.length }
        const sends = even(forward.length, send)
        const times = { forward, backward: forward.map(f => 2.1 * f), sendForward: sends, sendBackward: sends }
        const error = Math.abs(
          estimateMakespan('1f1b', shape, times) / simulate(schedule('1f1b', shape), times).makespan - 1,
        )
        expect(error).toBeLessThan(0.03)
        total++
        if (error < 1e-9) exact++
      },
    ),
    { numRuns: 500 },
  )
  expect(exact / total).toBeGreaterThan(0.7)
})

test.each<[ScheduleName, number, number]>([
  ['gpipe', 1, 0.04],
  ['interleaved', 2, 0.05],
  ['zb-h1', 1, 0.06],
  ['zb-h2', 1, 0.06],
  ['zbv', 2, 0.06],
  ['dualpipe', 1, 0.12],
  ['dualpipev', 2, 0.12],
])('the estimate of %s over stages with a heavier head (%i chunks) is within %f', (name, chunks, bar) => {
  for (const pipeline of [4, 8, 16]) {
    for (const head of [0, 0.3, 0.6]) {
      const shape = { pipeline, chunks, microBatches: 4 * pipeline }
      const n = pipeline * chunks
      const forward = Array.from({ length: n }, (_, s) => (s === n - 1 ? 1 + head : 1))
      const times = { forward, backward: forward.map(f => 2.2 * f), weight: forward.map(f => 0.95 * f) }
      const exact = simulate(schedule(name, shape, times), times).makespan
      expect(
        Math.abs(estimateMakespan(name, shape, times) / exact - 1),
        `${pipeline} ranks, head ${head}`,
      ).toBeLessThan(bar)
    }
  }
})
