/** BatchJob -> plan and objects, or why not. The files are looked at once: a job that has been planned keeps its plan, whatever they become. */
import { gunzipSync } from 'node:zlib'
import type { Capabilities } from '../../compiler/capabilities.ts'
import { compile } from '../../compiler/compile.ts'
import type { ConfigMap, Node } from '../../kube/core.ts'
import { PLAN_KEY } from '../../kube/names.ts'
import type { BatchPlan } from '../../planner/batch/plan.ts'
import { planBatch } from '../../planner/batch/plan-batch.ts'
import type { BatchJob } from '../../spec/kinds.ts'
import { batchCapacity } from './capacity.ts'
import type { InputLister } from './input-files.ts'
import type { PreparedBatchJob } from './reconcile-batch-job.ts'
import { type Refusal, refuseSpec } from './refusal.ts'

export interface BatchJobSurroundings {
  readonly inputs: InputLister
  readonly capabilities: Capabilities
  readonly nodes: readonly Node[]
  /** The plan that this job was given before, if it was. */
  readonly planMap: ConfigMap | undefined
}

/** Undefined while there is no node to plan for. */
export async function prepareBatchJob(
  job: BatchJob,
  { inputs, capabilities, nodes, planMap }: BatchJobSurroundings,
): Promise<PreparedBatchJob | undefined> {
  const invalid = refuseSpec(job)
  if (invalid) return refused(invalid)
  if (planMap) return compiled(job, readPlan(planMap), capabilities)
  const capacity = batchCapacity(nodes, job)
  if (!capacity) return undefined
  const [found, occupied] = await Promise.all([inputs.listInputs(job), inputs.checkOutput(job)])
  const unusable = [...found.problems, ...occupied]
  const planned = planBatch(job, found.files, capacity)
  const problems = [...unusable, ...(planned.ok || found.problems.length > 0 ? [] : planned.problems)]
  if (problems.length > 0 || !planned.ok) return refused({ reason: 'InvalidInput', problems })
  return compiled(job, planned.value, capabilities)
}

function compiled(job: BatchJob, plan: BatchPlan, capabilities: Capabilities): PreparedBatchJob {
  const objects = compile(job, plan, capabilities)
  if (!objects.ok) return refused({ reason: 'PlanFailed', problems: objects.problems })
  return { kind: 'planned', plan, objects: objects.value }
}

const refused = (refusal: Refusal): PreparedBatchJob => ({ kind: 'refused', refusal })

const readPlan = ({ binaryData }: ConfigMap): BatchPlan =>
  JSON.parse(gunzipSync(Buffer.from(binaryData?.[PLAN_KEY] ?? '', 'base64')).toString('utf8'))
