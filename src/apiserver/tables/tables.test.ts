/** What `kubectl get` shows, cell by cell. */
import { describe, expect, test } from 'vitest'
import type { Pod } from '../../kube/core.ts'
import type { KubeObject } from '../../kube/object.ts'
import { builtInColumns } from './built-in.ts'
import { customColumns, parseJsonPath } from './custom-columns.ts'
import { humanDuration } from './duration.ts'
import { podStatusText } from './pods.ts'
import { tableOf } from './table.ts'

const NOW = Date.parse('2026-01-01T01:00:00Z')
const AN_HOUR_AGO = '2026-01-01T00:00:00Z'

test.each([
  [-5, '<invalid>'],
  [-0.5, '0s'],
  [0, '0s'],
  [119, '119s'],
  [120, '2m'],
  [150, '2m30s'],
  [600, '10m'],
  [3 * 3600 - 1, '179m'],
  [3 * 3600, '3h'],
  [3 * 3600 + 60, '3h1m'],
  [8 * 3600, '8h'],
  [48 * 3600, '2d'],
  [50 * 3600, '2d2h'],
  [8 * 86400, '8d'],
  [800 * 86400, '2y70d'],
  [9 * 365 * 86400, '9y'],
])('%s seconds are %s', (seconds, text) => expect(humanDuration(seconds * 1000)).toBe(text))

const pod = (status: object, metadata: object = {}, spec: object = {}): Pod =>
  ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', creationTimestamp: AN_HOUR_AGO, ...metadata },
    spec: { containers: [{ name: 'c' }], ...spec },
    status,
  }) as Pod
const container = (state: object, more: object = {}) => ({
  containerStatuses: [{ name: 'c', ready: false, restartCount: 0, image: '', imageID: '', state, ...more }],
})

