/**
 * Upstream's cases of pkg/controller/job/indexed_job_utils_test.go: TestCalculateSucceededIndexes, TestIsIndexFailed,
 * TestCalculateFailedIndexes, TestGetPodsWithDelayedDeletionPerIndex, TestGetNewIndexFailureCountValue, TestFirstPendingIndexes,
 * TestIntervalsHaveIndex, TestPodGenerateNameWithIndex, TestGetIndexFailureCount, TestGetPodCreationInfoForIndependentIndexes.
 */
import { expect, test } from 'vitest'
import type { Pod, PodPhase } from '../../../kube/core.ts'
import type { Job, JobSpec } from '../../../kube/workloads.ts'
import { NO_BACK_OFF } from './back-off.ts'
import { failuresAfter } from './index-failures.ts'
import { firstMissing, formatIndexes, hasIndex, parseIndexes } from './indexes.ts'
import { completionIndexOf, indexedPrefix, indexFailuresOf, JOB_TRACKING } from './job-pod.ts'
import { rulingOn } from './pod-failure-policy.ts'
import { podsToChange } from './pods-to-change.ts'
import { tallyPods } from './tally.ts'

interface PodSketch {
  readonly index?: string
  readonly phase?: PodPhase
  readonly failures?: string
  readonly ignored?: string
  readonly uid?: string
  readonly isTracked?: boolean
  readonly deleted?: string
  readonly exitCode?: number
  readonly isDisrupted?: boolean
}

const podOf = ({
  index,
  phase = 'Failed',
  failures,
  ignored,
  uid = 'u',
  isTracked = true,
  ...more
}: PodSketch): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    ...{ name: uid, uid, creationTimestamp: '2026-01-01T00:00:00Z' },
    ...(isTracked && { finalizers: [JOB_TRACKING] }),
    ...(more.deleted && { deletionTimestamp: more.deleted }),
    annotations: {
      ...(index !== undefined && { 'batch.kubernetes.io/job-completion-index': index }),
      ...(failures !== undefined && { 'batch.kubernetes.io/job-index-failure-count': failures }),
      ...(ignored !== undefined && { 'batch.kubernetes.io/job-index-ignored-failure-count': ignored }),
    },
  },
  spec: { containers: [] },
  status: {
    phase,
    ...(more.isDisrupted && { conditions: [{ type: 'DisruptionTarget', status: 'True' as const }] }),
    ...(more.exitCode && {
      containerStatuses: [
        {
          name: 'c',
          ready: false,
          restartCount: 0,
          image: '',
          imageID: '',
          state: { terminated: { exitCode: more.exitCode } },
        },
      ],
    }),
  },
})

const jobOf = (spec: Partial<JobSpec>, status?: Job['status']): Job => ({
  ...{ apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'j', uid: 'j' } },
  spec: { completionMode: 'Indexed', parallelism: 9, template: { spec: { containers: [] } }, ...spec },
  ...(status && { status }),
})
const tallyOf = (job: Job, pods: readonly PodSketch[]) =>
  tallyPods(
    job,
    pods.map((each, i) => podOf({ uid: `u${i}`, ...each })),
  )
const ok = (...indexes: readonly string[]): readonly PodSketch[] =>
  indexes.map(index => ({ index, phase: 'Succeeded' }))

test.each<[string, string, readonly PodSketch[], number, string]>([
  ['one index', '', ok('1'), 2, '1'],
  ['two separate', '', [{ index: '2' }, ...ok('5', '5'), { index: '10' }, ...ok('10')], 11, '5,10'],
  ['two intervals', '', [{ index: '0', phase: 'Running' }, ...ok('2', '3', '5', '6', '7')], 8, '2,3,5-7'],
  ['one index and one interval', '', [...ok('0', '2', '3', '4', '5', '-2'), { phase: 'Succeeded' }], 6, '0,2-5'],
  ['out of range', '', [...ok('0', '1', '2', '4', '5', '-2'), { index: '3' }], 5, '0-2,4'],
  ['prev interval out of range', '0-5,8-10', [], 8, '0-5'],
  ['prev interval partially out of range', '0-5,8-10', [], 10, '0-5,8,9'],
  ['prev and new separate', '0,4,5,10-12', ok('2', '7', '8'), 13, '0,2,4,5,7,8,10-12'],
  ['prev between new', '3,4,6', ok('2', '7', '8'), 9, '2-4,6-8'],
  ['new between prev', '2,7,8', ok('3', '4', '6'), 9, '2-4,6-8'],
  ['new within prev', '2-7', ok('0', '3', '5', '9'), 10, '0,2-7,9'],
  ['corrupted interval', '0,1-foo,bar', ok('3'), 4, '0,3'],
])('TestCalculateSucceededIndexes: %s', (_, completedIndexes, pods, completions, expected) => {
  expect(formatIndexes(tallyOf(jobOf({ completions }, { completedIndexes }), pods).completedIndexes)).toBe(expected)
})

