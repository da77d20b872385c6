/**
 * Upstream's table-driven cases of TestReplicaCalc… (pkg/controller/podautoscaler/replica_calculator_test.go): ResourceScale,
 * ResourceTolerance, ResourceMissingMetrics, PodMetric, TestGroupPods, TestCalculateRequests. Containers are one a pod here, two there.
 */
import { expect, test } from 'vitest'
import type { Pod, PodPhase } from '../../../kube/core.ts'
import { type CountInput, countForUsage, countForUtilization, groupPods, type ReplicaCount } from './replica-count.ts'
import { requestsOf } from './requests-of.ts'
import { type Sample, type Samples, unavailable } from './samples.ts'

const NOW = Date.parse('2026-01-01T12:00:00Z')
const MINUTE = 60_000
const iso = (at: number): string => new Date(at).toISOString()
const TIMES = { cpuInitializationMs: 2 * MINUTE, initialReadinessMs: 10_000 }

/**
 * `r` ready, `u` never ready, `f` failed, `d` being deleted, `p` pending; `h`: started just now and ready, `x`: started just now and unready.
 */
function podsOf(letters: string, requests: readonly string[] = []): readonly Pod[] {
  return [...letters].map((letter, i) => {
    const isHot = letter === 'h' || letter === 'x'
    const phase: PodPhase = letter === 'f' ? 'Failed' : letter === 'p' ? 'Pending' : 'Running'
    const request = requests[i]
    return {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: `pod-${i}`, ...(letter === 'd' && { deletionTimestamp: iso(NOW) }) },
      spec: { containers: [{ name: 'c', ...(request && { resources: { requests: { cpu: request } } }) }] },
      status: {
        phase,
        startTime: iso(isHot ? NOW - MINUTE : NOW - 10 * MINUTE),
        conditions: [
          {
            type: 'Ready',
            status: 'rhd'.includes(letter) ? 'True' : 'False',
            // A hot pod's window began before it was ready.
            lastTransitionTime: iso(isHot ? NOW - 10_000 : NOW - 10 * MINUTE),
          },
        ],
      },
    }
  })
}

const samplesOf = (levels: readonly number[]): Samples => ({
  kind: 'values',
  values: new Map(levels.map((milli, i) => [`pod-${i}`, { milli, at: NOW, windowMs: 30_000 }])),
})
const input = (current: number, pods: readonly Pod[], samples: Samples, resource: string): CountInput => ({
  ...{ current, pods, samples, resource, times: TIMES, now: NOW, tolerances: { up: 0.1, down: 0.1 } },
})
const shown = (count: ReplicaCount) =>
  count.kind === 'failed' ? count.message : [count.replicas, count.utilization, count.averageMilli]

const ones = (count: number): readonly string[] => Array.from({ length: count }, () => '1.0')
const MIXED = ['0.9', '1.0', '1.1']

