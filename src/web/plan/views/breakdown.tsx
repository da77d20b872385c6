/** Where the step's time goes: one bar, largest part first. */
import type { TrainingAnalysis } from '../../../planner/explain/training/analysis.ts'
import { EFFECT_INK } from '../../drawing/ink.ts'
import { duration, percent } from '../../drawing/quantity.ts'
import { Card } from './card.tsx'

export function Breakdown({ breakdown }: Pick<TrainingAnalysis, 'breakdown'>) {
  const seen = breakdown.filter(({ share }) => share >= 0.0005)
  return (
    <Card title="Where the step goes">
      <div class="bar" role="img" aria-label={seen.map(({ label, share }) => `${label} ${percent(share)}`).join(', ')}>
        {seen.map(({ effect, label, seconds, share }) => (
          <Slice key={effect} ink={EFFECT_INK[effect]} share={share} title={`${label}: ${duration(seconds)}`} />
        ))}
      </div>
      <ul class="legend">
        {seen.map(({ effect, label, seconds, share }) => (
          <li key={effect}>
            <i style={{ background: EFFECT_INK[effect] }} />
            {label}{' '}
            <b>
              {percent(share)}, {duration(seconds)}
            </b>
          </li>
        ))}
      </ul>
    </Card>
  )
}

const Slice = ({ ink, share, title }: { readonly ink: string; readonly share: number; readonly title: string }) => (
  <i title={title} style={{ background: ink, width: `${share * 100}%` }} />
)
