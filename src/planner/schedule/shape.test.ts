/** Which pipelines each schedule can run, and what is said of those that it cannot. */
import { expect, test } from 'vitest'
import type { ScheduleName } from '../training/layout.ts'
import { schedule } from './schedule.ts'
import { groupOf, shapeProblem } from './shape.ts'

test.each<[ScheduleName, number, number, number, string | undefined]>([
  ['1f1b', 4, 1, 1, undefined],
  ['1f1b', 4, 2, 8, '1f1b has 1 chunk a rank: Set chunks to 1, or use interleaved.'],
  ['interleaved', 4, 1, 8, 'interleaving needs several chunks a rank: Use 2 chunks or more, or 1f1b.'],
  ['interleaved', 4, 2, 10, '10 micro-batches leave a group of 2 for 4 ranks: Use 8 or 12 micro-batches.'],
  ['interleaved', 4, 2, 3, '3 micro-batches leave a group of 3 for 4 ranks: Use 4 micro-batches.'],
  ['zbv', 4, 1, 8, 'zbv has 2 chunks a rank: Set chunks to 2.'],
  ['dualpipe', 3, 1, 8, 'each end of dualpipe starts half of the micro-batches and ranks: Use even numbers of both.'],
  ['dualpipe', 4, 1, 6, 'dualpipe over 4 ranks needs 8 micro-batches: Use 8 micro-batches or more, or 1f1b.'],
  ['dualpipev', 4, 2, 7, 'dualpipev over 4 ranks needs 8 micro-batches: Use 8 micro-batches or more, or 1f1b.'],
  ['gpipe', 0, 1, 8, 'ranks, chunks and micro-batches are whole numbers from 1: Use whole numbers from 1.'],
])('%s over %i ranks x %i chunks with %i micro-batches: %s', (name, pipeline, chunks, microBatches, expected) => {
  const problem = shapeProblem(name, { pipeline, chunks, microBatches })
  expect(problem && `${problem.why}: ${problem.fix}`).toBe(expected)
})

test('groups of another size than the pipeline keep every micro-batch', () => {
  const table = schedule('interleaved', { pipeline: 4, chunks: 2, microBatches: 11, groupSize: 6 })
  expect(table.kind.length).toBe(2 * 8 * 11)
  expect(shapeProblem('interleaved', { pipeline: 4, chunks: 2, microBatches: 8, groupSize: 3 })?.why).toBe(
    'a group of 3 micro-batches does not fill 4 ranks',
  )
})

test('ten micro-batches over four ranks fall into two groups of five, as in PyTorch', () => {
  const shape = { pipeline: 4, chunks: 2, microBatches: 10 }
  expect(groupOf(shape)).toBe(5)
  expect(schedule('interleaved', shape).groupSize).toBe(5)
  expect(groupOf({ ...shape, microBatches: 8 })).toBe(4)
  expect(groupOf({ ...shape, microBatches: 9 })).toBe(5)
})

test('any number of micro-batches can be interleaved', () => {
  for (const pipeline of [2, 3, 4, 7, 8]) {
    for (const chunks of [2, 3, 5]) {
      for (let microBatches = 1; microBatches <= 30; microBatches++) {
        const table = schedule('interleaved', { pipeline, chunks, microBatches })
        expect(table.kind.length).toBe(2 * pipeline * chunks * microBatches)
      }
    }
  }
})