test.each<[string, number, string, readonly string[], readonly number[], number, unknown, object?]>([
  ['scale up', 3, 'rrr', ones(3), [300, 500, 700], 30, [5, 50, 500]],
  ['scale up: unready pod scales less', 3, 'urr', ones(3), [300, 500, 700], 30, [4, 60, 600]],
  ['scale up: hot-CPU pod scales less', 3, 'hrr', ones(3), [300, 500, 700], 30, [4, 60, 600]],
  ['no scale: unready pods ignored', 3, 'ruu', ones(3), [400, 500, 700], 30, [3, 40, 400]],
  ['no scale: hot-CPU pods ignored', 3, 'rxx', ones(3), [400, 500, 700], 30, [3, 40, 400]],
  ['scale up: failed pods ignored', 2, 'rrff', ones(4), [500, 700], 30, [4, 60, 600]],
  ['scale up: pods being deleted are ignored', 2, 'rrdd', ones(4), [500, 700], 30, [4, 60, 600]],
  ['scale down', 5, 'rrrrr', ones(5), [100, 300, 500, 250, 250], 50, [3, 28, 280]],
  ['scale down: exclude unready pods', 5, 'rrruu', ones(5), [100, 300, 500, 250, 250], 50, [2, 30, 300]],
  ['scale down: exclude unscheduled pods', 5, 'rpppp', ones(5), [100], 50, [1, 10, 100]],
  ['scale down: ignore hot-CPU pods', 5, 'rrrhh', ones(5), [100, 300, 500, 250, 250], 50, [2, 30, 300]],
  ['scale down: failed pods ignored', 5, 'rrrrrff', ones(7), [100, 300, 500, 250, 250], 50, [3, 28, 280]],
  ['scale down: pods being deleted are ignored', 5, 'rrrrrdd', ones(7), [100, 300, 500, 250, 250], 50, [3, 28, 280]],
  ['within default tolerance', 3, 'rrr', MIXED, [1010, 1030, 1020], 100, [3, 102, 1020]],
  ['outside 0% tolerance', 3, 'rrr', MIXED, [909, 1010, 1111], 100, [4, 101, 1010], { up: 0, down: 0 }],
  ['within 200% scale-up tolerance', 3, 'rrr', MIXED, [1890, 1910, 1900], 100, [3, 190, 1900], { up: 2, down: 0.1 }],
  ['outside 8% scale-up tolerance', 3, 'rrr', MIXED, [1100, 1080, 1090], 100, [4, 109, 1090], { up: 0.08, down: 2 }],
  ['within 36% scale-down tolerance', 3, 'rrr', MIXED, [660, 640, 650], 100, [3, 65, 650], { up: 0.1, down: 0.36 }],
  ['outside 34% scale-down tolerance', 3, 'rrr', MIXED, [660, 640, 650], 100, [2, 65, 650], { up: 0.1, down: 0.34 }],
  ['superfluous metrics counted', 4, 'rrrr', ones(4), [4000, 9500, 3000, 7000], 100, [24, 587, 5875]],
  ['some pods missing metrics scales down', 4, 'rrrr', ones(4), [400, 95], 100, [3, 24, 247]],
  ['no change: metric equal to target', 2, 'rr', ones(2), [1000], 100, [2, 100, 1000]],
  ['no change: metric above target', 2, 'rr', ones(2), [1900], 100, [2, 190, 1900]],
  ['no change: metric below target', 2, 'rr', ones(2), [600], 100, [2, 60, 600]],
  ['no change: unready pod metric missing', 3, 'urr', ones(3), [100, 450], 50, [3, 45, 450]],
  ['no change: hot-CPU pod metric missing', 3, 'hrr', ones(3), [100, 450], 50, [3, 45, 450]],
  ['scale up: unready pod metric missing', 3, 'urr', ones(3), [100, 2000], 50, [4, 200, 2000]],
  ['scale up: hot-CPU pod metric missing', 3, 'xrr', ones(3), [100, 2000], 50, [4, 200, 2000]],
  ['scale down: unready pod metric missing', 4, 'urrr', ones(4), [100, 100, 100], 50, [3, 10, 100]],
  ['scale down: target over 100', 4, 'urrr', ['1.0', '1.0', '2.0', '2.0'], [200, 100, 100], 300, [2, 6, 100]],
  ['rolling update with maxSurge: extra pod missing metric', 2, 'rrr', ones(3), [100, 100], 50, [2, 10, 100]],
  ['missing CPU request on container', 1, 'r', [], [200], 100, 'missing request for cpu in container c of Pod pod-0'],
  ['no pods', 1, '', [], [200], 100, 'no pods returned by selector while calculating replica count'],
  [
    'only unready pods',
    2,
    'uu',
    ones(2),
    [200, 200],
    100,
    'did not receive metrics for targeted pods (pods might be unready)',
  ],
])('TestReplicaCalcResource…: %s', (_, current, letters, requests, levels, target, expected, tolerances) => {
  const pods = podsOf(letters, requests)
  const all = {
    ...input(current, pods, samplesOf(levels), 'cpu'),
    ...(tolerances && { tolerances: tolerances as CountInput['tolerances'] }),
  }
  expect(shown(countForUtilization(all, target, requestsOf(pods, 'cpu', '')))).toEqual(expected)
})

