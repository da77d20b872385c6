/**
 * For each choice the best layout that makes it otherwise, and what it pays for that: the runner-up is the first of them. Looked for among the
 * cuts next to the plan's.
 */
import type { StepPrediction } from '../../cost/prediction.ts'
import { nearStages } from '../../search/near-values.ts'
import type { PlannedLayout } from '../../search/plan-layout.ts'
import type { Choice } from '../../search/problem.ts'
import type { Found } from '../../search/search.ts'
import type { Layout, Recompute } from '../../training/layout.ts'
import { recomputeInWords } from '../layout-words.ts'
import type { Alternative, Candidate } from './analysis.ts'
import { differences, EFFECTS } from './effects.ts'
import { duration, percent } from './words.ts'

/** Slower than this, a layout is no alternative to anybody. */
const FARTHEST = 2

export function alternativesTo(planned: PlannedLayout, candidate: (found: Found) => Candidate): readonly Alternative[] {
  const { search, answer } = planned
  const { layout, prediction } = answer.found
  const within = nearStages(search.values, layout)
  const seen = new Set<string>()
  return asked(planned)
    .flatMap(choice => {
      const without = { [choice]: layout[choice] }
      const { found } = search.best({
        without,
        within,
        notBelowSeconds: prediction.seconds,
        belowSeconds: FARTHEST * prediction.seconds,
      })
      return found ? [alternative(choice, layout, prediction, found, candidate(found))] : []
    })
    .sort((a, b) => a.stepSeconds - b.stepSeconds)
    .filter(({ layout: other }) => {
      const key = JSON.stringify(other)
      return seen.has(key) ? false : Boolean(seen.add(key))
    })
}

/** What people ask about first; the page has room for so many. */
const ASKED: readonly Choice[] = [
  'tensor',
  'pipeline',
  'recompute',
  'schedule',
  'microBatch',
  'context',
  'expert',
  'zero',
  'dispatcher',
  'expertTensor',
  'sequenceParallel',
  'contextMethod',
]
const MOST_ASKED = 8

/** Choices that there are. */
function asked({ declared: { fixed, model }, answer }: PlannedLayout): readonly Choice[] {
  const { layout } = answer.found
  const hasExperts = model.shapes.some(({ mlp }) => mlp?.kind === 'experts')
  return ASKED.filter(choice => {
    if (fixed[choice] !== undefined) return false
    if (choice === 'expert' || choice === 'expertTensor' || choice === 'dispatcher') return hasExperts
    return choice !== 'contextMethod' || layout.context > 1
  }).slice(0, MOST_ASKED)
}

function alternative(
  choice: Choice,
  layout: Layout,
  prediction: StepPrediction,
  found: Found,
  candidate: Candidate,
): Alternative {
  const slowdown = found.prediction.seconds / prediction.seconds
  const changed = differences(found.prediction, prediction)
  return {
    ...candidate,
    choice,
    label: `${choiceWords(choice, found.layout)} instead of ${valueWords(choice, layout)}`,
    slowdown,
    because: because(slowdown, changed),
    differences: changed,
  }
}

function because(slowdown: number, changed: Alternative['differences']): string {
  const told = changed.slice(0, 3).map(({ effect, seconds }) => {
    return `${duration(seconds)} ${seconds > 0 ? 'more' : 'less'} ${EFFECTS[effect].label}`
  })
  const slower = slowdown < 1.0005 ? 'as fast' : `${percent(slowdown - 1)} slower`
  return told.length === 0 ? slower : `${slower}: ${told.join(', ')}`
}

const NAMES: Partial<Record<Choice, string>> = {
  expertTensor: 'expert tensor',
  microBatch: 'micro-batch',
  sequenceParallel: 'sequence parallel',
  contextMethod: 'context by',
  zero: 'ZeRO',
}

const choiceWords = (choice: Choice, layout: Layout): string => {
  const value = valueWords(choice, layout)
  return choice === 'recompute' || choice === 'schedule' || choice === 'dispatcher'
    ? value
    : `${NAMES[choice] ?? choice} ${value}`
}

function valueWords(choice: Choice, layout: Layout): string {
  const value = layout[choice]
  if (choice === 'recompute') return recomputeInWords(value as Recompute)
  if (choice === 'sequenceParallel') return value ? 'on' : 'off'
  return String(value)
}
