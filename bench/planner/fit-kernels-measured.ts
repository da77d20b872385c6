/** The measured kernels of `extract/*.csv`, as rows with one time each. */
import { readFileSync } from 'node:fs'
import type { Device } from '../../src/planner/fleet/device.ts'
import { device } from '../../src/planner/fleet/devices.ts'

/** The names of the measuring package and ours. */
export const MEASURED_DEVICES: Readonly<Record<string, string>> = {
  a100_sxm: 'A100-80GB SXM',
  h100_sxm: 'H100-80GB SXM',
  h200_sxm: 'H200-141GB SXM',
  b200_sxm: 'B200 SXM',
  b300_sxm: 'B300 SXM',
  gb200: 'GB200 NVL72',
  gb300: 'GB300 NVL72',
}

export function measuredDevice(key: string): Device {
  const found = device(MEASURED_DEVICES[key]!)
  if (!found.ok) throw new Error(`no device ${key}`)
  return found.value
}

export interface Measured {
  /** By the names of the table's key columns. */
  readonly shape: Readonly<Record<string, number>>
  readonly seconds: number
  /** Kept out of the fit: a fifth of the shapes, chosen by weight shape so that no sibling of it is fitted. */
  readonly heldOut: boolean
}

/** One column of a table; `group` names the key columns whose values are held out together. */
export function measured(table: string, column: string, group: readonly string[]): Measured[] {
  const lines = readFileSync(`${import.meta.dirname}/extract/${table}.csv`, 'utf8')
    .trimEnd()
    .split('\n')
  const names = lines[1]!.split(',')
  const at = names.indexOf(column)
  if (at < 0) return []
  const numKeys = names.findIndex(name => Object.keys(MEASURED_DEVICES).includes(name.split('.')[0]!))
  return lines.slice(2).flatMap(line => {
    const cells = line.split(',')
    if (cells[at] === '' || cells[at] === undefined) return []
    const shape = Object.fromEntries(names.slice(0, numKeys).map((name, i) => [name, Number(cells[i])]))
    const heldOut = hash(group.map(name => shape[name]).join()) < 0.2
    return [{ shape, seconds: Number(cells[at]) * 1e-6, heldOut }]
  })
}

export function columnsOf(table: string): string[] {
  const [, names] = readFileSync(`${import.meta.dirname}/extract/${table}.csv`, 'utf8').split('\n')
  return names!.split(',').filter(name => Object.keys(MEASURED_DEVICES).includes(name.split('.')[0]!))
}

/** In [0, 1), the same everywhere. */
function hash(text: string): number {
  let value = 2166136261
  for (const character of text) value = Math.imul(value ^ character.charCodeAt(0), 16777619)
  value = Math.imul(value ^ (value >>> 15), 2246822507)
  return ((value ^ (value >>> 13)) >>> 0) / 2 ** 32
}

export interface Errors {
  readonly count: number
  readonly median: number
  readonly p90: number
  /** Of the logarithm: below 0 the model is too fast. */
  readonly bias: number
}

export const errorsOf = (rows: readonly Measured[], predict: (row: Measured) => number): Errors =>
  errorsOfPairs(rows.map(row => ({ seconds: row.seconds, predicted: predict(row) })))

export function errorsOfPairs(pairs: readonly { readonly seconds: number; readonly predicted: number }[]): Errors {
  const signed = pairs.map(({ seconds, predicted }) => predicted / seconds - 1).toSorted((a, b) => a - b)
  const sizes = signed.map(Math.abs).toSorted((a, b) => a - b)
  const at = (values: readonly number[], part: number) =>
    values[Math.min(values.length - 1, Math.floor(part * values.length))] ?? 0
  return { count: pairs.length, median: at(sizes, 0.5), p90: at(sizes, 0.9), bias: at(signed, 0.5) }
}
