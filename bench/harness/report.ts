/** What every benchmark shares: interleaved runs, medians, a table on stdout, JSON with the conditions under bench/results/. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus, loadavg, totalmem } from 'node:os'
import { join } from 'node:path'
import { packageRoot } from '../../src/base/package-root.ts'

export interface Measured {
  readonly what: string
  readonly unit: string
  readonly values: readonly number[]
  /** What is taken off or compared with, measured in the same run. */
  readonly rival?: {
    readonly what: string
    readonly values: readonly number[]
    readonly as: 'minus' | 'ratio' | 'speed-up'
  }
  readonly bar?: { readonly at: 'most' | 'least'; readonly value: number }
  /** Which figure the bar judges; the median unless said. */
  readonly judge?: 'p50' | 'p99' | 'max'
}

export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(q * sorted.length) - 1))] ?? Number.NaN
}

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/** Runs every case once a round, in the order given and then reversed (A B B A), so that a drift of the machine hits all alike. */
export async function interleave<K extends string>(
  rounds: number,
  cases: Readonly<Record<K, (round: number) => Promise<number>>>,
  warmups = 1,
): Promise<Record<K, number[]>> {
  const names = Object.keys(cases) as K[]
  const values = Object.fromEntries(names.map(name => [name, [] as number[]])) as unknown as Record<K, number[]>
  for (let round = -warmups; round < rounds; round++) {
    for (const name of round % 2 === 0 ? names : [...names].reverse()) {
      const value = await cases[name](round)
      if (round >= 0) values[name].push(value)
    }
    progress(`round ${Math.max(0, round + 1)} of ${rounds}`)
  }
  return values
}

export function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r${text}\x1b[K`)
}

/** The judged figure: the median (or quantile) of the values, less or over the rival's median. */
function figureOf({ values, rival, judge = 'p50' }: Measured): number {
  const own = judge === 'p50' ? median(values) : judge === 'p99' ? quantile(values, 0.99) : Math.max(...values)
  if (!rival) return own
  const other = median(rival.values)
  return rival.as === 'minus' ? own - other : rival.as === 'ratio' ? own / other : other / own
}

const meets = (row: Measured): boolean | undefined =>
  row.bar === undefined
    ? undefined
    : row.bar.at === 'most'
      ? figureOf(row) <= row.bar.value
      : figureOf(row) >= row.bar.value

const short = (value: number): string =>
  Math.abs(value) >= 100 ? value.toFixed(0) : Math.abs(value) >= 10 ? value.toFixed(1) : value.toFixed(2)

const WORD = { minus: 'over', ratio: 'that of', 'speed-up': 'faster than' } as const

function line(row: Measured): string[] {
  const unit = row.rival && row.rival.as !== 'minus' ? 'x' : row.unit
  const verdict = meets(row)
  return [
    row.what,
    `${short(median(row.values))} ${row.unit}`,
    `${short(Math.min(...row.values))}–${short(Math.max(...row.values))}`,
    row.rival ? `${row.rival.what}: ${short(median(row.rival.values))} ${row.unit}` : '',
    row.rival || row.judge
      ? `${short(figureOf(row))} ${unit}${row.rival ? ` ${WORD[row.rival.as]}` : ` ${row.judge}`}`
      : '',
    row.bar ? `${row.bar.at === 'most' ? '<=' : '>='} ${row.bar.value}` : '',
    verdict === undefined ? '' : verdict ? 'met' : 'MISSED',
    String(row.values.length),
  ]
}

const HEAD = ['WHAT', 'MEDIAN', 'MIN–MAX', 'BESIDE', 'FIGURE', 'BAR', '', 'RUNS']

/** Prints the table and writes `bench/results/<name>.json`. */
export function report(
  name: string,
  rows: readonly Measured[],
  conditions: Readonly<Record<string, unknown>> = {},
): void {
  progress('')
  const lines = [HEAD, ...rows.map(line)]
  const widths = HEAD.map((_, column) => Math.max(...lines.map(cells => cells[column]!.length)))
  for (const cells of lines)
    console.log(
      cells
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
  const folder = join(packageRoot(), 'bench', 'results')
  mkdirSync(folder, { recursive: true })
  const file = join(folder, `${name}.json`)
  const results = rows.map(row => ({ ...row, median: median(row.values), figure: figureOf(row), met: meets(row) }))
  writeFileSync(
    file,
    `${JSON.stringify({ name, conditions: { ...machine(), ...conditions }, results }, undefined, 2)}\n`,
  )
  console.log(`\n${file}`)
}

function machine(): Record<string, unknown> {
  const version = JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')).version
  return {
    date: new Date().toISOString(),
    solvent: version,
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    cpu: cpus()[0]?.model,
    cores: cpus().length,
    memoryBytes: totalmem(),
    loadBefore: loadavg()[0],
  }
}
