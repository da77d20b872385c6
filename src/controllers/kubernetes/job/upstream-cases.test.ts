/**
 * Upstream's table-driven cases of the Job controller, on one decision and what follows from it: TestControllerSyncJob,
 * TestSyncJobWithJobPodFailurePolicy, TestSyncJobWithJobSuccessPolicy, TestSyncJobWithJobBackoffLimitPerIndex, TestSyncJobWhenManagedBy,
 * TestSyncJobPastDeadline (pkg/controller/job/job_controller_test.go).
 */
import { expect, test } from 'vitest'
import type { Pod } from '../../../kube/core.ts'
import type { Condition } from '../../../kube/object.ts'
import type { Job, JobSpec } from '../../../kube/workloads.ts'
import { completionIndexOf, JOB_TRACKING } from './job-pod.ts'
import { World } from './job-world.ts'

/** `PHASE`, `PHASE@INDEX`, `PHASE@INDEX+FAILURES#EXITCODE`; a phase in capitals is of a pod that is being deleted. */
function podOf(text: string, number: number): Pod {
  const [, phase = '', index, failures, code] = /^(\w+)(?:@(-?\w+))?(?:\+(\d+))?(?:#(\d+))?$/.exec(text)!
  const isDeleted = phase === phase.toUpperCase()
  const full = { run: 'Running', pend: 'Pending', ok: 'Succeeded', fail: 'Failed' }[phase.toLowerCase()] ?? ''
  const isReady = phase === 'ready'
  const uid = `old-${number}`
  const status = { phase: isReady ? 'Running' : full } as NonNullable<Pod['status']>
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      uid,
      name: uid,
      namespace: 'n',
      finalizers: [JOB_TRACKING],
      ...(isDeleted && { deletionTimestamp: '2009-01-01T00:00:00Z' }),
      annotations: {
        ...(index !== undefined && { 'batch.kubernetes.io/job-completion-index': index }),
        ...(failures !== undefined && { 'batch.kubernetes.io/job-index-failure-count': failures }),
      },
    },
    spec: { containers: [{ name: 'c' }] },
    status: {
      ...status,
      ...(isReady && { conditions: [{ type: 'Ready', status: 'True' as const }] }),
      ...(code && {
        containerStatuses: [
          {
            ...{ name: 'main', ready: false, restartCount: 0, image: '', imageID: '' },
            state: { terminated: { exitCode: Number(code), finishedAt: '2009-01-01T00:00:00Z' } },
          },
        ],
      }),
    },
  }
}

interface Expected {
  readonly create?: number | readonly number[]
  readonly remove?: number
  readonly active?: number
  readonly ready?: number
  readonly terminating?: number
  /** Once all is counted. */
  readonly succeeded?: number
  readonly failed?: number
  readonly completed?: string
  readonly failedIndexes?: string
  /** `Type:Reason`, of those that are True. */
  readonly conditions?: readonly string[]
}

type Case = readonly [string, Partial<JobSpec>, readonly string[], Expected, Partial<Job>?]

function check([, spec, pods, expected, more = {}]: Case): void {
  const world = new World({ completions: 1, parallelism: 1, ...spec })
  world.job = { ...world.job, ...more, metadata: { ...world.job.metadata, ...more.metadata } }
  world.pods = new Map(pods.map((text, i) => [`old-${i}`, podOf(text, i)]))
  const actions = world.decide()
  const made = actions.flatMap(action => (action.kind === 'create' ? [action.object as Pod] : []))
  const status = actions.flatMap(action => (action.kind === 'update-status' ? [(action.object as Job).status] : []))[0]
  if (typeof expected.create === 'object') expect(made.map(completionIndexOf)).toEqual(expected.create)
  else expect(made.length, 'created').toBe(expected.create ?? 0)
  expect(actions.filter(({ kind }) => kind === 'delete').length, 'deleted').toBe(expected.remove ?? 0)
  const now = status ?? world.job.status
  expect(now?.active ?? 0, 'active').toBe(expected.active ?? 0)
  expect(now?.ready ?? 0, 'ready').toBe(expected.ready ?? 0)
  expect(now?.terminating ?? 0, 'terminating').toBe(expected.terminating ?? 0)
  world.settle()
  const end = world.job.status
  expect(end?.succeeded ?? 0, 'succeeded').toBe(expected.succeeded ?? 0)
  expect(end?.failed ?? 0, 'failed').toBe(expected.failed ?? 0)
  expect(end?.completedIndexes ?? '', 'completedIndexes').toBe(expected.completed ?? '')
  expect(end?.failedIndexes, 'failedIndexes').toBe(expected.failedIndexes)
  const trues = (end?.conditions ?? []).filter((each: Condition) => each.status === 'True')
  expect(trues.map(({ type, reason }) => `${type}:${reason}`)).toEqual(expected.conditions ?? [])
}

