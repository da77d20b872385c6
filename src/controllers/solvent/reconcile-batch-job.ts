/**
 * The BatchJob controller's decision. What was prepared (plan and objects, or why not) and how its Jobs stand, to actions. The coordinator
 * writes phase and progress into the status; what they mean in the end is said here, as conditions. Pure.
 */
import { formatTime, type Instant } from '../../base/clock.ts'
import { unreachable } from '../../base/invariant.ts'
import { formatBytes, plural } from '../../base/units.ts'
import { workersFor } from '../../compiler/targets/batch.ts'
import type { ConfigMap, Pod } from '../../kube/core.ts'
import { type KubeObject, refOf } from '../../kube/object.ts'
import type { Job } from '../../kube/workloads.ts'
import type { BatchPlan } from '../../planner/batch/plan.ts'
import { summariseBatchPlan } from '../../planner/explain/describe-batch.ts'
import type { BatchJob } from '../../spec/kinds.ts'
import { type Action, apply, normal, remove, wake, warning } from '../runtime/action.ts'
import { conditionOf, isTrue, withCondition } from '../runtime/conditions.ts'
import { adoptCode } from './adopt-code.ts'
import { type Children, nameTaken } from './children.ts'
import { expiry } from './expiry.ts'
import { firstFailure } from './pod-ends.ts'
import type { Refusal } from './refusal.ts'
import { patchStatus, sentences } from './status-patch.ts'

export type PreparedBatchJob =
  | { readonly kind: 'refused'; readonly refusal: Refusal }
  | { readonly kind: 'planned'; readonly plan: BatchPlan; readonly objects: readonly KubeObject[] }

export interface BatchJobObserved {
  readonly job: BatchJob
  readonly prepared: PreparedBatchJob
  readonly children: Children
  readonly coordinator: Job | undefined
  readonly workers: Job | undefined
  readonly coordinatorPods: readonly Pod[]
  readonly workerPods: readonly Pod[]
  readonly code: ConfigMap | undefined
}

export const isFinished = (job: BatchJob): boolean => isTrue(job, 'Complete') || isTrue(job, 'Failed')

/** Workers that were told to stop do so by themselves; the Job of those that were not is taken away after this. */
const STOP_MS = 5000
/** The coordinator's last word and its Job's end come through different watches. */
const LAST_WORD_MS = 2000

export function reconcileBatchJob(observed: BatchJobObserved, now: Instant): readonly Action[] {
  const { job, prepared, children } = observed
  if (job.metadata.deletionTimestamp) return []
  switch (prepared.kind) {
    case 'refused':
      return fail(job, prepared.refusal.reason, sentences(prepared.refusal.problems), now)
    case 'planned':
      if (children.foreign.length > 0) return fail(job, 'NameTaken', nameTaken(children.foreign), now)
      // What is left of an earlier job of this name goes first, and comes back to us as an event: applying onto it would hand it over.
      if (children.leftover.length > 0) return []
      return run(observed, prepared.plan, now)
    default:
      return unreachable(prepared)
  }
}

function run(observed: BatchJobObserved, plan: BatchPlan, now: Instant): readonly Action[] {
  const { job, children, code } = observed
  const verdict = judge(observed, now)
  if (verdict.kind === 'complete') return complete(job, now)
  if (verdict.kind === 'failed') return fail(job, verdict.reason, verdict.message, now)
  return [
    ...adoptCode(job, code),
    ...children.missing.map(object => apply(object, job)),
    ...planned(job, plan, now),
    ...scale(observed, plan),
    ...(verdict.kind === 'unclear' ? [wake(verdict.forMs)] : []),
  ]
}

type Verdict =
  | { readonly kind: 'running' }
  | { readonly kind: 'unclear'; readonly forMs: number }
  | { readonly kind: 'complete' }
  | { readonly kind: 'failed'; readonly reason: string; readonly message: string }

function judge({ job, coordinator, workers, coordinatorPods, workerPods }: BatchJobObserved, now: Instant): Verdict {
  const { phase, failure } = job.status ?? {}
  if (phase === 'Succeeded') return { kind: 'complete' }
  if (phase === 'Failed') {
    const message = failure ? [failure.message, failure.place, failure.record].filter(Boolean).join(' at ') : 'failed'
    return { kind: 'failed', reason: failure ? 'UserError' : 'CoordinatorFailed', message }
  }
  if (isTrue(coordinator, 'Failed')) {
    return { kind: 'failed', reason: 'CoordinatorFailed', message: why(coordinator!, coordinatorPods) }
  }
  if (isTrue(workers, 'Failed')) return { kind: 'failed', reason: 'WorkersFailed', message: why(workers!, workerPods) }
  const ended = conditionOf(coordinator, 'Complete')
  if (ended?.status !== 'True') return { kind: 'running' }
  const leftMs = Date.parse(ended.lastTransitionTime ?? '') + LAST_WORD_MS - now
  if (leftMs > 0) return { kind: 'unclear', forMs: leftMs }
  const message = `Job ${coordinator!.metadata.name} ended without a result`
  return { kind: 'failed', reason: 'CoordinatorFailed', message }
}

