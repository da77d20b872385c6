/** The layout of a declared job: the fastest over all precisions that may be chosen. */
import { fail, ok, type Result } from '../../base/problem.ts'
import type { TrainingJob } from '../../spec/training-job.ts'
import type { FleetSources } from '../fleet/resolve-fleet.ts'
import type { Workload } from '../training/layout.ts'
import { type DeclaredProblem, declaredProblem, searchProblem } from './declared-problem.ts'
import { noLayout } from './no-layout.ts'
import { type Answer, type Found, Search } from './search.ts'

export interface PlannedLayout {
  readonly declared: DeclaredProblem
  readonly workload: Workload
  readonly search: Search
  readonly answer: Answer & { readonly found: Found }
}

export function planLayout(job: TrainingJob, sources: FleetSources): Result<PlannedLayout> {
  const declared = declaredProblem(job, sources)
  if (!declared.ok) return declared
  let best: PlannedLayout | undefined
  let first: { search: Search; answer: Answer } | undefined
  for (const workload of declared.value.workloads) {
    const search = new Search(searchProblem(declared.value, workload))
    const answer = search.best(best ? { belowSeconds: best.answer.found.prediction.seconds } : {})
    first ??= { search, answer }
    if (answer.found) best = { declared: declared.value, workload, search, answer: { ...answer, found: answer.found } }
  }
  return best ? ok(best) : fail(...noLayout(declared.value, first!.search.problem, first!.answer))
}
