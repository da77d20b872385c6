/** The trace of a small step, as Chrome and Perfetto read it. */
import { expect, test } from 'vitest'
import { toChromeTrace } from './chrome-trace.ts'
import { schedule } from './schedule.ts'
import { simulate } from './simulate.ts'

const SHAPE = { pipeline: 2, chunks: 1, microBatches: 2 }
const TIMES = { forward: [1e-3, 1e-3], backward: [2e-3, 2e-3], sendForward: [1e-4, 0], sendBackward: [1e-4, 0] }

test('bars of a rank follow one another, arrows join what was sent with what waited, a counter ends at zero', () => {
  const table = schedule('1f1b', SHAPE)
  const { traceEvents } = toChromeTrace(table, simulate(table, TIMES), [{ name: 'optimizer', seconds: 5e-4 }])
  const bars = traceEvents.filter(e => e.ph === 'X' && e.pid === 1).map(e => `${e.name} ${e.ts}+${Math.round(e.dur!)}`)
  expect(bars).toEqual(['F0 1100+1000', 'B0 2100+2000', 'F1 4100+1000', 'B1 5100+2000', 'optimizer 9200+500'])
  const starts = traceEvents.filter(e => e.ph === 's')
  const finishes = traceEvents.filter(e => e.ph === 'f')
  expect(starts.map(e => e.id)).toEqual(finishes.map(e => e.id))
  expect(starts).toHaveLength(4)
  const held = traceEvents.filter(e => e.ph === 'C' && e.pid === 0).map(e => e.args!.held)
  expect(held).toEqual([1, 2, 1, 0])
  expect(traceEvents.filter(e => e.name === 'process_name').map(e => e.args!.name)).toEqual([
    'pipeline rank 0: stage 0',
    'pipeline rank 1: stage 1',
  ])
})

test('the two actions of a pair are drawn at the same time on two tracks', () => {
  const table = schedule('dualpipev', { pipeline: 2, chunks: 2, microBatches: 4 })
  const times = { forward: [1, 1, 1, 1], backward: [2, 2, 2, 2] }
  const { traceEvents } = toChromeTrace(table, simulate(table, times))
  const second = traceEvents.filter(e => e.ph === 'X' && e.tid === 1)
  expect(second.length).toBe(table.isPaired.reduce((sum, paired) => sum + paired, 0))
  for (const bar of second)
    expect(traceEvents.some(e => e.tid === 0 && e.pid === bar.pid && e.ph === 'X' && e.ts === bar.ts)).toBe(true)
})