test.each<[string, Pod]>([
  ['Pending', pod({ phase: 'Pending' })],
  ['ContainerCreating', pod({ phase: 'Pending', ...container({ waiting: { reason: 'ContainerCreating' } }) })],
  ['Running', pod({ phase: 'Running', ...container({ running: {} }, { ready: true }) })],
  ['CrashLoopBackOff', pod({ phase: 'Running', ...container({ waiting: { reason: 'CrashLoopBackOff' } }) })],
  ['Completed', pod({ phase: 'Succeeded', ...container({ terminated: { exitCode: 0, reason: 'Completed' } }) })],
  ['Error', pod({ phase: 'Failed', ...container({ terminated: { exitCode: 1, reason: 'Error' } }) })],
  ['ExitCode:3', pod({ phase: 'Failed', ...container({ terminated: { exitCode: 3 } }) })],
  ['Signal:9', pod({ phase: 'Failed', ...container({ terminated: { exitCode: 137, signal: 9 } }) })],
  ['Evicted', pod({ phase: 'Failed', reason: 'Evicted' })],
  ['Terminating', pod({ phase: 'Running' }, { deletionTimestamp: AN_HOUR_AGO })],
  [
    'SchedulingGated',
    pod({ phase: 'Pending', conditions: [{ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated' }] }),
  ],
  [
    'Init:0/1',
    pod(
      { phase: 'Pending', initContainerStatuses: [{ name: 'i', state: { running: {} }, restartCount: 0 }] },
      {},
      { initContainers: [{ name: 'i' }] },
    ),
  ],
  [
    'Init:Error',
    pod(
      {
        phase: 'Pending',
        initContainerStatuses: [
          { name: 'i', state: { terminated: { exitCode: 1, reason: 'Error' } }, restartCount: 2 },
        ],
      },
      {},
      { initContainers: [{ name: 'i' }] },
    ),
  ],
  [
    'Init:1/2',
    pod(
      {
        phase: 'Pending',
        initContainerStatuses: [
          { name: 's', started: true, state: { running: {} }, restartCount: 0 },
          { name: 'i', state: { running: {} }, restartCount: 0 },
        ],
      },
      {},
      { initContainers: [{ name: 's', restartPolicy: 'Always' }, { name: 'i' }] },
    ),
  ],
])('a pod is %s', (text, object) => expect(podStatusText(object)).toBe(text))

const cells = (place: string, object: object): unknown[] => {
  const table = tableOf(
    builtInColumns(place),
    [object as KubeObject],
    {},
    { version: 'v1', includeObject: 'None', now: NOW },
  )
  return [...(table.rows[0]?.cells ?? [])]
}
const metadata = { name: 'x', creationTimestamp: AN_HOUR_AGO }

test('sidecars count: two of two ready, with its restarts (TestPrintPodWithRestartableInitContainers)', () => {
  const sidecar = {
    name: 's',
    started: true,
    ready: true,
    restartCount: 3,
    state: { running: {} },
    lastState: { terminated: { exitCode: 1, finishedAt: '2026-01-01T00:59:00Z' } },
  }
  const status = {
    phase: 'Running',
    conditions: [{ type: 'Initialized', status: 'True' }],
    initContainerStatuses: [sidecar],
  }
  const object = pod(
    { ...status, ...container({ running: {} }, { ready: true }) },
    {},
    { initContainers: [{ name: 's', restartPolicy: 'Always' }, { name: 'i' }] },
  )
  expect(cells('pods', object).slice(1, 4)).toEqual(['2/2', 'Running', expect.stringMatching(/^3 \(/)])
})

describe('rows', () => {
  test.each<[string, object, unknown[]]>([
    [
      'pods',
      pod(
        {
          phase: 'Running',
          podIP: '10.0.0.1',
          ...container(
            { running: {} },
            {
              ready: true,
              restartCount: 2,
              lastState: { terminated: { exitCode: 1, finishedAt: '2026-01-01T00:59:00Z' } },
            },
          ),
        },
        {},
        { nodeName: 'n' },
      ),
      ['p', '1/1', 'Running', '2 (60s ago)', '60m', '10.0.0.1', 'n', '<none>', '<none>'],
    ],
    [
      'batch/jobs',
      {
        metadata,
        spec: {
          completions: 3,
          template: { spec: { containers: [{ name: 'c', image: 'i' }] } },
          selector: { matchLabels: { a: 'b' } },
        },
        status: { succeeded: 1, startTime: AN_HOUR_AGO },
      },
      ['x', 'Running', '1/3', '60m', '60m', 'c', 'i', 'a=b'],
    ],
    [
      'batch/jobs',
      {
        metadata,
        spec: { parallelism: 2, template: { spec: { containers: [] } } },
        status: { conditions: [{ type: 'Failed', status: 'True' }] },
      },
      ['x', 'Failed', '0/1 of 2', '', '60m', '', '', '<none>'],
    ],
    [
      'apps/deployments',
      {
        metadata,
        spec: {
          replicas: 2,
          template: { spec: { containers: [{ name: 'a', image: 'i' }, { name: 'b' }] } },
          selector: { matchExpressions: [{ key: 'k', operator: 'In', values: ['b', 'a'] }] },
        },
        status: { readyReplicas: 1 },
      },
      ['x', '1/2', 0, 0, '60m', 'a,b', 'i,', 'k in (a,b)'],
    ],
    [
      'services',
      {
        metadata,
        spec: {
          type: 'ClusterIP',
          clusterIP: 'None',
          ports: [
            { port: 80, protocol: 'TCP' },
            { port: 53, protocol: 'UDP' },
          ],
        },
      },
      ['x', 'ClusterIP', 'None', '<none>', '80/TCP,53/UDP', '60m', '<none>'],
    ],
    [
      'endpoints',
      { metadata, subsets: [{ addresses: [1, 2, 3, 4].map(n => ({ ip: `10.0.0.${n}` })), ports: [{ port: 80 }] }] },
      ['x', '10.0.0.1:80,10.0.0.2:80,10.0.0.3:80 + 1 more...', '60m'],
    ],
    [
      'nodes',
      {
        metadata: { ...metadata, labels: { 'node-role.kubernetes.io/control-plane': '' } },
        spec: { unschedulable: true },
        status: { conditions: [{ type: 'Ready', status: 'True' }], nodeInfo: { kubeletVersion: 'v1.35' } },
      },
      [
        'x',
        'Ready,SchedulingDisabled',
        'control-plane',
        '60m',
        'v1.35',
        '<none>',
        '<none>',
        '<unknown>',
        '<unknown>',
        '<unknown>',
      ],
    ],
    [
      'scheduling.k8s.io/podgroups',
      { metadata, spec: { schedulingPolicy: { gang: { minCount: 2 } }, workloadRef: { workloadName: 'w' } } },
      ['x', 'Gang', 'w', 'Pending', '60m'],
    ],
    ['serviceaccounts', { metadata }, ['x', '60m']],
  ])('of %s', (place, object, expected) => expect(cells(place, object)).toEqual(expected))

  test('an object that lacks what a cell needs does not spoil the table', () => {
    expect(cells('pods', { metadata })).toEqual(expect.arrayContaining(['x', '<invalid>']))
  })
})

describe('JSONPath of printer columns', () => {
  const object = {
    spec: {
      a: { 'b.c': 1 },
      list: [
        { type: 'x', v: 1 },
        { type: 'y', v: 2 },
      ],
    },
  }
  test.each([
    ['.spec.a', [{ 'b.c': 1 }]],
    ['.spec.a.b\\.c', [1]],
    [".spec.a['b.c']", [1]],
    ['.spec.list[1].v', [2]],
    ['.spec.list[-1].v', [2]],
    ['.spec.list[*].v', [1, 2]],
    ['.spec.list[?(@.type=="y")].v', [2]],
    ['.spec.missing.deeper', []],
  ])('%s', (path, found) => expect(parseJsonPath(path)?.(object)).toEqual(found))
  test.each(['{.spec}', '.spec.list[', '..spec'])('%s is not one', path => expect(parseJsonPath(path)).toBeUndefined())
})

test('declared columns follow the name', () => {
  const columns = customColumns([
    { name: 'Size', type: 'integer', jsonPath: '.spec.size' },
    { name: 'Since', type: 'date', jsonPath: '.metadata.creationTimestamp' },
  ])
  const object = { apiVersion: 'a/v1', kind: 'A', metadata, spec: { size: 3 } }
  expect(columns.map(column => column.cell(object, NOW))).toEqual(['x', 3, '60m'])
})
