/** Effects in words, and whose waiting they are. */
import type { Effect, StepPrediction } from '../../cost/prediction.ts'
import type { BreakdownRow, CostAxis, TrainingAnalysis } from './analysis.ts'

interface EffectWords {
  readonly label: string
  readonly axis: CostAxis
}

export const EFFECTS: Readonly<Record<Effect, EffectWords>> = {
  gemm: { label: 'matrix products', axis: 'compute' },
  experts: { label: 'experts', axis: 'compute' },
  attention: { label: 'attention', axis: 'compute' },
  memoryBound: { label: 'memory-bound passes', axis: 'compute' },
  recompute: { label: 'recompute', axis: 'compute' },
  host: { label: 'host', axis: 'host' },
  tensorComm: { label: 'tensor communication', axis: 'tensor' },
  contextComm: { label: 'context communication', axis: 'context' },
  expertComm: { label: 'expert communication', axis: 'expert' },
  pipelineComm: { label: 'pipeline communication', axis: 'pipeline' },
  bubble: { label: 'pipeline bubble', axis: 'pipeline' },
  dataComm: { label: 'data communication', axis: 'data' },
  optimizer: { label: 'optimizer', axis: 'compute' },
  other: { label: 'other', axis: 'host' },
}

const NAMES = Object.keys(EFFECTS) as readonly Effect[]

/** Largest first; nothing that is nothing. */
export function breakdownRows({ breakdown, seconds }: StepPrediction): readonly BreakdownRow[] {
  return NAMES.map(effect => ({
    effect,
    label: EFFECTS[effect].label,
    seconds: breakdown[effect],
    share: breakdown[effect] / seconds,
  }))
    .filter(row => row.seconds > 0)
    .sort((a, b) => b.seconds - a.seconds)
}

export function axisRows(rows: readonly BreakdownRow[]): TrainingAnalysis['byAxis'] {
  const sums = new Map<CostAxis, { seconds: number; share: number }>()
  for (const { effect, seconds, share } of rows) {
    const { axis } = EFFECTS[effect]
    const sum = sums.get(axis) ?? { seconds: 0, share: 0 }
    sums.set(axis, { seconds: sum.seconds + seconds, share: sum.share + share })
  }
  return [...sums].map(([axis, sum]) => ({ axis, ...sum })).sort((a, b) => b.seconds - a.seconds)
}

/** What one step has more of than another, largest change first. */
export function differences(
  a: StepPrediction,
  b: StepPrediction,
): readonly { readonly effect: Effect; readonly seconds: number }[] {
  return NAMES.map(effect => ({ effect, seconds: a.breakdown[effect] - b.breakdown[effect] }))
    .filter(({ seconds }) => Math.abs(seconds) > 1e-6)
    .sort((x, y) => Math.abs(y.seconds) - Math.abs(x.seconds))
}
