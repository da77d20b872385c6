/** What else there was, and what would change the answer: four short tables. */
import { plural } from '../../base/units.ts'
import { degreesInWords } from '../../planner/explain/layout-words.ts'
import { columns } from '../../planner/explain/table.ts'
import type { Candidate, TrainingAnalysis } from '../../planner/explain/training/analysis.ts'
import { count, dollars, gibibytes, seconds } from './figures.ts'
import type { Section } from './section.ts'

const ALTERNATIVES = 4
const FRONT = 4
const CHANGES = 5

const figures = ({ stepSeconds, memoryBytes }: Candidate): readonly string[] => [
  seconds(stepSeconds).padStart(7),
  gibibytes(memoryBytes).padStart(8),
]

export function alternativesSection({ best, alternatives }: TrainingAnalysis): Section {
  const shown = alternatives.slice(0, ALTERNATIVES)
  if (shown.length === 0) return { title: '', lines: [] }
  return {
    title: 'What else fits',
    lines: columns([
      ['STEP'.padStart(7), 'MEMORY'.padStart(8), 'CHANGE', 'WHY IT LOST'],
      [...figures(best), 'the plan', ''],
      ...shown.map(each => [...figures(each), each.label, firstReasons(each.because)]),
    ]),
  }
}

/** The two largest differences; all of them are in the data. */
const firstReasons = (because: string): string => because.split(', ').slice(0, 2).join(', ')

/** Only where there is a choice between time and something else. */
export function paretoSection({ pareto, best }: TrainingAnalysis): Section {
  if (pareto.length < 2) return { title: '', lines: [] }
  const hasPrice = best.dollarsPerMillionTokens !== undefined
  const front = spread(pareto, FRONT)
  return {
    title: 'Time against memory, devices and money: none of these is beaten on all',
    lines: columns([
      ['STEP'.padStart(7), 'MEMORY'.padStart(8), 'DEVICES', ...(hasPrice ? ['$/M TOKENS'] : []), 'LAYOUT'],
      ...front.map(each => [
        ...figures(each),
        String(each.devices).padStart(7),
        ...(hasPrice ? [each.dollarsPerMillionTokens === undefined ? '' : dollars(each.dollarsPerMillionTokens)] : []),
        layoutWords(each),
      ]),
    ]),
  }
}

export function whatIfSection({ counterfactuals }: TrainingAnalysis): Section {
  return {
    title: 'What would change it',
    lines: columns(counterfactuals.slice(0, CHANGES).map(({ change, sentence }) => [change, sentence])),
  }
}

export function nodesSection({ replan }: TrainingAnalysis): Section {
  const rows = replan.map(({ nodes, candidate, idleDevices, sentence }) => [
    plural(nodes, 'node').padStart(11),
    ...(candidate
      ? [
          seconds(candidate.stepSeconds).padStart(7),
          `${count(candidate.tokensPerSecond)} tokens/s`,
          degreesInWords(candidate.layout),
        ]
      : ['', '', sentence]),
    idleDevices > 0 ? `${idleDevices} idle` : '',
  ])
  return { title: 'When nodes leave or come', lines: columns(rows) }
}

const layoutWords = ({ layout }: Candidate): string =>
  `${degreesInWords(layout)}, micro-batch ${layout.microBatch}${layout.recompute.kind === 'none' ? '' : `, recompute ${layout.recompute.kind}`}`

/** At most `most` of a sorted list: both ends and evenly in between. */
function spread<T>(list: readonly T[], most: number): readonly T[] {
  if (list.length <= most) return list
  return Array.from({ length: most }, (_, i) => list[Math.round((i * (list.length - 1)) / (most - 1))]!)
}
