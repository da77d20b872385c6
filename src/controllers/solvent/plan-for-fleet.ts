/**
 * A training job's plan for the fleets that there are, or why there is none: because of what it declares, or because of what is there. The
 * first no fleet mends; the second a Fleet or a node that comes later may. Which of the two it is, a fleet that lacks nothing tells.
 */
import type { Problem } from '../../base/problem.ts'
import { type FleetSources, resolveFleet } from '../../planner/fleet/resolve-fleet.ts'
import { declaredProblem, searchProblem } from '../../planner/search/declared-problem.ts'
import { Search } from '../../planner/search/search.ts'
import type { TrainingPlan } from '../../planner/training/plan.ts'
import { planTraining } from '../../planner/training/plan-training.ts'
import type { TrainingJob } from '../../spec/kinds.ts'

export type FleetAnswer =
  | { readonly kind: 'planned'; readonly plan: TrainingPlan }
  /** Another fleet would do. */
  | { readonly kind: 'waiting'; readonly problems: readonly Problem[] }
  /** No fleet would do. */
  | { readonly kind: 'refused'; readonly problems: readonly Problem[] }

/** `isSound`: it is known that some fleet would do. */
export function planForFleet(job: TrainingJob, sources: FleetSources, isSound = false): FleetAnswer {
  const planned = planTraining(job, sources)
  if (planned.ok) return { kind: 'planned', plan: planned.value }
  const { problems } = planned
  const { model, fleet } = job.spec
  // A fleet that the job declares itself is as large as it will ever be.
  const isFleetGiven = !model || (fleet !== undefined && fleet.name === undefined)
  if (isFleetGiven) return { kind: 'refused', problems }
  if (isSound) return { kind: 'waiting', problems }
  const large = onLargeFleet(job)
  if (runsSomehow(large)) return { kind: 'waiting', problems }
  // With a fleet its own sentences are the nearer ones; without one only this tells what is wrong.
  const told = resolveFleet(fleet, sources).ok ? planned : planTraining(large)
  return { kind: 'refused', problems: told.ok ? problems : told.problems }
}

/** Every format and much memory; nodes as small as pods are, so that ranks fill them whatever their number. */
function onLargeFleet(job: TrainingJob): TrainingJob {
  const { parallelism, ranksPerPod = 1 } = job.spec
  const { data = 1, context = 1, tensor = 1, pipeline = 1 } = parallelism
  const devices = Math.max(LARGE, data * context * tensor * pipeline)
  const pools = [{ device: 'b200', nodes: Math.ceil(devices / ranksPerPod), devicesPerNode: ranksPerPod }]
  return { ...job, spec: { ...job.spec, fleet: { pools } } }
}

/** Room for models of ten times the parameters of any today. */
const LARGE = 16_384

function runsSomehow(job: TrainingJob): boolean {
  const declared = declaredProblem(job, {})
  return declared.ok && declared.value.workloads.some(each => new Search(searchProblem(declared.value, each)).hasAny())
}