const indexed = { completionMode: 'Indexed' } as const
const done = (reason: string) => [`SuccessCriteriaMet:${reason}`, `Complete:${reason}`]
const failing = (reason: string) => [`FailureTarget:${reason}`]
const failed = (reason: string) => [`FailureTarget:${reason}`, `Failed:${reason}`]

test.each<Case>([
  ['job start', { parallelism: 2, completions: 5 }, [], { create: 2, active: 2 }],
  ['WQ job start', { parallelism: 2, completions: undefined }, [], { create: 2, active: 2 }],
  ['pending pods', { parallelism: 2, completions: 5 }, ['pend', 'pend'], { active: 2 }],
  ['correct # of pods', { parallelism: 3, completions: 5 }, ['run', 'ready', 'ready'], { active: 3, ready: 2 }],
  ['WQ job: correct # of pods', { parallelism: 2, completions: undefined }, ['run', 'run'], { active: 2 }],
  ['too few active pods', { parallelism: 2, completions: 5 }, ['run', 'ok'], { create: 1, active: 2, succeeded: 1 }],
  [
    'too few active pods and active back-off',
    { parallelism: 1, completions: 1 },
    ['fail'],
    { create: 1, active: 1, failed: 1 },
  ],
  [
    'too many active pods',
    { parallelism: 2, completions: 5 },
    ['run', 'run', 'run'],
    { remove: 1, active: 2, terminating: 1 },
  ],
  [
    'too few active pods, with podReplacementPolicy TerminatingOrFailed',
    { parallelism: 2, completions: 5, podReplacementPolicy: 'TerminatingOrFailed' },
    ['RUN'],
    { create: 2, active: 2, terminating: 1, failed: 1 },
  ],
  [
    'too few active pods, with podReplacementPolicy Failed',
    { parallelism: 2, completions: 5, podReplacementPolicy: 'Failed' },
    ['RUN'],
    { create: 1, active: 1, terminating: 1 },
  ],
  [
    'failed pods are replaced',
    { parallelism: 2, completions: 5 },
    ['run', 'ok', 'fail'],
    { create: 1, active: 2, succeeded: 1, failed: 1 },
  ],
  [
    'job finish',
    { parallelism: 2, completions: 5 },
    ['ok', 'ok', 'ok', 'ok', 'ok'],
    { succeeded: 5, conditions: done('CompletionsReached') },
  ],
  ['WQ job finishing', { parallelism: 2, completions: undefined }, ['run', 'ok'], { active: 1, succeeded: 1 }],
  [
    'WQ job all finished',
    { parallelism: 2, completions: undefined },
    ['ok', 'ok'],
    { succeeded: 2, conditions: done('CompletionsReached') },
  ],
  [
    'WQ job all finished despite one failure',
    { parallelism: 2, completions: undefined },
    ['ok', 'fail'],
    { succeeded: 1, failed: 1, conditions: done('CompletionsReached') },
  ],
  [
    'more active pods than parallelism',
    { parallelism: 2, completions: 5 },
    Array(10).fill('run'),
    { remove: 8, active: 2, terminating: 8 },
  ],
  [
    'more active pods than remaining completions',
    { parallelism: 4, completions: 5 },
    ['run', 'run', 'run', 'ok', 'ok', 'ok'],
    { remove: 1, active: 2, terminating: 1, succeeded: 3 },
  ],
  [
    'the backoff limit is exceeded',
    { parallelism: 1, completions: 1, backoffLimit: 0 },
    ['fail'],
    { failed: 1, conditions: failed('BackoffLimitExceeded') },
  ],
  ['indexed job start', { ...indexed, parallelism: 2, completions: 5 }, [], { create: [0, 1], active: 2 }],
  [
    'indexed job with some pods deleted, podReplacementPolicy Failed',
    { ...indexed, parallelism: 2, completions: 5, podReplacementPolicy: 'Failed' },
    ['RUN'],
    { create: [0], active: 1, terminating: 1 },
  ],
  [
    'indexed job with some pods deleted, podReplacementPolicy TerminatingOrFailed',
    { ...indexed, parallelism: 2, completions: 5 },
    ['RUN'],
    { create: [0, 1], active: 2, terminating: 1 },
  ],
  [
    'indexed job completed',
    { ...indexed, parallelism: 2, completions: 3 },
    ['ok@0', 'fail@1', 'ok@1', 'ok@2'],
    { succeeded: 3, failed: 1, completed: '0-2', conditions: done('CompletionsReached') },
  ],
  [
    'indexed job failed',
    { ...indexed, parallelism: 2, completions: 3, backoffLimit: 0 },
    ['ok@0', 'fail@1', 'run@2'],
    { remove: 1, terminating: 1, succeeded: 1, failed: 2, completed: '0', conditions: failing('BackoffLimitExceeded') },
  ],
  [
    'count ready pods when job fails',
    { parallelism: 2, completions: 3, backoffLimit: 0 },
    ['ready', 'ready', 'fail'],
    { remove: 2, terminating: 2, failed: 3, conditions: failing('BackoffLimitExceeded') },
  ],
  [
    'indexed job repeated completed index',
    { ...indexed, parallelism: 2, completions: 3 },
    ['ok@0', 'ok@1', 'ok@1'],
    { create: [2], active: 1, succeeded: 2, completed: '0,1' },
  ],
  [
    'indexed job some running and completed pods',
    { ...indexed, parallelism: 8, completions: 20 },
    ['run@0', 'ok@2', 'pend@3', 'ok@4', 'ok@5', 'ok@7', 'ok@8', 'ok@9'],
    { create: [1, 6, 10, 11, 12, 13], active: 8, succeeded: 6, completed: '2,4,5,7-9' },
  ],
  [
    'indexed job some failed pods',
    { ...indexed, parallelism: 3, completions: 4 },
    ['fail@0', 'pend@1', 'fail@2'],
    { create: [0, 2], active: 3, failed: 2 },
  ],
  [
    'indexed job some pods without index',
    { ...indexed, parallelism: 2, completions: 5 },
    ['run', 'ok', 'fail', 'run@invalid', 'ok@invalid', 'fail@invalid', 'pend@invalid', 'ok@0', 'run@1', 'run@2'],
    { remove: 3, active: 2, terminating: 3, succeeded: 1, completed: '0' },
  ],
  [
    'indexed job repeated indexes',
    { ...indexed, parallelism: 5, completions: 5 },
    ['ok', 'fail', 'run@invalid', 'ok@0', 'run@1', 'run@2', 'pend@2'],
    { remove: 2, active: 2, terminating: 2, succeeded: 1, completed: '0' },
  ],
  [
    'indexed job with indexes outside of range',
    { ...indexed, parallelism: 2, completions: 5 },
    ['ok@0', 'run@5', 'ok@6', 'pend@7', 'fail@8'],
    { remove: 2, terminating: 2, succeeded: 1, completed: '0' },
  ],
  [
    'suspending a job',
    { parallelism: 2, completions: 4, suspend: true },
    ['run', 'run'],
    { remove: 2, terminating: 2, conditions: ['Suspended:JobSuspended'] },
  ],
  [
    'count ready pods when suspending a job',
    { parallelism: 2, completions: 4, suspend: true },
    ['ready', 'ready'],
    { remove: 2, terminating: 2, conditions: ['Suspended:JobSuspended'] },
  ],
  [
    'resuming a suspended job',
    { parallelism: 2, completions: 4 },
    [],
    { create: 2, active: 2 },
    { status: { conditions: [{ type: 'Suspended', status: 'True', reason: 'JobSuspended' }] } },
  ],
  [
    'a deleted job makes and removes nothing, and lets its pods go',
    { parallelism: 2, completions: 4, suspend: true },
    ['run', 'run'],
    { active: 2 },
    { metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } },
  ],
  [
    'FailureTarget=False by hand is ignored',
    {},
    ['ready'],
    { active: 1, ready: 1 },
    { status: { conditions: [{ type: 'FailureTarget', status: 'False', reason: 'ByHand' }] } },
  ],
  [
    'SuccessCriteriaMet=False by hand is ignored',
    {},
    ['ready'],
    { active: 1, ready: 1 },
    { status: { conditions: [{ type: 'SuccessCriteriaMet', status: 'False', reason: 'ByHand' }] } },
  ],
])('TestControllerSyncJob: %s', (...each) => check(each as unknown as Case))

