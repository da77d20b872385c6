/**
 * The TrainingJob controller's decision. A gang is one Job; the gang that failed as a whole starts anew as the Job of the next attempt,
 * once nothing of the old one runs any more (JobSet restarts so; two gangs at once would write the same checkpoints). Pure.
 */
import { formatTime, type Instant } from '../../base/clock.ts'
import type { Problem } from '../../base/problem.ts'
import { attemptName, MAX_RESTARTS } from '../../compiler/targets/training.ts'
import type { ConfigMap, Pod } from '../../kube/core.ts'
import type { KubeObject } from '../../kube/object.ts'
import type { Job, PodGroup } from '../../kube/workloads.ts'
import { summariseTrainingPlan } from '../../planner/explain/describe-training.ts'
import type { TrainingPlan } from '../../planner/training/plan.ts'
import type { TrainingJob, TrainingJobStatus } from '../../spec/kinds.ts'
import { type Action, apply, normal, remove, warning } from '../runtime/action.ts'
import { conditionOf, isTrue, withCondition } from '../runtime/conditions.ts'
import { adoptCode } from './adopt-code.ts'
import { type Children, nameTaken } from './children.ts'
import { expiry } from './expiry.ts'
import type { KeptPlan } from './plan-once.ts'
import { firstFailure } from './pod-ends.ts'
import type { Refusal } from './refusal.ts'
import { patchStatus, sentences } from './status-patch.ts'

export type PreparedTrainingJob =
  | { readonly kind: 'refused'; readonly refusal: Refusal }
  /** There is no fleet that would do, yet. */
  | { readonly kind: 'waiting'; readonly problems: readonly Problem[] }
  | (KeptPlan & { readonly objects: readonly KubeObject[] })

type Planned = Extract<PreparedTrainingJob, { readonly kind: 'planned' }>

export interface TrainingJobObserved {
  readonly job: TrainingJob
  readonly prepared: PreparedTrainingJob
  /** What the current attempt compiles to, as it stands. */
  readonly children: Children
  /** The Job of the current attempt. */
  readonly gang: Job | undefined
  readonly gangPods: readonly Pod[]
  /** Jobs and PodGroups of attempts before. */
  readonly past: readonly (Job | PodGroup)[]
  /** Pods of attempts before that may still run. */
  readonly pastPods: readonly Pod[]
  readonly code: ConfigMap | undefined
}

export const isFinished = (job: TrainingJob): boolean => isTrue(job, 'Complete') || isTrue(job, 'Failed')

export const attemptOf = (job: TrainingJob): number => job.status?.attempt ?? 0

export function reconcileTrainingJob(observed: TrainingJobObserved, now: Instant): readonly Action[] {
  const { job, prepared, children, gang } = observed
  if (job.metadata.deletionTimestamp) return []
  if (isFinished(job)) return afterTrainingJob(job, now)
  if (prepared.kind === 'refused') {
    return fail(job, prepared.refusal.reason, sentences(prepared.refusal.problems), now)
  }
  if (children.foreign.length > 0) return fail(job, 'NameTaken', nameTaken(children.foreign), now)
  // What is left of an earlier job of this name goes first, and comes back to us as an event.
  if (children.leftover.length > 0) return []
  if (isTrue(gang, 'Complete')) return complete(job, now)
  if (isTrue(gang, 'Failed')) return restart(observed, gang!, now)
  if (prepared.kind === 'waiting') return gang ? [] : wait(job, prepared.problems, now)
  return run(observed, prepared, now)
}

/** What is left to do for one that is finished; its plan plays no part in it. */
export const afterTrainingJob = (job: TrainingJob, now: Instant): readonly Action[] =>
  expiry(job, job.spec.ttlSecondsAfterFinished, job.status?.completionTime, now)

/** Nothing can be planned until another fleet comes; it comes back to us as an event. */
function wait(job: TrainingJob, problems: readonly Problem[], now: Instant): readonly Action[] {
  const { generation } = job.metadata
  const message = sentences(problems)
  const reason = 'WaitingForFleet'
  const condition = { type: 'Planned', status: 'False', reason, message, observedGeneration: generation } as const
  const isNews = conditionOf(job, 'Planned')?.message !== message
  return [
    ...patchStatus(job, {
      phase: 'Pending',
      observedGeneration: generation,
      plan: undefined,
      planConfigMap: undefined,
      ranks: undefined,
      conditions: withCondition(job.status?.conditions, condition, now),
    }),
    ...(isNews ? [warning(job, reason, message)] : []),
  ]
}

