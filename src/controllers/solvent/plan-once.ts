/**
 * A training job's plan, made once a generation: a search takes seconds, a job is looked at with each event of its pods, and a gang that runs
 * keeps its plan when nodes come or go. What could not be planned is tried again.
 */
import type { Result } from '../../base/problem.ts'
import type { FleetSources } from '../../planner/fleet/resolve-fleet.ts'
import type { TrainingPlan } from '../../planner/training/plan.ts'
import { planTraining } from '../../planner/training/plan-training.ts'
import type { TrainingJob } from '../../spec/kinds.ts'

export interface PlanOnce {
  plan(job: TrainingJob): Result<TrainingPlan>
  forget(job: TrainingJob): void
}

export function planOnce(sourcesOf: (job: TrainingJob) => FleetSources): PlanOnce {
  const known = new Map<string, { readonly generation: number | undefined; readonly planned: Result<TrainingPlan> }>()
  return {
    plan(job) {
      const { uid = '', generation } = job.metadata
      const before = known.get(uid)
      if (before && before.generation === generation) return before.planned
      const planned = planTraining(job, sourcesOf(job))
      if (planned.ok) known.set(uid, { generation, planned })
      else known.delete(uid)
      return planned
    },
    forget: ({ metadata: { uid = '' } }) => void known.delete(uid),
  }
}
