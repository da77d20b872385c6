/** How many measured times lie within their band, by group, for mixtures of experts and over all; and how wide the bands are. */
import { spreadOf } from '../../../src/planner/cost/band.ts'
import type { BandTable } from '../../../src/planner/cost/band-table.ts'
import type { Residual } from '../fit/bands.ts'
import { quantile } from './errors.ts'

export interface Coverage {
  readonly name: string
  readonly rows: number
  /** Share of rows within. */
  readonly within: number
  /** Median of the band's width over its middle. */
  readonly width: number
}

export interface Banded {
  readonly residual: Residual
  readonly table: BandTable
}

export function coverageOf(banded: readonly Banded[]): readonly Coverage[] {
  const groups = [...new Set(banded.map(one => one.residual.run.row.source_group))].sort()
  return [
    covered('all', banded),
    ...groups.map(group =>
      covered(
        group,
        banded.filter(one => one.residual.run.row.source_group === group),
      ),
    ),
    covered(
      'mixtures of experts',
      banded.filter(one => one.residual.like.isMoe),
    ),
  ]
}

function covered(name: string, banded: readonly Banded[]): Coverage {
  const spreads = banded.map(({ residual, table }) => ({ log: residual.log, ...spreadOf(residual.like, table) }))
  return {
    name,
    rows: spreads.length,
    within: spreads.filter(({ log, low, high }) => log >= low && log <= high).length / Math.max(1, spreads.length),
    width: quantile(
      spreads.map(({ low, high }) => high - low),
      0.5,
    ),
  }
}

export function coverageTable(all: readonly Coverage[]): string {
  const lines = all.map(({ name, rows, within, width }) =>
    [
      name.padEnd(52),
      String(rows).padStart(7),
      (100 * within).toFixed(0).padStart(7),
      (100 * width).toFixed(0).padStart(7),
    ].join(' '),
  )
  return [`${'80 % band'.padEnd(52)}    rows within, % width, %`, ...lines].join('\n')
}