const failIndex = { rules: [{ action: 'FailIndex' as const, onExitCodes: { operator: 'In' as const, values: [3] } }] }
test.each<[string, Partial<JobSpec>, string | undefined, readonly PodSketch[], string]>([
  ['limit 0', { backoffLimitPerIndex: 0 }, undefined, [{ index: '0', failures: '0' }], '0'],
  ['limit 1', { backoffLimitPerIndex: 1 }, undefined, [{ index: '1', failures: '1' }], '1'],
  [
    'a FailIndex rule',
    { backoffLimitPerIndex: 1, podFailurePolicy: failIndex },
    undefined,
    [{ index: '0', failures: '0', exitCode: 3 }],
    '0',
  ],
  [
    'one new index failed',
    { backoffLimitPerIndex: 1 },
    undefined,
    [
      { index: '0', failures: '0' },
      { index: '1', failures: '1' },
    ],
    '1',
  ],
  [
    'pod without finalizer is ignored',
    { backoffLimitPerIndex: 0 },
    undefined,
    [{ index: '0', failures: '0', isTracked: false }],
    '',
  ],
  ['pod outside completions is ignored', { backoffLimitPerIndex: 0 }, undefined, [{ index: '3', failures: '0' }], ''],
  ['extend the failed indexes', { backoffLimitPerIndex: 0 }, '0', [{ index: '1', failures: '0' }], '0,1'],
  ['prev failed indexes empty', { backoffLimitPerIndex: 0 }, '', [{ index: '1', failures: '0' }], '1'],
  [
    'prev failed indexes outside the completions',
    { backoffLimitPerIndex: 0 },
    '9',
    [{ index: '1', failures: '0' }],
    '1',
  ],
])('TestCalculateFailedIndexes, TestIsIndexFailed: %s', (_, spec, failedIndexes, pods, expected) => {
  const job = jobOf({ completions: 2, ...spec }, failedIndexes === undefined ? undefined : { failedIndexes })
  expect(formatIndexes(tallyOf(job, pods).failedIndexes)).toBe(expected)
})

const at = (seconds: number): string => new Date(Date.parse('2026-01-01T00:00:00Z') + seconds * 1000).toISOString()
test.each<[string, number, number, readonly PodSketch[], readonly string[]]>([
  [
    'failed pods of indexes that have not failed are kept',
    3,
    1,
    [
      { uid: 'a', index: '0', failures: '0' },
      { uid: 'b', index: '1', failures: '1' },
      { uid: 'c', index: '2', failures: '0' },
    ],
    ['a', 'c'],
  ],
  ['failed pod without finalizer', 2, 0, [{ uid: 'a', index: '0', failures: '0', isTracked: false }], []],
  ['failed pod with index outside of completions', 2, 0, [{ uid: 'a', index: '4', failures: '0' }], []],
  [
    'failed pod for active index',
    2,
    1,
    [
      { uid: 'a1', index: '0', failures: '0' },
      { uid: 'a2', index: '0', failures: '1', phase: 'Running' },
    ],
    [],
  ],
  [
    'failed pod for succeeded index',
    2,
    1,
    [
      { uid: 'a1', index: '0', failures: '0' },
      { uid: 'a2', index: '0', failures: '1', phase: 'Succeeded' },
    ],
    [],
  ],
  [
    'only the pod with highest failure count is kept',
    2,
    4,
    [
      { uid: 'a1', index: '0', failures: '0' },
      { uid: 'a3', index: '0', failures: '2' },
      { uid: 'a2', index: '0', failures: '1' },
    ],
    ['a3'],
  ],
  [
    'only the last failed pod is kept',
    2,
    4,
    [
      { uid: 'a1', index: '0', failures: '1', deleted: at(-1) },
      { uid: 'a3', index: '0', failures: '1', deleted: at(0) },
      { uid: 'a2', index: '0', failures: '1', deleted: at(-2) },
    ],
    ['a3'],
  ],
])('TestGetPodsWithDelayedDeletionPerIndex: %s', (_, completions, backoffLimitPerIndex, pods, kept) => {
  const tally = tallyOf(jobOf({ completions, backoffLimitPerIndex }), pods)
  expect([...tally.held.values()].map(({ metadata }) => metadata.uid)).toEqual(kept)
})

