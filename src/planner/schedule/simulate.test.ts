/** Makespans of all schedules: known answers of an emulator and of the schedules' authors, and what must hold of any simulation. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { ScheduleName } from '../training/layout.ts'
import { BACKWARD, FORWARD, INPUT, passes, type Schedule, type ScheduleShape, WEIGHT } from './action.ts'
import { inFlight } from './in-flight.ts'
import { schedule } from './schedule.ts'
import { shapeProblem } from './shape.ts'
import { type Simulation, type StageTimes, simulate } from './simulate.ts'

const NAMES: readonly ScheduleName[] = [
  'gpipe',
  '1f1b',
  'interleaved',
  'zb-h1',
  'zb-h2',
  'zbv',
  'dualpipe',
  'dualpipev',
]
const even = (n: number, value: number): number[] => Array.from({ length: n }, () => value)

function evenTimes(stages: number, f: number, b: number, w: number, send: number): StageTimes {
  return {
    forward: even(stages, f),
    backward: even(stages, b),
    weight: even(stages, w),
    sendForward: even(stages, send),
    sendBackward: even(stages, send),
  }
}

function run(name: ScheduleName, shape: ScheduleShape, times: StageTimes): Simulation {
  return simulate(schedule(name, shape, times), times)
}

/** Victarry/PP-Schedule-Visualization 1dd92bf; ../shared/planner/data/testvectors.json, pipeline_makespan_emulator. */
test.each<[ScheduleName, number, number, number, number, number, number]>([
  ['1f1b', 4, 1, 8, 1, 0, 33],
  ['1f1b', 4, 1, 8, 1, 0.1, 34.6],
  ['1f1b', 8, 1, 16, 1, 0, 69],
  ['1f1b', 8, 1, 16, 1, 0.1, 73],
  ['1f1b', 8, 1, 32, 1, 0, 117],
  ['1f1b', 8, 1, 32, 1, 0.1, 123.8],
  ['1f1b', 4, 1, 4, 1, 0, 21],
  ['1f1b', 4, 1, 4, 1, 0.1, 22],
  ['1f1b', 16, 1, 64, 1, 0, 237],
  ['1f1b', 16, 1, 64, 1, 0.1, 251.8],
  ['interleaved', 4, 2, 8, 0.5, 0, 28.5],
  ['interleaved', 8, 2, 16, 0.5, 0, 58.5],
  ['interleaved', 8, 4, 32, 0.25, 0, 101.25],
  ['interleaved', 4, 4, 16, 0.25, 0, 50.25],
  ['zb-h1', 4, 1, 8, 1, 0, 27],
  ['zb-h1', 8, 1, 16, 1, 0, 55],
  ['zb-h1', 8, 1, 32, 1, 0, 103],
  ['dualpipe', 8, 1, 20, 1, 0, 66],
  ['dualpipe', 8, 1, 32, 1, 0, 102],
  ['dualpipe', 4, 1, 10, 1, 0, 32],
  ['dualpipev', 4, 2, 10, 1, 0, 66],
  ['dualpipev', 8, 2, 20, 1, 0, 134],
])(
  '%s over %i ranks x %i chunks, %i micro-batches, F = %f = I = W, sends of %f takes %f',
  (name, pipeline, chunks, microBatches, f, send, makespan) => {
    const times = evenTimes(pipeline * chunks, f, 2 * f, f, send)
    expect(run(name, { pipeline, chunks, microBatches }, times).makespan).toBeCloseTo(makespan, 9)
  },
)

/** sail-sg/zero-bubble's own scheduler (3fd87fd); pipeline_makespan_zbv. Ours may be better: it tries more. */
test.each([
  [4, 8, 1000, 1000, 0, 51000],
  [4, 8, 1000, 1000, 50, 51750],
  [4, 8, 1500, 800, 20, 57600],
  [4, 12, 1000, 1000, 0, 75000],
  [4, 12, 1000, 1000, 50, 75750],
  [4, 12, 1500, 800, 20, 84000],
  [8, 16, 1000, 1000, 0, 103000],
  [8, 16, 1000, 1000, 50, 104750],
  [8, 16, 1500, 800, 20, 117480],
  [8, 24, 1000, 1000, 0, 151000],
  [8, 24, 1000, 1000, 50, 152750],
  [8, 24, 1500, 800, 20, 170280],
])(
  'zbv over %i ranks, %i micro-batches, I = %i, W = %i, sends of %i takes at most %i and at least 1 %% less',
  (pipeline, microBatches, input, weight, send, makespan) => {
    const times = evenTimes(2 * pipeline, 1000, input + weight, weight, send)
    const ours = run('zbv', { pipeline, chunks: 2, microBatches }, times).makespan
    expect(ours).toBeLessThanOrEqual(makespan)
    expect(ours).toBeGreaterThanOrEqual(0.99 * makespan)
  },
)