const codes = (action: string, ...values: number[]) => ({ action, onExitCodes: { operator: 'In', values } })
const policy = (...rules: object[]) =>
  ({ podFailurePolicy: { rules }, podReplacementPolicy: 'Failed' }) as unknown as Partial<JobSpec>
const rules = policy(codes('Ignore', 1, 2, 3), codes('FailJob', 5, 6, 7))

test.each<Case>([
  ['a running pod is not judged', rules, ['run#5'], { active: 1 }],
  ['fail job based on OnExitCodes', rules, ['fail#5'], { failed: 1, conditions: failed('PodFailurePolicy') }],
  [
    'fail job with multiple pods',
    { ...rules, parallelism: 2, completions: 2 },
    ['run', 'fail#5'],
    { remove: 1, terminating: 1, failed: 2, conditions: failing('PodFailurePolicy') },
  ],
  [
    'fail indexed job based on OnExitCodes',
    { ...rules, ...indexed },
    ['fail@0#5'],
    { failed: 1, conditions: failed('PodFailurePolicy') },
  ],
  ['default handling when no rule matches', rules, ['fail#42'], { create: 1, active: 1, failed: 1 }],
  ['ignore pod failure based on OnExitCodes', { ...rules, backoffLimit: 0 }, ['fail#1'], { create: 1, active: 1 }],
  [
    'ignore pod failure, others count',
    { ...rules, parallelism: 2, completions: 2, backoffLimit: 0 },
    ['fail#3', 'fail#42'],
    { failed: 1, conditions: failed('BackoffLimitExceeded') },
  ],
  ['terminating job is not judged before its pod ends', rules, ['RUN'], { terminating: 1 }],
])('TestSyncJobWithJobPodFailurePolicy: %s', (...each) => check(each as unknown as Case))

