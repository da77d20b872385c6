/** What was looked at, and why most of it was left out. */
import { columns } from '../../planner/explain/table.ts'
import type { TrainingAnalysis } from '../../planner/explain/training/analysis.ts'
import { count } from './figures.ts'
import type { Section } from './section.ts'

const RULES = 3

export function searchSection({ search }: TrainingAnalysis): Section {
  const { considered, rejected, fitting, scored, simulated } = search
  const ruled = [...rejected].sort((a, b) => b.count - a.count)
  const rest = ruled.slice(RULES)
  return {
    title: 'What was searched',
    lines: [
      `${count(considered)} layouts: ${count(scored)} scored, ${count(fitting)} fit, ${count(simulated)} simulated to the end`,
      ...columns(ruled.slice(0, RULES).map(({ count: many, because }) => [count(many).padStart(7), because])),
      ...(rest.length > 0
        ? [
            `${count(rest.reduce((sum, each) => sum + each.count, 0)).padStart(7)}  for ${rest.length} other reasons: -o json`,
          ]
        : []),
    ],
  }
}
