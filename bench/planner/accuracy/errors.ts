/** Errors of predictions by group and stratum, as the table asks for them. */
import type { Row } from '../rows/row.ts'
import { splitOf } from '../rows/splits.ts'

export interface Judged {
  readonly row: Row
  /** predicted / measured - 1; a row that could not be predicted counts as wrong by its whole time. */
  readonly error: number
}

export interface Stratum {
  readonly name: string
  readonly rows: number
  readonly median: number
  readonly p90: number
  readonly mean: number
  readonly max: number
  readonly bias: number
}

export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(q * sorted.length) - 1))] ?? Number.NaN
}

export function stratum(name: string, judged: readonly Judged[]): Stratum {
  const sizes = judged.map(one => Math.abs(one.error))
  return {
    name,
    rows: judged.length,
    median: quantile(sizes, 0.5),
    p90: quantile(sizes, 0.9),
    mean: sizes.reduce((sum, size) => sum + size, 0) / sizes.length,
    max: Math.max(...sizes),
    bias: quantile(
      judged.map(one => one.error),
      0.5,
    ),
  }
}

const isMoe = (row: Row): boolean => (row.model.experts ?? 0) > 0
const isLong = (row: Row): boolean => (row.seq ?? 0) >= 16_384

/** All, each source, mixtures of experts and long sequences, of each split and together. */
export function strata(judged: readonly Judged[]): readonly Stratum[] {
  const answers: Stratum[] = []
  for (const split of ['calibration', 'validation'] as const) {
    const own = judged.filter(one => splitOf(one.row) === split)
    if (own.length === 0) continue
    answers.push(stratum(split, own), ...parts(split, own))
  }
  return answers
}

export function parts(prefix: string, judged: readonly Judged[]): readonly Stratum[] {
  const groups = [...new Set(judged.map(one => one.row.source_group))].sort()
  const moe = judged.filter(one => isMoe(one.row))
  const long = judged.filter(one => isLong(one.row))
  return [
    ...groups.map(group =>
      stratum(
        `${prefix} / ${group}`,
        judged.filter(one => one.row.source_group === group),
      ),
    ),
    ...(moe.length > 0 ? [stratum(`${prefix} / mixtures of experts`, moe)] : []),
    ...(long.length > 0 ? [stratum(`${prefix} / sequences of 16,384 and more`, long)] : []),
  ]
}

const percent = (share: number): string => `${(100 * share).toFixed(1)}`

export function strataTable(all: readonly Stratum[]): string {
  const head = ['error, %'.padEnd(52), 'rows', 'median', 'p90', 'mean', 'max', 'bias']
  const lines = all.map(one => [
    one.name.padEnd(52),
    String(one.rows),
    ...[one.median, one.p90, one.mean, one.max, one.bias].map(percent),
  ])
  return [head, ...lines].map(line => line.map((cell, i) => (i === 0 ? cell : cell.padStart(7))).join(' ')).join('\n')
}
