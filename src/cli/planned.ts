/**
 * Plans made here, before anything runs: for `plan` and `compile`, and for `run` to find at once what would fail later (no input, a full
 * output folder). The controller makes the same plan again, by the same functions, when the job is in the cluster.
 */
import { availableParallelism, totalmem } from 'node:os'
import { fail, ok, type Problem, type Result } from '../base/problem.ts'
import type { Node } from '../kube/core.ts'
import type { BatchPlan } from '../planner/batch/plan.ts'
import { summariseBatchPlan } from '../planner/explain/describe-batch.ts'
import { summariseTrainingPlan } from '../planner/explain/describe-training.ts'
import type { FleetSources } from '../planner/fleet/resolve-fleet.ts'
import type { TrainingPlan } from '../planner/training/plan.ts'
import type { BatchJob, Runnable } from '../spec/kinds.ts'
import type { TrainingJob } from '../spec/training-job.ts'
import type { Item } from './declared.ts'
import { exitWithProblems } from './exit.ts'
import { fleetsFor, fleetsOf } from './fleet-sources.ts'
import { placed } from './placed.ts'
import type { Target } from './target.ts'

export type Planned = { readonly item: Item & { readonly kind: 'declaration' } } & (
  | { readonly kind: 'batch'; readonly plan: BatchPlan }
  | { readonly kind: 'training'; readonly plan: TrainingPlan }
  | { readonly kind: 'server'; readonly plan: undefined }
)

export interface Surroundings {
  /** The nodes of the cluster, or this machine as one. */
  readonly nodes: readonly Node[]
  /** What the cluster knows of fleets; this machine alone unless given. */
  readonly fleets?: () => Promise<FleetSources>
  /** `--slots`, instead of what the nodes have room for. */
  readonly slots?: number
}

export type ModelItem = Item & { readonly kind: 'declaration'; readonly declaration: TrainingJob }

/** A job whose model is known: its strategy can be searched, predicted and explained. */
export const hasModel = (item: Item): item is ModelItem =>
  item.kind === 'declaration' && item.declaration.kind === 'TrainingJob' && item.declaration.spec.model !== undefined

/** All plans, or all problems at their places in the files. */
export async function plansOf(items: readonly Item[], surroundings: Surroundings): Promise<readonly Planned[]> {
  const planned: Planned[] = []
  const problems: Problem[] = []
  const fleets = items.some(hasModel) ? await fleetsFor(items, surroundings) : {}
  for (const item of items) {
    if (item.kind === 'object' || item.declaration.kind === 'Fleet') continue
    const result = await planOne(item, item.declaration, surroundings, fleets)
    if (result.ok) planned.push(result.value)
    else problems.push(...result.problems.map(each => placed(item, each)))
  }
  if (problems.length > 0) throw exitWithProblems(problems)
  return planned
}

async function planOne(
  item: Planned['item'],
  declaration: Runnable,
  surroundings: Surroundings,
  fleets: FleetSources,
): Promise<Result<Planned>> {
  switch (declaration.kind) {
    case 'BatchJob': {
      const plan = await planBatchHere(declaration, surroundings)
      return plan.ok ? ok({ kind: 'batch', item, plan: plan.value }) : plan
    }
    case 'TrainingJob': {
      // The search and its cost model are loaded only for who needs them.
      const { planTraining } = await import('../planner/training/plan-training.ts')
      const plan = planTraining(declaration, fleets)
      return plan.ok ? ok({ kind: 'training', item, plan: plan.value }) : plan
    }
    case 'Server':
      return ok({ kind: 'server', item, plan: undefined })
  }
}

async function planBatchHere(job: BatchJob, { nodes, slots }: Surroundings): Promise<Result<BatchPlan>> {
  const [{ batchCapacity }, { diskInputs }, { planBatch }] = await Promise.all([
    import('../controllers/solvent/capacity.ts'),
    import('../controllers/solvent/input-files.ts'),
    import('../planner/batch/plan-batch.ts'),
  ])
  const capacity = batchCapacity(nodes, job) ?? batchCapacity([thisMachine()], job)!
  const { files, problems } = await diskInputs.listInputs(job)
  if (problems.length > 0) return fail(...problems)
  return planBatch(job, files, slots === undefined ? capacity : { ...capacity, slots })
}

/** This machine as the embedded cluster would show it. */
export function thisMachine(): Node {
  const resources = { cpu: String(availableParallelism()), memory: String(totalmem()), pods: '1000' }
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'this-machine' },
    status: { capacity: resources, allocatable: resources, conditions: [{ type: 'Ready', status: 'True' }] },
  }
}

export const nodesOf = async ({ api }: Target): Promise<readonly Node[]> =>
  (await api.list<Node>({ apiVersion: 'v1', kind: 'Node' })).items

/** What `run` finds before it applies, in one line a plan. Only where the files are on this machine. */
export async function checkPlans(target: Target, items: readonly Item[]): Promise<readonly string[]> {
  if (!target.embedded) return []
  const planned = await plansOf(items, { nodes: await nodesOf(target), fleets: fleetsOf(target) })
  const full = await Promise.all(planned.map(outputProblems))
  if (full.flat().length > 0) throw exitWithProblems(full.flat())
  return planned.flatMap(summary)
}

async function outputProblems({ item }: Planned): Promise<readonly Problem[]> {
  if (item.declaration.kind !== 'BatchJob') return []
  const { diskInputs } = await import('../controllers/solvent/input-files.ts')
  const problems = await diskInputs.checkOutput(item.declaration)
  return problems.map(each => ({ place: item.locate(each.field), ...each }))
}

function summary(planned: Planned): readonly string[] {
  const name = planned.item.declaration.metadata.name
  if (planned.kind === 'batch') return [`${name}: ${summariseBatchPlan(planned.plan)}`]
  return planned.kind === 'training' ? [`${name}: ${summariseTrainingPlan(planned.plan)}`] : []
}