test('TestReplicaCalcResourceMissingMetrics: disjoint pod and metric names; no metrics returned from metrics API', () => {
  const pods = podsOf('r', ones(1))
  const values = new Map<string, Sample>([['older', { milli: 100, at: NOW, windowMs: 0 }]])
  const requests = requestsOf(pods, 'cpu', '')
  const disjoint = countForUtilization(input(1, pods, { kind: 'values', values }, 'cpu'), 100, requests)
  expect(shown(disjoint)).toBe('no metrics returned matched known pods')
  const none = countForUtilization(input(1, pods, unavailable('no metrics returned'), 'cpu'), 100, requests)
  expect(shown(none)).toBe('no metrics returned')
})

test.each<[string, number, string, readonly number[], number, readonly unknown[], object?]>([
  ['scale up', 3, 'rrr', [20_000, 10_000, 30_000], 15_000, [4, undefined, 20_000]],
  ['scale up: unready hot-CPU pod scales less', 3, 'rrx', [50_000, 10_000, 30_000], 15_000, [6, undefined, 30_000]],
  [
    'scale up: unready hot-CPU pods avoid scale-down',
    3,
    'xrx',
    [50_000, 15_000, 30_000],
    15_000,
    [7, undefined, 31_666],
  ],
  ['scale down', 5, 'rrrrr', [12_000, 12_000, 12_000, 12_000, 12_000], 20_000, [3, undefined, 12_000]],
  ['within default tolerance', 3, 'rrr', [20_000, 21_000, 21_000], 20_000, [3, undefined, 20_666]],
  [
    'outside configurable 1% tolerance',
    3,
    'rrr',
    [20_000, 21_000, 21_000],
    20_000,
    [4, undefined, 20_666],
    { up: 0.01, down: 0.1 },
  ],
  ['no change: missing metrics', 5, 'rrrrr', [20_000, 19_000, 21_000], 20_000, [5, undefined, 20_000]],
  [
    'rolling update with maxSurge: extra pod missing metric',
    2,
    'rrr',
    [10_000, 10_000],
    17_000,
    [2, undefined, 10_000],
  ],
])('TestReplicaCalcPodMetric: %s', (_, current, letters, levels, target, expected, tolerances) => {
  const all = {
    ...input(current, podsOf(letters), samplesOf(levels), ''),
    ...(tolerances && { tolerances: tolerances as CountInput['tolerances'] }),
  }
  expect(shown(countForUsage(all, target))).toEqual(expected)
})

