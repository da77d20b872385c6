/** Memory of each pipeline rank, stacked, under the line of what a device has. */
import type { MemoryPrediction } from '../../../planner/cost/prediction.ts'
import type { TrainingAnalysis } from '../../../planner/explain/training/analysis.ts'
import { MEMORY_INK } from '../../drawing/ink.ts'
import { gibibytes } from '../../drawing/quantity.ts'
import { Card } from './card.tsx'

type Part = keyof typeof MEMORY_INK

const TITLES: Readonly<Record<Part, string>> = {
  parameters: 'parameters',
  gradients: 'gradients',
  optimizerStates: 'optimizer',
  activations: 'activations',
  working: 'working buffers',
  fragmentation: 'fragmentation',
  context: 'outside the allocator',
}

const partsOf = (memory: MemoryPrediction): Readonly<Record<Part, number>> => ({
  ...memory,
  fragmentation: memory.reserved - memory.allocated,
})

export function Memory({ analysis }: { readonly analysis: TrainingAnalysis }) {
  const { stages } = analysis.best.prediction
  const capacity = analysis.plan.expected?.deviceMemoryBytes ?? analysis.best.memoryBytes
  const parts = Object.keys(MEMORY_INK) as Part[]
  return (
    <Card title="Memory of a device, by pipeline rank" note={`${gibibytes(capacity)} each`}>
      <div
        class="stacks"
        role="img"
        aria-label={stages
          .map(({ memory }, i) => `rank ${i}: ${gibibytes(memory.reserved + memory.context)}`)
          .join(', ')}
      >
        <hr style={{ bottom: `${100 / 1.1}%` }} />
        {stages.map(({ memory }, rank) => (
          <div key={rank} title={parts.map(part => `${TITLES[part]} ${gibibytes(partsOf(memory)[part])}`).join('\n')}>
            {parts.map(part => (
              <i
                key={part}
                style={{ background: MEMORY_INK[part], height: `${(partsOf(memory)[part] / (capacity * 1.1)) * 100}%` }}
              />
            ))}
          </div>
        ))}
      </div>
      <ul class="legend">
        {parts.map(part => (
          <li key={part}>
            <i style={{ background: MEMORY_INK[part] }} />
            {TITLES[part]}
          </li>
        ))}
      </ul>
    </Card>
  )
}
