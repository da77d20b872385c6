/** Small schedules drawn, F = I = W: a change of an order shows here. `npx vitest run src/planner/schedule/picture.test.ts -u` rewrites them. */
import { expect, test } from 'vitest'
import type { ScheduleName } from '../training/layout.ts'
import { drawSchedule } from './picture.ts'
import { schedule } from './schedule.ts'
import { simulate } from './simulate.ts'

function draw(name: ScheduleName, pipeline: number, chunks: number, microBatches: number): string {
  const stages = Array.from({ length: pipeline * chunks }, () => 1)
  const times = { forward: stages, backward: stages.map(() => 2), weight: stages }
  const table = schedule(name, { pipeline, chunks, microBatches }, times)
  return `\n${drawSchedule(table, simulate(table, times), 1)}\n`
}

test('gpipe', () =>
  expect(draw('gpipe', 4, 1, 4)).toMatchInlineSnapshot(`
  "
  rank 0  0123.........aabbccdd
  rank 1  .0123......aabbccdd..
  rank 2  ..0123...aabbccdd....
  rank 3  ...0123aabbccdd......
  "
`))
test('1f1b', () =>
  expect(draw('1f1b', 4, 1, 8)).toMatchInlineSnapshot(`
  "
  rank 0  0123......aa4bb5cc6dd7ee.ff.gg.hh
  rank 1  .012....aa3bb4cc5dd6ee7ff.gg.hh..
  rank 2  ..01..aa2bb3cc4dd5ee6ff7gg.hh....
  rank 3  ...0aa1bb2cc3dd4ee5ff6gg7hh......
  "
`))
test('interleaved', () =>
  expect(draw('interleaved', 4, 2, 4)).toMatchInlineSnapshot(`
  "
  rank 0  01230123......AA.BB.CC.DDaabbccdd
  rank 1  .01230123...AA.BB.CC.DDaabbccdd..
  rank 2  ..0123012.AA3BB.CC.DDaabbccdd....
  rank 3  ...01230AA1BB2CC3DDaabbccdd......
  "
`))
test('zb-h1', () =>
  expect(draw('zb-h1', 4, 1, 8)).toMatchInlineSnapshot(`
  "
  rank 0  0123...a'4b'5c'6d'7e'f'g'h'
  rank 1  .012..a3b'4c'5d'6e'7f'g'h''
  rank 2  ..01.a2b3c'4d'5e'6f'7g'h'''
  rank 3  ...0a1b2c3d'4e'5f'6g'7h''''
  "
`))
test('zb-h2', () =>
  expect(draw('zb-h2', 4, 1, 8)).toMatchInlineSnapshot(`
  "
  rank 0  0123456a'7b'c'd'e'f'g'h'...
  rank 1  .01234a5b6c'7d'e'f'g'h'''..
  rank 2  ..012a3b4c5d6e'7f'g'h'''''.
  rank 3  ...0a1b2c3d4e5f6g'7h'''''''
  "
`))
test('zbv', () =>
  expect(draw('zbv', 4, 2, 6)).toMatchInlineSnapshot(`
  "
  rank 0  012345.0A1B'2C'3D'a'4E'b'5Fc'd'e'f'''..
  rank 1  .01234051A'2B'3C'a'4D'b'5EcFd'e'f''''..
  rank 2  ..01203142A'3B'5a'4C'b'5DcEdFe'f''''''.
  rank 3  ...00112233A'4a'4B'5b'5CcDdEeFf''''''''
  "
`))
test('dualpipe', () =>
  expect(draw('dualpipe', 4, 1, 10)).toMatchInlineSnapshot(`
  "
  rank 0  0125f'6***.*********ii.***jjd'e'
  rank 1  .05162ff***************iidd.je''
  rank 2  .50617aa***************ddii.ej''
  rank 3  5670a'1***.*********dd.***eei'j'
  "
`))
test('dualpipev', () =>
  expect(draw('dualpipev', 2, 2, 6)).toMatchInlineSnapshot(`
  "
  rank 0  0120A'1***.***************EE.***FFe'f'
  rank 1  .00112AA*********************EEee.Ff''
  "
`))

test('a long step is drawn in a hundred characters', () => {
  const times = { forward: [1, 1], backward: [2, 2] }
  const table = schedule('1f1b', { pipeline: 2, chunks: 1, microBatches: 200 })
  expect(
    drawSchedule(table, simulate(table, times))
      .split('\n')
      .map(line => line.length),
  ).toEqual([108, 108])
})