/** The plan is kept and told first: what is made from it later, whoever makes it, is made from this plan. */
function run(observed: TrainingJobObserved, prepared: Planned, now: Instant): readonly Action[] {
  const { job, children, past, pastPods, code } = observed
  const cleared = past.filter(({ metadata }) => !metadata.deletionTimestamp).map(object => remove(object))
  const made = (objects: readonly KubeObject[]): readonly Action[] => objects.map(object => apply(object, job))
  return [
    ...cleared,
    ...adoptCode(job, code),
    ...made(children.missing.filter(isPlanMap)),
    ...progress(observed, prepared, now),
    // Pods of the old gang that are on their way out come back to us as events.
    ...(pastPods.length > 0 ? [] : made(children.missing.filter(object => !isPlanMap(object)))),
  ]
}

const isPlanMap = ({ kind }: KubeObject): boolean => kind === 'ConfigMap'

function progress({ job, gang }: TrainingJobObserved, prepared: Planned, now: Instant): readonly Action[] {
  const { plan, generation, objects } = prepared
  const line = summariseTrainingPlan(plan)
  const observedGeneration = generation
  const condition = { type: 'Planned', status: 'True', reason: 'Planned', message: line, observedGeneration } as const
  const before = conditionOf(job, 'Planned')
  const isNews = before?.status !== 'True' || before.observedGeneration !== generation
  const phase = phaseOf(job, gang, plan)
  const hasStarted = phase === 'Running' && job.status?.phase !== 'Running'
  const status: TrainingJobStatus = {
    phase,
    observedGeneration: job.metadata.generation,
    plan: line,
    planConfigMap: objects.find(isPlanMap)?.metadata.name,
    attempt: attemptOf(job),
    ranks: plan.ranks,
    startTime: job.status?.startTime ?? formatTime(now),
    conditions: withCondition(job.status?.conditions, condition, now),
  }
  return [
    ...patchStatus(job, { ...status }),
    ...(isNews ? [normal(job, 'Planned', line)] : []),
    ...(hasStarted ? [normal(job, 'Started', `attempt ${attemptOf(job)}: all ${plan.pods} pods run`)] : []),
  ]
}

/** It runs once every pod of the gang does. */
function phaseOf(job: TrainingJob, gang: Job | undefined, plan: TrainingPlan): NonNullable<TrainingJobStatus['phase']> {
  const { ready = 0, succeeded = 0 } = gang?.status ?? {}
  if (ready + succeeded >= plan.pods) return 'Running'
  if (job.status?.phase === 'Running' && gang) return 'Running'
  return attemptOf(job) > 0 ? 'Restarting' : 'Pending'
}

function restart({ job, gangPods }: TrainingJobObserved, gang: Job, now: Instant): readonly Action[] {
  const attempt = attemptOf(job)
  const { reason = '', message = '' } = conditionOf(gang, 'Failed') ?? {}
  const why = firstFailure(gangPods) ?? `Job ${gang.metadata.name} failed (${reason}: ${message})`
  const maxRestarts = job.spec.maxRestarts ?? MAX_RESTARTS
  if (attempt >= maxRestarts) {
    const tried =
      maxRestarts === 0 ? 'no restart is allowed' : `restarted ${maxRestarts === 1 ? 'once' : `${maxRestarts} times`}`
    return fail(job, 'RestartsExceeded', `${why}; ${tried}`, now)
  }
  const news = `attempt ${attempt + 1} of ${maxRestarts + 1} after ${why}: the gang restarts together`
  return [
    ...patchStatus(job, { phase: 'Restarting', attempt: attempt + 1 }),
    { kind: 'event', about: job, type: 'Warning', reason: 'Restarting', message: news },
  ]
}

function complete(job: TrainingJob, now: Instant): readonly Action[] {
  const attempt = attemptOf(job)
  const message = attempt === 0 ? 'all ranks succeeded' : `all ranks succeeded in attempt ${attempt}`
  const condition = { type: 'Complete', status: 'True', reason: 'Completed', message } as const
  return [...finish(job, 'Succeeded', condition, now), normal(job, 'Complete', message)]
}

function fail(job: TrainingJob, reason: string, message: string, now: Instant): readonly Action[] {
  const condition = { type: 'Failed', status: 'True', reason, message } as const
  return [...finish(job, 'Failed', condition, now), warning(job, reason, message)]
}

function finish(
  job: TrainingJob,
  phase: 'Succeeded' | 'Failed',
  condition: Parameters<typeof withCondition>[1],
  now: Instant,
): readonly Action[] {
  return patchStatus(job, {
    phase,
    conditions: withCondition(job.status?.conditions, condition, now),
    observedGeneration: job.metadata.generation,
    completionTime: formatTime(now),
  })
}

/** Name of the Job and of the PodGroup of an attempt before the current one. */
export const isPast = (job: TrainingJob, { metadata }: KubeObject): boolean =>
  metadata.name !== attemptName(job, attemptOf(job))
