/** Cases of pkg/controller/job/backoff_utils_test.go: TestNewBackoffRecord, TestGetFinishedTime, TestGetRemainingBackoffTime(PerIndex). */
import { expect, test } from 'vitest'
import type { Container, ContainerStatus, Pod } from '../../../kube/core.ts'
import { backOffAfter, finishedAt, NO_BACK_OFF, waitMs, waitOfIndexMs } from './back-off.ts'

const NOW = Date.parse('2009-11-10T23:00:00Z')
const at = (ms: number): string => new Date(NOW + ms).toISOString()

const status = (finished: string | undefined, name = 'c'): ContainerStatus => ({
  ...{ name, ready: false, restartCount: 0, image: '', imageID: '' },
  state: { terminated: { exitCode: 1, ...(finished && { finishedAt: finished }) } },
})
const running = { ...status(undefined), state: { running: {} } }
const pod = (fields: Pod['status'], metadata: Pod['metadata'] = {}, initContainers: Container[] = []): Pod => ({
  ...{ apiVersion: 'v1', kind: 'Pod', metadata, spec: { containers: [], initContainers }, status: fields },
})
const ended = (ms: number): Pod => pod({ containerStatuses: [status(at(ms))] })

test.each([
  ['one failure', 0, [], [0], { failuresSinceSuccess: 1, lastFailure: NOW }],
  ['two failures', 0, [], [0, -1], { failuresSinceSuccess: 2, lastFailure: NOW }],
  ['two failures and then a success', 0, [0], [-2, -1], NO_BACK_OFF],
  ['two failures, a success, two failures', 0, [-2], [0, -4, -3, -1], { failuresSinceSuccess: 2, lastFailure: NOW }],
  ['a failure after two', 2, [], [0], { failuresSinceSuccess: 3, lastFailure: NOW }],
  ['success and failure at once', 0, [0], [0], NO_BACK_OFF],
  ['nothing new', 0, [], [], NO_BACK_OFF],
  ['one success', 0, [0], [], NO_BACK_OFF],
])('TestNewBackoffRecord: %s', (_, before, successes, failures, expected) => {
  const ends = { newSuccesses: successes.map(ended), newFailures: failures.map(ended) }
  expect(backOffAfter({ failuresSinceSuccess: before, lastFailure: 0 }, ends)).toEqual(expected)
})

const notReady = (flag: 'True' | 'False') => ({ type: 'Ready', status: flag, lastTransitionTime: at(-30_000) })
test.each([
  ['the last of its containers', pod({ containerStatuses: [status(at(-1000)), status(at(0)), status(at(-2000))] }), 0],
  [
    'a container still runs: when it was deleted',
    pod({ containerStatuses: [status(at(-1000)), running] }, { deletionTimestamp: at(0) }),
    0,
  ],
  ['deleted', pod({ containerStatuses: [running] }, { deletionTimestamp: at(0) }), 0],
  [
    'deleted, less the grace period',
    pod({ containerStatuses: [running] }, { deletionTimestamp: at(0), deletionGracePeriodSeconds: 30 }),
    -30_000,
  ],
  [
    'since when it is not ready',
    pod({ containerStatuses: [status(undefined)], conditions: [notReady('False')] }),
    -30_000,
  ],
  [
    'not since when it is ready',
    pod({ containerStatuses: [status(undefined)], conditions: [notReady('True')] }, { deletionTimestamp: at(0) }),
    0,
  ],
  ['when it was made', pod({ containerStatuses: [status(undefined)] }, { creationTimestamp: at(0) }), 0],
  [
    'a sidecar ends last',
    pod({ containerStatuses: [status(at(-1000))], initContainerStatuses: [status(at(0), 'side')] }, {}, [
      { name: 'side', restartPolicy: 'Always' },
    ]),
    0,
  ],
  [
    'init containers do not count',
    pod({ containerStatuses: [status(at(-1000))], initContainerStatuses: [status(at(0), 'init')] }, {}, [
      { name: 'init' },
    ]),
    -1000,
  ],
] as const)('TestGetFinishedTime: %s', (_, of, expected) => {
  expect(finishedAt(of)).toBe(NOW + expected)
})

test.each([
  { failures: 0, passed: 0, wait: 0 },
  { failures: 1, passed: 0, wait: 10_000 },
  { failures: 1, passed: 1000, wait: 9000 },
  { failures: 1, passed: 10_000, wait: 0 },
  { failures: 1, passed: 11_000, wait: 0 },
  { failures: 3, passed: 0, wait: 40_000 },
  { failures: 6, passed: 0, wait: 320_000 },
  { failures: 7, passed: 0, wait: 600_000 },
  { failures: 90, passed: 0, wait: 600_000 },
])(
  'TestGetRemainingBackoffTime: $passed ms after $failures failures there are $wait ms left',
  ({ failures, passed, wait }) => {
    expect(waitMs({ failuresSinceSuccess: failures, lastFailure: NOW }, NOW + passed)).toBe(wait)
  },
)

const annotated = (counted: number, ignored: number): Pod =>
  pod(
    {},
    {
      deletionTimestamp: at(0),
      annotations: {
        'batch.kubernetes.io/job-index-failure-count': String(counted),
        'batch.kubernetes.io/job-index-ignored-failure-count': String(ignored),
      },
    },
  )
test.each([
  ['no failed pod', undefined, 0],
  ['two failures before', annotated(2, 0), 40_000],
  ['one that counted and one that was ignored', annotated(1, 1), 40_000],
] as const)('TestGetRemainingBackoffTimePerIndex: %s', (_, of, expected) => {
  expect(waitOfIndexMs(of, NOW)).toBe(expected)
})
