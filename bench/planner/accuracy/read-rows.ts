/** Rows of a file as runs that can be predicted, and those that cannot with the reason. */
import { readFileSync } from 'node:fs'
import type { StepInput } from '../../../src/planner/cost/prediction.ts'
import { readRow, stepSecondsOf } from '../rows/read-row.ts'
import { parseRows, type Row } from '../rows/row.ts'

export interface Run {
  readonly row: Row
  readonly input: StepInput
  /** Undefined where only memory was published. */
  readonly measuredSeconds: number | undefined
}

export interface Skipped {
  readonly row: Row
  readonly skipped: string
}

export interface RowsOfFile {
  readonly runs: readonly Run[]
  readonly skipped: readonly Skipped[]
}

export function rowsOf(rows: readonly Row[]): RowsOfFile {
  const runs: Run[] = []
  const skipped: Skipped[] = []
  for (const row of rows) {
    const read = readRow(row)
    if ('skipped' in read) skipped.push({ row, skipped: read.skipped })
    else runs.push({ row, input: read.input, measuredSeconds: stepSecondsOf(row) })
  }
  return { runs, skipped }
}

export const readRowsFile = (path: string): RowsOfFile => rowsOf(parseRows(readFileSync(path, 'utf8')))
