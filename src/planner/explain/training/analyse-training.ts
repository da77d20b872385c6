/**
 * A training job's plan and everything there is to say about it. One exact search finds the plan; every further answer (alternatives, front,
 * other fleets) is the same search with another question, asked of the cuts a step around the plan's (`near-values.ts`) to answer at once.
 */
import { ok, type Result } from '../../../base/problem.ts'
import type { TrainingJob } from '../../../spec/training-job.ts'
import type { FleetSources } from '../../fleet/resolve-fleet.ts'
import { type PlannedLayout, planLayout } from '../../search/plan-layout.ts'
import type { Found } from '../../search/search.ts'
import { plannedTraining } from '../../training/plan-training.ts'
import { alternativesTo } from './alternatives.ts'
import type { Candidate, SearchRecord, TrainingAnalysis } from './analysis.ts'
import { bindingOf } from './binding.ts'
import { candidateOf } from './candidate.ts'
import { axisRows, breakdownRows } from './effects.ts'
import { goodputOf } from './goodput.ts'
import { type CandidateOn, counterfactuals, replanTable } from './other-fleets.ts'
import { paretoFront } from './pareto.ts'

/** `atFront` is called when the plan and its front are there, before the rest is asked. */
export function analyseTraining(
  job: TrainingJob,
  sources: FleetSources = {},
  atFront: () => void = () => undefined,
): Result<TrainingAnalysis> {
  const planned = planLayout(job, sources)
  if (!planned.ok) return planned
  const { declared, workload, answer } = planned.value
  const { model, fleet, software } = declared
  const on: CandidateOn = (found, otherWorkload, otherFleet) =>
    candidateOf(found.layout, found.prediction, { model, software, workload: otherWorkload, fleet: otherFleet })
  const here = (found: Found): Candidate => on(found, workload, fleet)
  const best = here(answer.found)
  const breakdown = breakdownRows(answer.found.prediction)
  const byAxis = axisRows(breakdown)
  const pareto = paretoFront(planned.value, best, here)
  atFront()
  const alternatives = alternativesTo(planned.value, here)
  const changed = counterfactuals(planned.value, best, on)
  const withOneMore = changed.find(({ kind }) => kind === 'nodes')?.candidate
  return ok({
    plan: plannedTraining(job, planned.value),
    model,
    fleet,
    workload,
    software,
    best: { ...best, prediction: answer.found.prediction },
    breakdown,
    byAxis,
    binding: bindingOf(planned.value, { breakdown, byAxis }),
    alternatives,
    pareto,
    cloud: cloudOf(planned.value, [best, ...alternatives, ...pareto]),
    counterfactuals: changed,
    replan: replanTable(planned.value, best, on, withOneMore),
    goodput: goodputOf(best, fleet, model, workload, declared.tokens),
    search: recordOf(planned.value),
  })
}

/** Every layout that any question predicted whole. */
function cloudOf({ search }: PlannedLayout, told: readonly Candidate[]): TrainingAnalysis['cloud'] {
  const points = [
    ...told.map(({ stepSeconds, memoryBytes, layout }) => ({ stepSeconds, memoryBytes, layout })),
    ...search.predicted(),
  ]
  const seen = new Set<string>()
  return points.filter(({ layout }) => {
    const key = JSON.stringify(layout)
    return seen.has(key) ? false : Boolean(seen.add(key))
  })
}

function recordOf({ answer }: PlannedLayout): SearchRecord {
  const { tally, rejected, simulated } = answer
  const { scored, fitting, tooSlow, tooLarge, nearest } = tally
  const ruled = rejected.reduce((sum, { count }) => sum + count, 0)
  return {
    considered: fitting + tooSlow + tooLarge + ruled,
    rejected: [
      {
        rule: 'cannot be the fastest',
        count: tooSlow,
        example: {},
        because: 'even its least time is longer than the plan takes',
      },
      ...(tooLarge > 0
        ? [
            {
              rule: 'does not fit',
              count: tooLarge,
              example: nearest ?? {},
              because: 'its fullest rank needs more memory than a device has',
            },
          ]
        : []),
      ...rejected,
    ],
    fitting,
    scored,
    simulated,
  }
}