const success = (...list: object[]) => ({ ...indexed, successPolicy: { rules: list } }) as unknown as Partial<JobSpec>
test.each<Case>([
  [
    'succeededIndexes',
    { ...success({ succeededIndexes: '0,1' }), parallelism: 3, completions: 3 },
    ['ok@0', 'ok@1', 'run@2'],
    { remove: 1, terminating: 1, succeeded: 2, completed: '0,1', conditions: ['SuccessCriteriaMet:SuccessPolicy'] },
  ],
  [
    'succeededIndexes with succeededCount',
    { ...success({ succeededIndexes: '0-2', succeededCount: 2 }), parallelism: 3, completions: 3 },
    ['ok@0', 'run@1', 'ok@2'],
    { remove: 1, terminating: 1, succeeded: 2, completed: '0,2', conditions: ['SuccessCriteriaMet:SuccessPolicy'] },
  ],
  [
    'succeededCount',
    { ...success({ succeededCount: 2 }), parallelism: 3, completions: 3 },
    ['ok@0', 'run@1', 'ok@2'],
    { remove: 1, terminating: 1, succeeded: 2, completed: '0,2', conditions: ['SuccessCriteriaMet:SuccessPolicy'] },
  ],
  [
    'not met, failed pods are replaced',
    { ...success({ succeededIndexes: '0,1' }), parallelism: 2, completions: 2 },
    ['ok@0', 'fail@1#1'],
    { create: [1], active: 1, succeeded: 1, failed: 1, completed: '0' },
  ],
  [
    'met by all: SuccessPolicy and not CompletionsReached',
    { ...success({ succeededCount: 2 }), parallelism: 2, completions: 2 },
    ['ok@0', 'ok@1'],
    { succeeded: 2, completed: '0,1', conditions: done('SuccessPolicy') },
  ],
  [
    'the backoff limit goes first',
    { ...success({ succeededIndexes: '0' }), parallelism: 2, completions: 2, backoffLimit: 0 },
    ['ok@0', 'fail@1'],
    { succeeded: 1, failed: 1, completed: '0', conditions: failed('BackoffLimitExceeded') },
  ],
  [
    'FailureTarget stays',
    success({ succeededCount: 1 }),
    ['ok@0'],
    { succeeded: 1, completed: '0', conditions: failed('X') },
    { status: { conditions: [{ type: 'FailureTarget', status: 'True', reason: 'X', message: '' }] } },
  ],
  [
    'SuccessCriteriaMet stays, whatever fails after',
    { ...success({ succeededIndexes: '0' }), parallelism: 2, completions: 2, backoffLimit: 0 },
    ['ok@0', 'fail@1'],
    { succeeded: 1, failed: 1, completed: '0', conditions: done('SuccessPolicy') },
    { status: { conditions: [{ type: 'SuccessCriteriaMet', status: 'True', reason: 'SuccessPolicy', message: '' }] } },
  ],
])('TestSyncJobWithJobSuccessPolicy: %s', (...each) => check(each as unknown as Case))