const bare = (status: Pod['status'], metadata = {}): Pod => ({
  ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'bentham', ...metadata }, spec: { containers: [] }, status },
})
const ready = (status: 'True' | 'False', agoMs: number) => [
  { type: 'Ready', status, lastTransitionTime: iso(NOW - agoMs) },
]
const SAMPLE: Sample = { milli: 1, at: NOW, windowMs: 30_000 }
test.each<[string, Pod, Sample | undefined, string, string]>([
  ['count in a ready pod - memory', bare({ phase: 'Succeeded' }), SAMPLE, 'memory', 'numReady'],
  [
    'ignore a pod without ready condition - CPU',
    bare({ phase: 'Succeeded', startTime: iso(NOW) }),
    SAMPLE,
    'cpu',
    'unready',
  ],
  [
    'count in a ready pod with fresh metrics during initialization period - CPU',
    bare({ phase: 'Succeeded', startTime: iso(NOW - MINUTE), conditions: ready('True', 30_000) }),
    SAMPLE,
    'cpu',
    'numReady',
  ],
  [
    'ignore a ready pod without fresh metrics during initialization period - CPU',
    bare({ phase: 'Succeeded', startTime: iso(NOW - MINUTE), conditions: ready('True', 29_000) }),
    SAMPLE,
    'cpu',
    'unready',
  ],
  [
    'ignore an unready pod during initialization period - CPU',
    bare({ phase: 'Succeeded', startTime: iso(NOW - 90_000), conditions: ready('False', 60_000) }),
    SAMPLE,
    'cpu',
    'unready',
  ],
  [
    'count in a ready pod after initialization period - CPU',
    bare({ phase: 'Succeeded', startTime: iso(NOW - 3 * MINUTE), conditions: ready('True', 180_000) }),
    SAMPLE,
    'cpu',
    'numReady',
  ],
  [
    'count in an unready pod that was ready after initialization period - CPU',
    bare({ phase: 'Succeeded', startTime: iso(NOW - 10 * MINUTE), conditions: ready('False', 180_000) }),
    SAMPLE,
    'cpu',
    'numReady',
  ],
  [
    'ignore pod that has never been ready after initialization period - CPU',
    bare({ phase: 'Succeeded', startTime: iso(NOW - 10 * MINUTE), conditions: ready('False', 10 * MINUTE - 5_000) }),
    SAMPLE,
    'cpu',
    'unready',
  ],
  [
    'a missing pod',
    bare({ phase: 'Running', startTime: iso(NOW - 3 * MINUTE), conditions: ready('True', 0) }),
    undefined,
    'cpu',
    'missing',
  ],
  ['a failed pod', bare({ phase: 'Failed' }), SAMPLE, 'cpu', 'ignored'],
  ['a pending pod', bare({ phase: 'Pending' }), SAMPLE, 'memory', 'unready'],
  [
    'a pod that is being deleted',
    bare({ phase: 'Running' }, { deletionTimestamp: iso(NOW) }),
    SAMPLE,
    'memory',
    'ignored',
  ],
])('TestGroupPods: %s', (_, pod, sample, resource, group) => {
  const values = new Map<string, Sample>(sample ? [['bentham', sample]] : [])
  const groups = groupPods({ pods: [pod], resource, times: TIMES, now: NOW }, values)
  const sizes = {
    numReady: groups.numReady,
    unready: groups.unready.length,
    missing: groups.missing.length,
    ignored: groups.ignored.length,
  }
  expect(sizes).toEqual({ numReady: 0, unready: 0, missing: 0, ignored: 0, [group]: 1 })
})

const asking = (containers: readonly object[], more: object = {}): Pod =>
  ({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec: { containers, ...more } }) as Pod
const cpu = (name: string, amount?: string, more = {}) => ({
  ...{ name, ...more },
  ...(amount && { resources: { requests: { cpu: amount } } }),
})
test.each<[string, Pod, string, number | string]>([
  ['sums its containers', asking([cpu('a', '100m'), cpu('b', '50m')]), '', 150],
  ['one container', asking([cpu('a', '100m'), cpu('b', '50m')]), 'b', 50],
  [
    'a container that asks for nothing',
    asking([cpu('a', '100m'), cpu('b')]),
    '',
    'missing request for cpu in container b of Pod p',
  ],
  ['another container than that', asking([cpu('a', '100m'), cpu('b')]), 'a', 100],
  ['no such container', asking([cpu('a', '100m')]), 'x', 'container x not found in Pod p'],
  [
    'sidecars count',
    asking([cpu('a', '100m')], { initContainers: [cpu('s', '20m', { restartPolicy: 'Always' })] }),
    '',
    120,
  ],
  ['init containers do not', asking([cpu('a', '100m')], { initContainers: [cpu('i', '20m')] }), '', 100],
  ['pod-level requests go first', asking([cpu('a', '100m')], { resources: { requests: { cpu: '500m' } } }), '', 500],
  ['but for one container', asking([cpu('a', '100m')], { resources: { requests: { cpu: '500m' } } }), 'a', 100],
  [
    'pod-level requests of another resource',
    asking([cpu('a', '100m')], { resources: { requests: { memory: '1Gi' } } }),
    '',
    'missing pod-level request for cpu in Pod p',
  ],
])('TestCalculateRequests: %s', (_, pod, container, expected) => {
  const requests = requestsOf([pod], 'cpu', container)
  expect(typeof requests === 'string' ? requests : requests.get('p')).toBe(expected)
})