const ignore = {
  rules: [{ action: 'Ignore' as const, onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] }],
}
test.each<[string, JobSpec['podFailurePolicy'], PodSketch | undefined, number, number]>([
  ['first pod created', undefined, undefined, 0, 0],
  ['failed pod being replaced with 0 index failure count', undefined, { failures: '0' }, 1, 0],
  ['failed pod being replaced with >0 index failure count', undefined, { failures: '3' }, 4, 0],
  ['failed pod being replaced, matching the ignore rule', ignore, { failures: '3', isDisrupted: true }, 3, 1],
])('TestGetNewIndexFailureCountValue: %s', (_, policy, pod, counted, ignored) => {
  const failures = failuresAfter(pod && podOf(pod), each => rulingOn(each, policy))
  expect(failures).toEqual({ counted, ignored })
})

test.each<[string, number, number, readonly number[], string, string, readonly number[]]>([
  ['cnt greater than completions', 5, 3, [], '', '', [0, 1, 2]],
  ['cnt less than completions', 2, 5, [], '', '', [0, 1]],
  ['first pods active', 3, 10, [0, 1], '', '', [2, 3, 4]],
  ['last pods active or succeeded', 6, 6, [6], '4,5', '', [0, 1, 2, 3]],
  ['mixed', 5, 20, [3, 5, 8], '2-4,9', '', [0, 1, 6, 7, 10]],
  ['with failed indexes', 5, 20, [3, 9], '1,5,9', '2,6,7', [0, 4, 8, 10, 11]],
])('TestFirstPendingIndexes: %s', (_, count, completions, active, succeeded, failed, expected) => {
  const taken = parseIndexes([succeeded, failed].filter(text => text !== '').join(','))
  expect(firstMissing(taken, new Set(active), completions, count)).toEqual(expected)
})

test.each([
  ['empty', 4, '', false],
  ['before all', 1, '2-4,5-7', false],
  ['after all', 9, '2-4,6-8', false],
  ['in between', 5, '2-4,6-8', false],
  ['in first', 2, '2-4,6-8', true],
  ['in second', 8, '2-4,6-8', true],
])('TestIntervalsHaveIndex: %s', (_, index, text, expected) => {
  expect(hasIndex(parseIndexes(text), index)).toBe(expected)
})

test.each([
  ['job name truncated due to the length', `${'hhhhh'.repeat(12)}hhh`, 1, `${'h'.repeat(55)}-1-`],
  ['job name not truncated', 'indexed-job', 1, 'indexed-job-1-'],
])('TestPodGenerateNameWithIndex: %s', (_, name, index, expected) => {
  expect(indexedPrefix(name, index)).toBe(expected)
})

test.each([
  ['expected annotation', '1', 1],
  ['no annotation', undefined, 0],
  ['not an integer', 'invalid-value', 0],
  ['negative', '-1', 0],
  ['above 32 bits', '21474836470', 0],
])('TestGetIndexFailureCount: %s', (_, failures, expected) => {
  expect(indexFailuresOf(podOf(failures === undefined ? {} : { failures })).counted).toBe(expected)
})

test.each<[string, readonly number[], number, readonly number[], number]>([
  ['no failures', [], 100, [0, 1, 2], 0],
  ['some wait', [1], 0, [0, 2], 10_000],
  ['all wait', [0, 1, 2], 4, [], 6_000],
  ['all have waited', [0, 1, 2], 10, [0, 1, 2], 0],
])('TestGetPodCreationInfoForIndependentIndexes: %s', (_, failed, seconds, created, waitMs) => {
  const job = jobOf({ completions: 3, parallelism: 3, backoffLimitPerIndex: 4 })
  const tally = tallyOf(
    job,
    failed.map(index => ({ index: String(index), failures: '0' })),
  )
  const changes = podsToChange(job, tally, NO_BACK_OFF, Date.parse(at(seconds)))
  expect([changes.create.map(completionIndexOf), changes.waitMs]).toEqual([created, waitMs])
})
