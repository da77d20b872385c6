/** The layout of a declared job: the fastest over all precisions that may be chosen, in the devices' own memory if anything fits there. */
import { invariant } from '../../base/invariant.ts'
import { fail, ok, type Result } from '../../base/problem.ts'
import type { TrainingJob } from '../../spec/training-job.ts'
import type { FleetSources } from '../fleet/resolve-fleet.ts'
import type { Workload } from '../training/layout.ts'
import { type DeclaredProblem, declaredProblem, searchProblem } from './declared-problem.ts'
import { noLayout } from './no-layout.ts'
import { onDevices, type SearchProblem } from './problem.ts'
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
  const problems = declared.value.workloads.map(workload => searchProblem(declared.value, workload))
  const { planned } = fastest(declared.value, problems.map(onDevices))
  if (planned) return ok(planned)
  const offloaded = fastest(declared.value, problems)
  return offloaded.planned ? ok(offloaded.planned) : fail(...noLayout(declared.value, problems[0]!, offloaded.first))
}

function fastest(
  declared: DeclaredProblem,
  problems: readonly SearchProblem[],
): { readonly planned: PlannedLayout | undefined; readonly first: Answer } {
  let planned: PlannedLayout | undefined
  let first: Answer | undefined
  for (const problem of problems) {
    const { workload } = problem
    const search = new Search(problem)
    const answer = search.best(planned ? { belowSeconds: planned.answer.found.prediction.seconds } : {})
    first ??= answer
    if (answer.found) planned = { declared, workload, search, answer: { ...answer, found: answer.found } }
  }
  invariant(first !== undefined, 'a job has a precision')
  return { planned, first }
}
