/**
 * Steps that the user has measured (`solvent plan --measured FILE`): read, held against their predictions, kept as one factor in the state
 * folder, used by every later `plan` for the same kind of software on the same device until they are forgotten (`--measured none`).
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { MeasuredFactor, MeasuredStep } from '../planner/explain/measured-factor.ts'
import type { TrainingAnalysis } from '../planner/explain/training/analysis.ts'
import type { Parallelism, TrainingJobSpec } from '../spec/training-job.ts'
import { EXIT, Exit, usageError } from './exit.ts'

/** One line of the file. What is absent of the layout is as in the plan. */
export interface MeasuredRow {
  readonly stepSeconds: number
  readonly parallelism?: Parallelism
  /** Further fields of the spec that were other than planned: `microBatch`, `schedule`, `recompute`, … */
  readonly spec?: Partial<TrainingJobSpec>
}

/** JSON, JSON lines or a list of either; `{ stepSeconds }`, or `{ step_time_s }` as in the published rows. */
export function readMeasured(file: string): readonly MeasuredRow[] {
  const rows = parsed(file, textOf(file)).map(row => asRow(file, row))
  if (rows.length === 0) throw usageError(`${file} holds no measured step: { "stepSeconds": 4.31 }`)
  return rows
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new Exit(EXIT.usage, `${file} cannot be read: ${(error as Error).message}`)
  }
}

function parsed(file: string, text: string): readonly unknown[] {
  try {
    const whole: unknown = JSON.parse(text)
    return Array.isArray(whole) ? whole : [whole]
  } catch {
    const lines = text.split('\n').filter(line => line.trim() !== '')
    return lines.map((line, i) => {
      try {
        return JSON.parse(line) as unknown
      } catch {
        throw new Exit(EXIT.usage, `${file}:${i + 1} is no JSON. Write one step a line: { "stepSeconds": 4.31 }`)
      }
    })
  }
}

function asRow(file: string, row: unknown): MeasuredRow {
  const { stepSeconds, step_time_s, parallelism, ...spec } = (row ?? {}) as Record<string, unknown>
  const seconds = stepSeconds ?? step_time_s
  if (typeof seconds !== 'number' || !(seconds > 0)) {
    throw new Exit(
      EXIT.usage,
      `${file}: ${JSON.stringify(row)} has no stepSeconds above 0. Write { "stepSeconds": 4.31 }`,
    )
  }
  return {
    stepSeconds: seconds,
    ...(parallelism ? { parallelism: parallelism as Parallelism } : {}),
    spec: spec as Partial<TrainingJobSpec>,
  }
}

/** For whom a factor counts: one kind of software on one kind of device. */
export const ownerOf = ({ software, fleet }: TrainingAnalysis): string =>
  [software.family, ...new Set(fleet.pools.map(({ device }) => device.name))].join(' on ')

type Stored = Readonly<Record<string, MeasuredFactor & { readonly measured: readonly MeasuredStep[] }>>

const fileIn = (folder: string): string => join(folder, 'measured.json')

export function storedFactor(folder: string, owner: string): Stored[string] | undefined {
  return stored(folder)[owner]
}

export function storeFactor(folder: string, owner: string, factor: Stored[string] | undefined): void {
  const { [owner]: _, ...others } = stored(folder)
  mkdirSync(folder, { recursive: true })
  const file = fileIn(folder)
  writeFileSync(`${file}.new`, `${JSON.stringify(factor ? { ...others, [owner]: factor } : others, undefined, 2)}\n`)
  renameSync(`${file}.new`, file)
}

function stored(folder: string): Stored {
  try {
    return JSON.parse(readFileSync(fileIn(folder), 'utf8')) as Stored
  } catch {
    return {}
  }
}
