/** PyTorch's pipelining reads our tables, finds them valid, adds its sends and receives, and runs through them without a deadlock. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { schedule } from '../../src/planner/schedule/schedule.ts'
import { toTorchTable } from '../../src/planner/schedule/torch-table.ts'
import type { ScheduleName } from '../../src/planner/training/layout.ts'
import { pythonWithFrameworks } from './python-environment.ts'

interface Answer {
  readonly name: string
  /** Steps of the dry run. */
  readonly steps?: number
  /** The table is the one that PyTorch's class of this schedule makes. */
  readonly isTheirs?: boolean
  readonly error?: string
}

const CASES: readonly (readonly [ScheduleName, number, number, number])[] = [
  ['gpipe', 4, 1, 6],
  ['1f1b', 4, 1, 8],
  ['1f1b', 8, 1, 5],
  ['interleaved', 4, 2, 8],
  ['interleaved', 4, 3, 10],
  ['zb-h1', 4, 1, 8],
  ['zb-h1', 8, 1, 9],
  ['zb-h2', 4, 1, 12],
  ['zbv', 4, 2, 3],
  ['zbv', 4, 2, 8],
  ['zbv', 8, 2, 20],
  ['dualpipev', 4, 2, 10],
  ['dualpipev', 8, 2, 16],
]

const folder = mkdtempSync(join(tmpdir(), 'solvent-schedules-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const answers = new Map<string, Answer>()
const nameOf = (values: readonly unknown[]): string => values.join('-')

beforeAll(() => {
  const cases = CASES.map(([name, pipeline, chunks, microBatches]) => {
    const table = toTorchTable(schedule(name, { pipeline, chunks, microBatches }))
    if (!table.ok) throw new Error(`${name} has no table`)
    const path = join(folder, `${nameOf([name, pipeline, chunks, microBatches])}.csv`)
    writeFileSync(path, table.value)
    return {
      name: nameOf([name, pipeline, chunks, microBatches]),
      path,
      schedule: name,
      pipeline,
      chunks,
      microBatches,
    }
  })
  const spoiled = join(folder, 'spoiled.csv')
  writeFileSync(spoiled, '0F0,0B0\n1B0,1F0\n')
  const bad = { name: 'spoiled', path: spoiled, schedule: '1f1b', pipeline: 2, chunks: 1, microBatches: 1 }
  const output = execFileSync(pythonWithFrameworks(), [join(import.meta.dirname, 'read-schedules.py')], {
    input: JSON.stringify([...cases, bad]),
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  const read: readonly Answer[] = JSON.parse(output.toString().trim().split('\n').at(-1)!)
  for (const answer of read) answers.set(answer.name, answer)
}, 1_800_000)

test.each(CASES)('%s over %i ranks x %i chunks with %i micro-batches runs in PyTorch', (...values) => {
  const answer = answers.get(nameOf(values))
  expect(answer?.error).toBeUndefined()
  expect(answer?.steps).toBeGreaterThan(0)
})

test.each(CASES.filter(([name]) => name === 'interleaved' || name === 'zb-h1' || name === 'dualpipev'))(
  '%s over %i ranks x %i chunks with %i micro-batches is the very table that PyTorch makes',
  (...values) => {
    expect(answers.get(nameOf(values))?.isTheirs).toBe(true)
  },
)

test('a table with a backward before its forward is refused', () => {
  expect(answers.get('spoiled')?.error).toMatch(/without first running Forward/)
})