/** sail-sg/zero-bubble README, F = I = W: bubbles as parts of 1F1B's makespan; bubble_zero_bubble. zb-h2 and zbv between steps. */
test.each([
  { p: 4, m: 8, onef1b: 0.2727272727272727, zb1p: 0.0909090909090909 },
  { p: 8, m: 16, onef1b: 0.30434782608695654, zb1p: 0.10144927536231885 },
  { p: 8, m: 32, onef1b: 0.1794871794871795, zb1p: 0.05982905982905983 },
  { p: 16, m: 64, onef1b: 0.189873417721519, zb1p: 0.06329113924050633 },
])(
  'bubbles over $p ranks and $m micro-batches: 1f1b $onef1b, zb-h1 $zb1p of the step, zb-h2 and zbv none',
  ({ p, m, onef1b, zb1p }) => {
    const shape = { pipeline: p, chunks: 1, microBatches: m }
    const times = evenTimes(p, 1, 2, 1, 0)
    const work = 3 * m
    const total = run('1f1b', shape, times).makespan
    expect((total - work) / total).toBeCloseTo(onef1b, 9)
    expect((run('zb-h1', shape, times).makespan - work) / total).toBeCloseTo(zb1p, 9)
    expect(Math.max(...run('zb-h2', shape, times).span)).toBeCloseTo(work, 9)
    const folded = evenTimes(2 * p, 1, 2, 1, 0)
    expect(Math.max(...run('zbv', { ...shape, chunks: 2 }, folded).span)).toBeCloseTo(2 * work, 9)
  },
)

const anySchedule = fc
  .record({
    name: fc.constantFrom(...NAMES),
    pipeline: fc.integer({ min: 1, max: 8 }),
    chunks: fc.integer({ min: 1, max: 3 }),
    microBatches: fc.integer({ min: 1, max: 24 }),
    seconds: fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 24, maxLength: 24 }),
    backwardShare: fc.double({ min: 1, max: 3, noNaN: true }),
    weightShare: fc.double({ min: 0, max: 0.7, noNaN: true }),
    sends: fc.array(fc.integer({ min: 0, max: 10 }), { minLength: 24, maxLength: 24 }),
    isSendBlocking: fc.boolean(),
    overlappedShare: fc.constantFrom(1, 0.8),
  })
  .map(({ name, pipeline, chunks, microBatches, seconds, backwardShare, weightShare, sends, ...rest }) => {
    const held = name === 'interleaved' ? chunks + 1 : name === 'zbv' || name === 'dualpipev' ? 2 : 1
    const forward = Array.from({ length: pipeline * held }, (_, s) => seconds[s % 24]!)
    const backward = forward.map(f => f * backwardShare)
    const weight = backward.map(b => b * weightShare)
    const times: StageTimes = {
      forward,
      backward,
      weight,
      sendForward: forward.map((_, s) => sends[s % 24]!),
      sendBackward: sends,
      ...rest,
    }
    return {
      name,
      shape: { pipeline, chunks: held, microBatches },
      times: { ...times, sendBackward: times.sendForward! },
    }
  })
  .filter(({ name, shape }) => shapeProblem(name, shape) === undefined)

test('no rank does two things at once, nothing starts before what it needs has arrived, everything is done once', () => {
  fc.assert(
    fc.property(anySchedule, ({ name, shape, times }) => {
      const table = schedule(name, shape, times)
      const simulation = simulate(table, times)
      expectOneAtATime(table, simulation)
      expectNeedsMet(table, simulation, times)
      expectBounds(table, simulation, times)
    }),
    { numRuns: 300 },
  )
}, 60_000)

function expectOneAtATime({ firstOfRank, isPaired, pipeline }: Schedule, { start, end }: Simulation): void {
  for (let rank = 0; rank < pipeline; rank++) {
    for (let i = firstOfRank[rank]! + 1; i < firstOfRank[rank + 1]!; i++) {
      if (isPaired[i - 1]) expect([start[i], end[i]]).toEqual([start[i - 1], end[i - 1]])
      else expect(start[i]!).toBeGreaterThanOrEqual(end[i - 1]!)
    }
  }
}

