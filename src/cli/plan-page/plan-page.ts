/**
 * The page of a training plan: what was chosen, what it will take, where the time goes, what binds, what else there was, what would change it.
 * To be read in half a minute: the first lines are the answer, each section after them is one question. Prints only what the analysis holds.
 */
import type { TrainingAnalysis } from '../../planner/explain/training/analysis.ts'
import type { Style } from '../terminal.ts'
import { answerSection } from './answer-section.ts'
import { breakdownSection } from './breakdown-section.ts'
import { alternativesSection, nodesSection, paretoSection, whatIfSection } from './choice-sections.ts'
import { memorySection } from './memory-section.ts'
import { searchSection } from './search-section.ts'

export function planPage(analysis: TrainingAnalysis, style: Style): readonly string[] {
  const sections = [
    breakdownSection(analysis, style),
    memorySection(analysis, style),
    alternativesSection(analysis),
    paretoSection(analysis),
    whatIfSection(analysis),
    nodesSection(analysis),
    searchSection(analysis),
  ]
  return [
    ...answerSection(analysis, style),
    ...sections
      .filter(({ lines }) => lines.length > 0)
      .flatMap(({ title, lines }) => ['', style.bold(title), ...lines.map(line => `  ${line}`)]),
  ]
}
