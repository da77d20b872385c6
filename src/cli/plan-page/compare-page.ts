/** Two plans side by side: what differs in the choice, in the figures, and by effect. For `--compare A B` and for `--what-if`. */
import { choicesInWords, degreesInWords } from '../../planner/explain/layout-words.ts'
import { columns } from '../../planner/explain/table.ts'
import type { TrainingAnalysis } from '../../planner/explain/training/analysis.ts'
import { devicesOf } from '../../planner/fleet/fleet.ts'
import type { Style } from '../terminal.ts'
import { count, dollars, gibibytes, percent, seconds, whole } from './figures.ts'

export interface Named {
  readonly name: string
  readonly analysis: TrainingAnalysis
}

const EFFECTS = 6

export function comparePage(left: Named, right: Named, style: Style): readonly string[] {
  const rows = [
    ['', left.name, right.name, ''],
    ...FIGURES.map(figure => figureRow(figure, left.analysis, right.analysis)),
    ...wordRows(left.analysis, right.analysis),
  ]
  return [
    ...columns(
      rows.filter(row => row.some((cell, i) => i > 0 && cell !== '')),
      '  ',
    ).map((line, i) => (i === 0 ? style.bold(line) : line)),
    '',
    style.bold('Where the difference is'),
    ...columns(effectRows(left.analysis, right.analysis), '  '),
  ]
}

interface Figure {
  readonly name: string
  readonly of: (analysis: TrainingAnalysis) => number | undefined
  readonly show: (value: number) => string
}

const FIGURES: readonly Figure[] = [
  { name: 'step', of: ({ best }) => best.stepSeconds, show: seconds },
  { name: 'tokens/s', of: ({ best }) => best.tokensPerSecond, show: count },
  { name: 'memory', of: ({ best }) => best.memoryBytes, show: gibibytes },
  { name: 'devices', of: ({ best }) => best.devices, show: whole },
  { name: 'of the fleet', of: ({ fleet }) => devicesOf(fleet), show: whole },
  { name: '$ a M tokens', of: ({ best }) => best.dollarsPerMillionTokens, show: dollars },
  { name: 'training', of: ({ goodput }) => goodput.trainingSeconds, show: seconds },
  { name: 'useful time', of: ({ goodput }) => goodput.goodput, show: percent },
]

function figureRow({ name, of, show }: Figure, left: TrainingAnalysis, right: TrainingAnalysis): readonly string[] {
  const [a, b] = [of(left), of(right)]
  const change = a === undefined || b === undefined || a === 0 ? '' : changeInWords(b / a)
  return [name, a === undefined ? '' : show(a), b === undefined ? '' : show(b), change]
}

function changeInWords(ratio: number): string {
  const share = (ratio - 1) * 100
  if (Math.abs(share) < 0.05) return 'the same'
  return ratio > 2 || ratio < 0.5 ? `x ${ratio.toFixed(2)}` : `${share > 0 ? '+' : '-'}${Math.abs(share).toFixed(1)} %`
}

function wordRows(left: TrainingAnalysis, right: TrainingAnalysis): readonly (readonly string[])[] {
  const words = ({ plan, best, workload }: TrainingAnalysis): readonly string[] => [
    degreesInWords(plan.degrees),
    ...choicesInWords(best.layout, workload),
  ]
  const [a, b] = [words(left), words(right)]
  const onlyLeft = a.filter(word => !b.includes(word))
  const onlyRight = b.filter(word => !a.includes(word))
  const numRows = Math.max(onlyLeft.length, onlyRight.length)
  return Array.from({ length: numRows }, (_, i) => [i === 0 ? 'plan' : '', onlyLeft[i] ?? '', onlyRight[i] ?? '', ''])
}

/** The largest changes; seconds of a step, which compare where both steps do the same work. */
function effectRows(left: TrainingAnalysis, right: TrainingAnalysis): readonly (readonly string[])[] {
  const names = new Map([...left.breakdown, ...right.breakdown].map(({ effect, label }) => [effect, label]))
  const secondsOf = ({ breakdown }: TrainingAnalysis, effect: string): number =>
    breakdown.find(row => row.effect === effect)?.seconds ?? 0
  return [...names]
    .map(([effect, label]) => ({ label, a: secondsOf(left, effect), b: secondsOf(right, effect) }))
    .sort((x, y) => Math.abs(y.b - y.a) - Math.abs(x.b - x.a) || (x.label < y.label ? -1 : 1))
    .slice(0, EFFECTS)
    .filter(({ a, b }) => Math.abs(b - a) >= 0.0005 * left.best.stepSeconds)
    .map(({ label, a, b }) => [label, seconds(a), seconds(b), `${b > a ? '+' : '-'}${seconds(Math.abs(b - a))}`])
}