function expectNeedsMet(table: Schedule, { start, end }: Simulation, times: StageTimes): void {
  const { kind, stage, microBatch, depth, numStages, microBatches, rankOfStage } = table
  const at = new Map<string, number>()
  for (let i = 0; i < kind.length; i++) {
    const key = `${kind[i] === INPUT ? BACKWARD : kind[i]} ${stage[i]} ${microBatch[i]}`
    expect(at.has(key)).toBe(false)
    at.set(key, i)
  }
  const endOf = (k: number, s: number, m: number): number => end[at.get(`${k} ${s} ${m}`)!]!
  for (let s = 0; s < numStages; s++) {
    for (let m = 0; m < microBatches; m++) {
      if (!passes(table, s, m)) continue
      const place = s % depth
      const [f, b] = [at.get(`${FORWARD} ${s} ${m}`)!, at.get(`${BACKWARD} ${s} ${m}`)!]
      const w = at.get(`${WEIGHT} ${s} ${m}`)
      const sendTo = (t: number, from: number): number =>
        rankOfStage[s] === rankOfStage[t] ? 0 : times.sendForward![from]!
      if (place > 0) expect(start[f]!).toBeGreaterThanOrEqual(endOf(FORWARD, s - 1, m) + sendTo(s - 1, place - 1))
      if (place < depth - 1) expect(start[b]!).toBeGreaterThanOrEqual(endOf(BACKWARD, s + 1, m) + sendTo(s + 1, place))
      expect(start[b]!).toBeGreaterThanOrEqual(end[f]!)
      expect(w !== undefined).toBe(kind[b] === INPUT)
      if (w !== undefined) expect(start[w]!).toBeGreaterThanOrEqual(end[b]!)
    }
  }
}

/** As long as the fullest rank's work and as one micro-batch's way there and back; as short as doing all one after another. */
function expectBounds(
  { depth, pipeline, microBatches }: Schedule,
  { makespan, busy, span }: Simulation,
  times: StageTimes,
): void {
  let onceThrough = 0
  let sends = 0
  for (let s = 0; s < depth; s++) onceThrough += times.forward[s]! + times.backward[s]! - times.weight![s]!
  for (let s = 0; s < depth; s++) sends += 2 * times.sendForward![s]!
  const shortest = times.overlappedShare === 1 ? onceThrough : onceThrough * times.overlappedShare!
  const weights = Array.from(times.weight!).reduce((sum, w) => sum + w, 0)
  const slack = 1 + 1e-9
  expect(makespan * slack).toBeGreaterThanOrEqual(Math.max(shortest, ...busy))
  expect(makespan).toBeLessThanOrEqual(microBatches * (onceThrough + weights + sends) * slack)
  for (let rank = 0; rank < pipeline; rank++) {
    expect(span[rank]! * slack).toBeGreaterThanOrEqual(busy[rank]!)
    expect(span[rank]!).toBeLessThanOrEqual(makespan * slack)
  }
}

test('what a rank holds at its worst is what the formula says, and never more for zero-bubble schedules', () => {
  fc.assert(
    fc.property(anySchedule, ({ name, shape, times }) => {
      const { peakInFlight } = run(name, shape, times)
      peakInFlight.forEach((peak, rank) => {
        const formula = inFlight(name, rank, shape)
        if (name.startsWith('zb')) expect(peak).toBeLessThanOrEqual(formula)
        else expect(peak, `${name} ${JSON.stringify(shape)} rank ${rank}`).toBe(formula)
      })
    }),
    { numRuns: 300 },
  )
}, 60_000)

/** Megatron-LM's get_pp_rank_microbatches (d98e8a64); interleaved_in_flight. */
test.each([
  [8, 4, 0, 39],
  [8, 4, 4, 31],
  [8, 4, 7, 25],
  [4, 2, 0, 11],
  [4, 2, 2, 7],
  [4, 2, 3, 5],
  [16, 3, 0, 63],
  [16, 3, 8, 47],
  [16, 3, 15, 33],
])('interleaved over %i ranks x %i chunks: rank %i holds %i chunks', (pipeline, chunks, rank, held) => {
  const shape = { pipeline, chunks, microBatches: 4 * pipeline }
  expect(inFlight('interleaved', rank, shape)).toBe(held)
  const { peakInFlight } = run('interleaved', shape, evenTimes(pipeline * chunks, 1, 2, 1, 0))
  expect(peakInFlight[rank]).toBe(held)
})

test('a send that blocks its sender costs at least as much as one that does not', () => {
  fc.assert(
    fc.property(anySchedule, ({ name, shape, times }) => {
      const table = schedule(name, shape, times)
      const hidden = simulate(table, { ...times, isSendBlocking: false }).makespan
      expect(simulate(table, { ...times, isSendBlocking: true }).makespan).toBeGreaterThanOrEqual(hidden)
    }),
  )
})

test('the same input gives the same table and times', () => {
  const times = evenTimes(16, 1, 2.3, 0.9, 0.05)
  const shape = { pipeline: 8, chunks: 2, microBatches: 19 }
  const [a, b] = [schedule('zbv', shape, times), schedule('zbv', shape, times)]
  expect(a).toEqual(b)
  expect(simulate(a, times)).toEqual(simulate(b, times))
})