function why(job: Job, pods: readonly Pod[]): string {
  const { reason = '', message = '' } = conditionOf(job, 'Failed') ?? {}
  const first = firstFailure(pods)
  return `Job ${job.metadata.name} failed (${reason}: ${message})${first ? `; ${first}` : ''}`
}

function planned(job: BatchJob, plan: BatchPlan, now: Instant): readonly Action[] {
  const line = summariseBatchPlan(plan)
  const condition = { type: 'Planned', status: 'True', reason: 'Planned', message: line } as const
  const actions = patchStatus(job, {
    observedGeneration: job.metadata.generation,
    phase: job.status?.phase ?? 'Pending',
    plan: line,
    startTime: job.status?.startTime ?? formatTime(now),
    conditions: withCondition(job.status?.conditions, condition, now),
  })
  return isTrue(job, 'Planned') ? actions : [...actions, normal(job, 'Planned', line)]
}

/**
 * As many workers as tasks run or could run, never fewer than there are: what a worker has mapped lies on its disk, and a worker that is
 * taken away takes that along. All of them end with the job.
 */
function scale({ job, workers }: BatchJobObserved, plan: BatchPlan): readonly Action[] {
  const { pendingTasks, stages = [] } = job.status ?? {}
  if (!workers || pendingTasks === undefined) return []
  const wanted = workersFor(plan, pendingTasks + stages.reduce((sum, { running }) => sum + running, 0))
  if (wanted <= (workers.spec.parallelism ?? 0)) return []
  const patch = { spec: { parallelism: wanted, completions: wanted } }
  return [
    { kind: 'patch', ref: refOf({ ...workers, apiVersion: 'batch/v1', kind: 'Job' }), type: 'merge', patch },
    normal(job, 'Scaled', `${plural(wanted, 'worker')} for ${plural(pendingTasks, 'waiting task')}`),
  ]
}

function complete(job: BatchJob, now: Instant): readonly Action[] {
  const { output } = job.status ?? {}
  const message = output
    ? `${plural(output.rows, 'row')} (${formatBytes(output.bytes)}) in ${plural(output.files, 'file')} in ${output.uri}`
    : 'done'
  const condition = { type: 'Complete', status: 'True', reason: 'Completed', message } as const
  return finish(job, { conditions: withCondition(job.status?.conditions, condition, now) }, now)
}

function fail(job: BatchJob, reason: string, message: string, now: Instant): readonly Action[] {
  const condition = { type: 'Failed', status: 'True', reason, message } as const
  const conditions = withCondition(job.status?.conditions, condition, now)
  return finish(job, { phase: 'Failed', conditions }, now)
}

const finish = (job: BatchJob, fields: Readonly<Record<string, unknown>>, now: Instant): readonly Action[] =>
  patchStatus(job, {
    ...fields,
    observedGeneration: job.metadata.generation,
    completionTime: job.status?.completionTime ?? formatTime(now),
  })

/** Nobody is left to tell the others to stop. */
const BROKEN: ReadonlySet<string> = new Set(['CoordinatorFailed', 'WorkersFailed'])

/** What a job came to, whoever wrote it into the status, as an Event. */
export function newsOf(job: BatchJob, before: BatchJob): readonly Action[] {
  if (isFinished(before)) return []
  const [complete, failed] = [conditionOf(job, 'Complete'), conditionOf(job, 'Failed')]
  if (complete?.status === 'True') return [normal(job, 'Complete', complete.message ?? '')]
  if (failed?.status === 'True') return [warning(job, failed.reason ?? 'Failed', failed.message ?? '')]
  const hasStarted = job.status?.phase === 'Running' && before.status?.phase !== 'Running'
  return hasStarted ? [normal(job, 'Started', 'the coordinator runs')] : []
}

/** A job that has ended: nothing of it keeps running, and after its time it goes. */
export function afterBatchJob(job: BatchJob, jobs: readonly (Job | undefined)[], now: Instant): readonly Action[] {
  const end = Date.parse(job.status?.completionTime ?? '') || now
  const running = jobs.filter(each => each && !isTrue(each, 'Complete') && !isTrue(each, 'Failed')) as Job[]
  const toStop = running.filter(each => !each.metadata.deletionTimestamp)
  const isBroken = BROKEN.has(conditionOf(job, 'Failed')?.reason ?? '')
  const stopInMs = isBroken ? 0 : end + STOP_MS - now
  const stop = toStop.length === 0 ? [] : stopInMs > 0 ? [wake(stopInMs)] : toStop.map(each => remove(each))
  return [...stop, ...expiry(job, job.spec.ttlSecondsAfterFinished, job.status?.completionTime, now)]
}
