/**
 * Declaration + plan -> the Kubernetes objects that run it, in the order in which they are applied: rights, configuration, Services, gangs,
 * workloads. Pure: controllers apply the result with server-side apply; on a cluster without our operator the command line does.
 */

import { unreachable } from '../base/invariant.ts'
import type { Result } from '../base/problem.ts'
import type { KubeObject } from '../kube/object.ts'
import type { BatchPlan } from '../planner/batch/plan.ts'
import type { TrainingPlan } from '../planner/training/plan.ts'
import type { BatchJob, Runnable, Server, TrainingJob } from '../spec/kinds.ts'
import type { Capabilities } from './capabilities.ts'
import { compileBatchJob } from './targets/batch.ts'
import { compileServer } from './targets/server.ts'
import { compileTrainingJob } from './targets/training.ts'

export type Plan = BatchPlan | TrainingPlan | undefined

export interface CompileExtras {
  /** BatchJob: workers to begin with; as many as the plan's map tasks deserve unless given. */
  readonly workers?: number
  /** TrainingJob: number of the gang's attempt, from 0. */
  readonly attempt?: number
}

/** `declaration` in the stored form, resolved and without broken rules; `plan` as its planner made it (a Server has none). */
export function compile(
  declaration: BatchJob,
  plan: BatchPlan,
  capabilities: Capabilities,
  extras?: CompileExtras,
): Result<readonly KubeObject[]>
export function compile(
  declaration: TrainingJob,
  plan: TrainingPlan,
  capabilities: Capabilities,
  extras?: CompileExtras,
): Result<readonly KubeObject[]>
export function compile(
  declaration: Server,
  plan: undefined,
  capabilities: Capabilities,
  extras?: CompileExtras,
): Result<readonly KubeObject[]>
export function compile(
  declaration: Runnable,
  plan: Plan,
  capabilities: Capabilities,
  { workers, attempt }: CompileExtras = {},
): Result<readonly KubeObject[]> {
  switch (declaration.kind) {
    case 'BatchJob':
      return compileBatchJob(declaration, plan as BatchPlan, capabilities, workers)
    case 'TrainingJob':
      return compileTrainingJob(declaration, plan as TrainingPlan, capabilities, attempt)
    case 'Server':
      return compileServer(declaration, capabilities)
    default:
      return unreachable(declaration)
  }
}
