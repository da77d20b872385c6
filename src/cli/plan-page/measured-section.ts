/** A measured step against its prediction, and what single effect would have to be other than predicted to explain the difference. */
import type { MeasuredFactor, MeasuredStep } from '../../planner/explain/measured-factor.ts'
import { columns } from '../../planner/explain/table.ts'
import type { BreakdownRow } from '../../planner/explain/training/analysis.ts'
import { percent, seconds } from './figures.ts'
import type { Section } from './section.ts'

const EFFECTS = 4

/** `breakdown`: of the plan as predicted, without the factor. */
export function measuredSection(
  { factor, measured }: MeasuredFactor & { readonly measured: readonly MeasuredStep[] },
  breakdown: readonly BreakdownRow[],
): Section {
  const share = factor - 1
  const words =
    Math.abs(share) < 0.001
      ? 'as predicted'
      : `${percent(Math.abs(share))} ${share > 0 ? 'slower' : 'faster'} than predicted`
  return {
    title: `Measured: your steps are ${words} (forget: --measured none)`,
    lines: [
      ...columns(
        measured
          .slice(0, 4)
          .map(({ measuredSeconds, predictedSeconds }) => [
            `measured ${seconds(measuredSeconds)}`,
            `predicted ${seconds(predictedSeconds)}`,
            `x ${(measuredSeconds / predictedSeconds).toFixed(3)}`,
          ]),
      ),
      ...explanations(factor, breakdown),
    ],
  }
}

/** One number cannot tell effects apart; it can tell which are too small to be the cause. */
function explanations(factor: number, breakdown: readonly BreakdownRow[]): readonly string[] {
  const total = breakdown.reduce((sum, row) => sum + row.seconds, 0)
  const missing = (factor - 1) * total
  if (Math.abs(missing) < 0.005 * total) return []
  const able = breakdown.filter(
    row => row.seconds + missing > 0.2 * row.seconds && row.seconds + missing < 4 * row.seconds,
  )
  if (able.length === 0) return ['No single effect explains it.']
  return [
    'If it were one effect alone:',
    ...columns(
      able
        .slice(0, EFFECTS)
        .map(row => [
          row.label,
          `${seconds(row.seconds)} would be ${seconds(row.seconds + missing)}`,
          `x ${((row.seconds + missing) / row.seconds).toFixed(2)}`,
        ]),
      '  ',
    ),
  ]
}
