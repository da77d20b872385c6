/** PyTorch's table of a schedule and back. That PyTorch itself takes these tables is tried in test/frameworks/schedules.test.ts. */
import { expect, test } from 'vitest'
import { formatProblem, type Result } from '../../base/problem.ts'
import type { ScheduleName } from '../training/layout.ts'
import { schedule } from './schedule.ts'
import { readTorchTable, toTorchTable } from './torch-table.ts'

function unwrap<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(result.problems.map(formatProblem).join('\n'))
  return result.value
}

const problemsOf = (result: Result<unknown>): string[] => (result.ok ? [] : result.problems.map(formatProblem))

test('a table has a line a rank and a cell an action', () => {
  expect(unwrap(toTorchTable(schedule('1f1b', { pipeline: 2, chunks: 1, microBatches: 3 })))).toBe(
    '0F0,0F1,0B0,0F2,0B1,0B2\n1F0,1B0,1F1,1B1,1F2,1B2\n',
  )
})

/** Orders that PyTorch 2.15's own classes give (rank 0). */
test.each<[ScheduleName, number, number, number, string]>([
  ['interleaved', 2, 2, 4, '0F0,0F1,2F0,2F1,0F2,2B0,0F3,2B1,2F2,0B0,2F3,0B1,2B2,2B3,0B2,0B3'],
  ['zb-h1', 2, 1, 3, '0F0,0F1,0I0,0W0,0F2,0I1,0W1,0I2,0W2'],
  [
    'dualpipev',
    2,
    2,
    4,
    '0F0,0F1,0F2,3F0,3I0,3W0,3F1,(0F3;3B1)OVERLAP_F_B,(3F2;0B0)OVERLAP_F_B,3B2,(3F3;0B1)OVERLAP_F_B,3B3,0I2,0W2,0I3,0W3',
  ],
])(
  '%s over %i ranks x %i chunks and %i micro-batches orders rank 0 as PyTorch does',
  (name, pipeline, chunks, microBatches, first) => {
    expect(unwrap(toTorchTable(schedule(name, { pipeline, chunks, microBatches }))).split('\n')[0]).toBe(first)
  },
)

test.each<[ScheduleName, number, number, number]>([
  ['gpipe', 3, 1, 5],
  ['1f1b', 4, 1, 7],
  ['interleaved', 4, 3, 8],
  ['zb-h1', 4, 1, 6],
  ['zb-h2', 4, 1, 9],
  ['zbv', 4, 2, 8],
  ['dualpipev', 4, 2, 9],
])('%s over %i ranks x %i chunks and %i micro-batches comes back the same', (name, pipeline, chunks, microBatches) => {
  const table = schedule(name, { pipeline, chunks, microBatches })
  // The size of groups is in the order, not beside it.
  expect(unwrap(readTorchTable(unwrap(toTorchTable(table)), name))).toEqual({ ...table, groupSize: undefined })
})

test('idle cells and PyTorch’s own communication are passed over', () => {
  const read = unwrap(
    readTorchTable(
      '0UNSHARD,0F0,0SEND_F0,,0RECV_B0,0B0,0REDUCE_GRAD\r\n1RECV_F0,1F0,1B0,1SEND_B0,1WAIT_SEND_B0\r\n',
      '1f1b',
    ),
  )
  expect([read.pipeline, read.microBatches, read.kind.length]).toEqual([2, 1, 4])
})

test('a table that cannot run is refused with the action that is wrong', () => {
  expect(problemsOf(readTorchTable('0F0,0B0,x7\n1F0,1B0\n', '1f1b'))).toEqual([
    '[0][2] is "x7", but a cell is a stage, one of F, B, I and W, and a micro-batch. Write it like 0F0.',
  ])
  expect(problemsOf(readTorchTable('0F0,0B0\n1F0\n', '1f1b'))).toEqual([
    'cannot run, but 1B0 is missing. Correct the table, or leave it out to have it planned.',
  ])
  expect(problemsOf(readTorchTable('0F0,0B0,0F0\n1F0,1B0\n', '1f1b'))).toEqual([
    'cannot run, but 0F0 is there twice. Correct the table, or leave it out to have it planned.',
  ])
  expect(problemsOf(readTorchTable('0B0,0F0\n1F0,1B0\n', '1f1b'))).toEqual([
    'cannot run, but 0B0 comes before its forward. Correct the table, or leave it out to have it planned.',
  ])
  expect(problemsOf(readTorchTable('0F0,0F1,0B1,0B0\n1F0,1B0,1F1,1I1\n', '1f1b'))).toEqual([
    'cannot run, but 1W1 is missing. Correct the table, or leave it out to have it planned.',
  ])
  expect(problemsOf(readTorchTable('0F0,0B0,0F1,0B1\n1F1,1B1,1F0,1B0\n', '1f1b'))).toEqual([
    'cannot run, but rank 0 waits for ever before 0B0. Correct the table, or leave it out to have it planned.',
  ])
  expect(problemsOf(readTorchTable('0F0,0B0\n0F1,0B1\n', '1f1b'))).toEqual([
    'has 1 stages on 2 ranks, but every rank holds as many stages as any other. Give a line of actions for each rank.',
  ])
  expect(problemsOf(readTorchTable('\n', '1f1b'))).toEqual([
    'the table is empty. Give a line of actions for each rank.',
  ])
})

test('dualpipe, whose stages lie on two ranks each, is no table of PyTorch’s', () => {
  expect(problemsOf(toTorchTable(schedule('dualpipe', { pipeline: 2, chunks: 1, microBatches: 4 })))).toEqual([
    'dualpipe has no table for PyTorch, but there a stage lies on one rank, and here on two, one for each direction. Use dualpipev, which runs the same order on half the ranks.',
  ])
})
