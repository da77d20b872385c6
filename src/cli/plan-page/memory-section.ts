/** What fills the memory of each pipeline rank, as one bar a rank; ranks that look alike share a line. */
import { plural } from '../../base/units.ts'
import type { MemoryPrediction } from '../../planner/cost/prediction.ts'
import { columns } from '../../planner/explain/table.ts'
import type { TrainingAnalysis } from '../../planner/explain/training/analysis.ts'
import type { Style } from '../terminal.ts'
import { stacked } from './bar.ts'
import { gibibytes } from './figures.ts'
import type { Section } from './section.ts'

const WIDTH = 40
const ROWS = 4

const PARTS = [
  { mark: 'P', name: 'parameters', of: (m: MemoryPrediction) => m.parameters },
  { mark: 'G', name: 'gradients', of: (m: MemoryPrediction) => m.gradients },
  { mark: 'O', name: 'optimizer', of: (m: MemoryPrediction) => m.optimizerStates },
  { mark: 'A', name: 'activations', of: (m: MemoryPrediction) => m.activations },
  { mark: 'w', name: 'working', of: (m: MemoryPrediction) => m.working },
  { mark: 'x', name: 'reserve and context', of: (m: MemoryPrediction) => m.reserved - m.allocated + m.context },
]

export function memorySection({ best, fleet }: TrainingAnalysis, style: Style): Section {
  const capacity = Math.min(...fleet.pools.map(({ device }) => device.memoryBytes))
  const groups = alike(best.prediction.stages.map(({ memory }) => memory))
  const shown = groups.slice(0, ROWS)
  const rows = shown.map(({ first, last, memory }) => [
    first === last ? `stage ${first}` : `stages ${first} to ${last}`,
    stacked(
      PARTS.map(({ mark, of }) => ({ mark, share: of(memory) / capacity })),
      WIDTH,
    ),
    gibibytes(memory.reserved + memory.context),
    PARTS.slice(0, 5)
      .map(({ mark, of }) => `${mark} ${gibibytes(of(memory)).replace(' GiB', '')}`)
      .join('  '),
  ])
  const left = groups.length - shown.length
  return {
    title: 'What fills the memory',
    lines: [
      ...columns(rows),
      ...(left > 0 ? [style.dim(`${plural(left, 'more kind')} of stages: -o json`)] : []),
      style.dim(PARTS.map(({ mark, name }) => `${mark} ${name}`).join('  ')),
    ],
  }
}

interface Group {
  readonly first: number
  last: number
  readonly memory: MemoryPrediction
}

/** Neighbours within a hundredth of each other are one line: with that of the first. */
function alike(stages: readonly MemoryPrediction[]): readonly Group[] {
  const groups: Group[] = []
  stages.forEach((memory, rank) => {
    const group = groups.at(-1)
    const same = group && PARTS.every(({ of }) => Math.abs(of(memory) - of(group.memory)) <= 0.01 * memory.reserved)
    if (same) group.last = rank
    else groups.push({ first: rank, last: rank, memory })
  })
  return groups
}
