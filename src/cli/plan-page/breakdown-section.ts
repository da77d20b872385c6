/** Where the step's time goes, as bars. */

import { columns } from '../../planner/explain/table.ts'
import type { BreakdownRow, TrainingAnalysis } from '../../planner/explain/training/analysis.ts'
import type { Style } from '../terminal.ts'
import { bar } from './bar.ts'
import { percent, seconds } from './figures.ts'
import type { Section } from './section.ts'

const ROWS = 8
const WIDTH = 30

export function breakdownSection({ breakdown, byAxis }: TrainingAnalysis, style: Style): Section {
  const rows = shownRows(breakdown)
  const most = Math.max(...rows.map(({ share }) => share), 0)
  return {
    title: 'Where the step goes',
    lines: columns(
      rows.map(({ label, seconds: time, share }) => [
        label,
        bar(most > 0 ? share / most : 0, WIDTH),
        seconds(time).padStart(8),
        percent(share).padStart(7),
      ]),
    )
      .map(line => coloured(line, style))
      .concat(axisLine(byAxis).map(style.dim)),
  }
}

/** The largest; the small ones together. */
function shownRows(breakdown: readonly BreakdownRow[]): readonly Pick<BreakdownRow, 'label' | 'seconds' | 'share'>[] {
  const there = breakdown.filter(({ share }) => share >= 0.0005)
  const shown = there.slice(0, ROWS)
  const rest = there.slice(ROWS)
  if (rest.length === 0) return shown
  const sum = (of: (row: BreakdownRow) => number): number => rest.reduce((total, row) => total + of(row), 0)
  return [...shown, { label: `${rest.length} smaller`, seconds: sum(row => row.seconds), share: sum(row => row.share) }]
}

const coloured = (line: string, style: Style): string => line.replace(/[█▏▎▍▌▋▊▉]+/, blocks => style.cyan(blocks))

/** The same by who makes the step wait; what is nothing is left out. */
function axisLine(byAxis: TrainingAnalysis['byAxis']): readonly string[] {
  const there = byAxis.filter(({ share }) => share >= 0.0005)
  return there.length === 0
    ? []
    : [`by axis: ${there.map(({ axis, share }) => `${axis} ${percent(share)}`).join(', ')}`]
}
