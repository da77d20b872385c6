/** What the planner says in words: reasons, the runner-up and why it lost, what would change the answer, what was ruled out. */
import type { TrainingAnalysis } from '../../../planner/explain/training/analysis.ts'
import { duration } from '../../drawing/quantity.ts'
import { Card } from './card.tsx'

export const Reasons = ({ plan }: Pick<TrainingAnalysis, 'plan'>) => (
  <Card title="Why this plan">
    <ul class="reasons">
      {plan.reasons.map(({ choice, because }) => (
        <li key={choice}>
          <b>{choice}</b>, {because}
        </li>
      ))}
    </ul>
  </Card>
)

export const RunnersUp = ({ alternatives }: Pick<TrainingAnalysis, 'alternatives'>) => (
  <Card title="What lost, and why">
    <table>
      <tbody>
        {alternatives.slice(0, 8).map(each => (
          <tr key={each.label}>
            <td>{each.label}</td>
            <td class="number">{duration(each.stepSeconds)}</td>
            <td>{each.because}</td>
          </tr>
        ))}
      </tbody>
    </table>
  </Card>
)

export const WhatIf = ({ counterfactuals, replan }: Pick<TrainingAnalysis, 'counterfactuals' | 'replan'>) => (
  <Card title="What would change the answer">
    <ul class="reasons">
      {counterfactuals.map(({ change, sentence }) => (
        <li key={change}>
          <b>{change}</b>: {sentence}
        </li>
      ))}
      {replan.map(({ nodes, sentence }) => (
        <li key={nodes}>
          <b>{nodes} nodes</b>: {sentence}
        </li>
      ))}
    </ul>
  </Card>
)

export const RuledOut = ({ search }: Pick<TrainingAnalysis, 'search'>) => (
  <Card title="What was ruled out" note={`${search.considered.toLocaleString('en-US')} layouts considered`}>
    <table>
      <tbody>
        {search.rejected.map(({ rule, count, because }) => (
          <tr key={rule}>
            <td>{rule}</td>
            <td class="number">{count.toLocaleString('en-US')}</td>
            <td>{because}</td>
          </tr>
        ))}
      </tbody>
    </table>
  </Card>
)