const perIndex = (limit: number, more: Partial<JobSpec> = {}): Partial<JobSpec> => ({
  ...{ ...indexed, parallelism: 2, completions: 2, backoffLimit: 2 ** 31 - 1, backoffLimitPerIndex: limit, ...more },
})
const failIndex = policy(codes('FailIndex', 3))
test.each<Case>([
  [
    'successful job after a failed index',
    perIndex(1),
    ['ok@0+0', 'fail@1+1#1'],
    { succeeded: 1, failed: 1, completed: '0', failedIndexes: '1', conditions: failed('FailedIndexes') },
  ],
  [
    'a failed pod is replaced',
    perIndex(1),
    ['fail@0+0#1', 'run@1+0'],
    { create: [0], active: 2, failed: 1, failedIndexes: '' },
  ],
  [
    'job with failed indexes goes on',
    perIndex(0),
    ['fail@0+0#1', 'run@1+0'],
    { active: 1, failed: 1, failedIndexes: '0' },
  ],
  [
    'maxFailedIndexes is exceeded',
    perIndex(0, { completions: 4, maxFailedIndexes: 1 }),
    ['fail@0+0#1', 'fail@1+0#1'],
    { failed: 2, failedIndexes: '0,1', conditions: failed('MaxFailedIndexesExceeded') },
  ],
  [
    'maxFailedIndexes is not exceeded',
    perIndex(0, { completions: 3, maxFailedIndexes: 1 }),
    ['fail@0+0#1', 'run@1+0'],
    { create: [2], active: 2, failed: 1, failedIndexes: '0' },
  ],
  [
    'backoffLimit is exceeded first',
    perIndex(1, { backoffLimit: 0 }),
    ['fail@0+0#1', 'run@1+0'],
    { remove: 1, terminating: 1, failed: 2, failedIndexes: '', conditions: failing('BackoffLimitExceeded') },
  ],
  [
    'all indexes failed',
    perIndex(0),
    ['fail@0+0#1', 'fail@1+0#1'],
    { failed: 2, failedIndexes: '0,1', conditions: failed('FailedIndexes') },
  ],
  [
    'FailIndex fails an index at once',
    { ...perIndex(1), ...failIndex },
    ['fail@0+0#3', 'run@1+0'],
    { active: 1, failed: 1, failedIndexes: '0' },
  ],
  [
    'other exit codes do not',
    { ...perIndex(1), ...failIndex },
    ['fail@0+0#4', 'run@1+0'],
    { create: [0], active: 2, failed: 1, failedIndexes: '' },
  ],
])('TestSyncJobWithJobBackoffLimitPerIndex: %s', (...each) => check(each as unknown as Case))

test.each<Case>([
  ["another's Job is left alone", { managedBy: 'acme.io/controller' }, ['run', 'fail'], {}],
  ['its own name is no other', { managedBy: 'kubernetes.io/job-controller' }, [], { create: 1, active: 1 }],
])('TestSyncJobWhenManagedBy: %s', (...each) => check(each as unknown as Case))

const since = (seconds: number): Partial<Job> => ({
  status: { startTime: new Date(Date.parse('2026-01-01T00:00:00Z') - seconds * 1000).toISOString() },
})
test.each<Case>([
  [
    'deadline before the first pod',
    { activeDeadlineSeconds: 10 },
    [],
    { conditions: failed('DeadlineExceeded') },
    since(10),
  ],
  [
    'deadline with a pod that runs',
    { activeDeadlineSeconds: 10 },
    ['run'],
    { remove: 1, terminating: 1, failed: 1, conditions: failing('DeadlineExceeded') },
    since(15),
  ],
  [
    'deadline with one that succeeded and one that runs',
    { activeDeadlineSeconds: 10, parallelism: 2, completions: 2 },
    ['run', 'ok'],
    { remove: 1, terminating: 1, succeeded: 1, failed: 1, conditions: failing('DeadlineExceeded') },
    since(15),
  ],
  [
    'backoffLimit is said before the deadline',
    { activeDeadlineSeconds: 1, backoffLimit: 0 },
    ['fail'],
    { failed: 1, conditions: failed('BackoffLimitExceeded') },
    since(10),
  ],
  [
    'a suspended job has no deadline',
    { activeDeadlineSeconds: 10, suspend: true },
    ['run'],
    { remove: 1, terminating: 1, conditions: ['Suspended:JobSuspended'] },
    since(15),
  ],
  ['within its deadline', { activeDeadlineSeconds: 10 }, ['run'], { active: 1 }, since(5)],
])('TestSyncJobPastDeadline: %s', (...each) => check(each as unknown as Case))
