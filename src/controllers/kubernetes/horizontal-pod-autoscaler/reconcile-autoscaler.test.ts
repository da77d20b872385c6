/**
 * Upstream's cases of whole passes (pkg/controller/podautoscaler/horizontal_test.go): TestScale…, TestReplicaLimits, TestMetricsEdgeCases,
 * TestCondition…, TestEvent…, TestStabilizeDownscale, TestScaleWithOneInvalidMetric.
 */
import { expect, test } from 'vitest'
import type { HorizontalPodAutoscaler, MetricSpec } from '../../../kube/autoscaling.ts'
import type { Pod } from '../../../kube/core.ts'
import { AUTOSCALER_TIMES } from './autoscaler-times.ts'
import { concludeScaling, decideReplicas, type SelectorFault, type TargetScale } from './reconcile-autoscaler.ts'
import { type Samples, unavailable } from './samples.ts'
import { type History, NO_HISTORY } from './scaling-rules.ts'
import { AMBIGUOUS, INVALID, MISSING } from './selector-faults.ts'

const NOW = Date.parse('2026-01-01T12:00:00Z')
const iso = (at: number): string => new Date(at).toISOString()

const cpuAt = (averageUtilization: number): MetricSpec => ({
  ...{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization } } },
})
const qps = (averageValue: string): MetricSpec => ({
  ...{ type: 'Pods', pods: { metric: { name: 'qps' }, target: { type: 'AverageValue', averageValue } } },
})
const OBJECT: MetricSpec = {
  type: 'Object',
  object: {
    describedObject: { kind: 'Ingress', name: 'i' },
    metric: { name: 'qps' },
    target: { type: 'Value', value: '1' },
  },
}
const EXTERNAL: MetricSpec = {
  ...{ type: 'External', external: { metric: { name: 'qps' }, target: { type: 'Value', value: '1' } } },
}

interface Setting {
  readonly min?: number
  readonly max?: number
  readonly replicas?: number
  readonly metrics?: readonly MetricSpec[]
  /** Milli-values of each metric, pod by pod. */
  readonly levels?: readonly (readonly number[] | Samples)[]
  readonly request?: string
  readonly behavior?: HorizontalPodAutoscaler['spec']['behavior']
  readonly scale?: TargetScale | string
  readonly fault?: SelectorFault
  readonly history?: History
  readonly refusal?: string
  readonly numPods?: number
}

function run(setting: Setting) {
  const { min = 2, max = 6, replicas = 3, metrics = [cpuAt(30)], levels = [[300, 500, 700]], request = '1' } = setting
  const { behavior, refusal, fault, history = NO_HISTORY, numPods = replicas } = setting
  const autoscaler: HorizontalPodAutoscaler = {
    ...{
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata: { name: 'h', namespace: 'n', generation: 3 },
    },
    spec: {
      ...{
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'd' },
        minReplicas: min,
        maxReplicas: max,
        metrics,
      },
      ...(behavior && { behavior }),
    },
  }
  const pods = Array.from(
    { length: numPods },
    (_, i): Pod => ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: `pod-${i}` },
      spec: { containers: [{ name: 'c', ...(request && { resources: { requests: { cpu: request } } }) }] },
      status: {
        ...{ phase: 'Running', startTime: iso(NOW - 3_600_000) },
        conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: iso(NOW - 3_600_000) }],
      },
    }),
  )
  const samples = levels.map(
    (each): Samples =>
      'kind' in each
        ? each
        : { kind: 'values', values: new Map(each.map((milli, i) => [`pod-${i}`, { milli, at: NOW, windowMs: 0 }])) },
  )
  const scale = setting.scale ?? { specReplicas: replicas, statusReplicas: replicas }
  const observed = {
    autoscaler,
    scale,
    pods,
    samples,
    history,
    times: AUTOSCALER_TIMES,
    ...(fault && { selectorFault: fault }),
  }
  const decision = decideReplicas(observed, NOW)
  const { actions } = concludeScaling(autoscaler, decision, refusal, NOW)
  const status = actions.flatMap(each =>
    each.kind === 'update-status' ? [(each.object as HorizontalPodAutoscaler).status] : [],
  )[0]
  const conditions = Object.fromEntries(
    (status?.conditions ?? []).map(({ type, status: is, reason }) => [type, `${is} ${reason}`]),
  )
  const events = actions.flatMap(each => (each.kind === 'event' ? [`${each.reason}: ${each.message}`] : []))
  return { to: decision.rescaleTo ?? replicas, status, conditions, events, history: decision.history }
}

test.each<[string, Setting, number]>([
  ['TestScaleCPU: scale up', {}, 5],
  [
    'TestScaleCPU: scale down',
    {
      replicas: 5,
      max: 8,
      metrics: [cpuAt(50)],
      levels: [[100, 300, 500, 250, 250]],
      history: { ...NO_HISTORY, recommendations: [{ replicas: 3, at: NOW }] },
    },
    3,
  ],
  ['TestScaleCM: pods metric', { metrics: [qps('15')], levels: [[20_000, 10_000, 30_000]] }, 4],
  [
    'the largest of several metrics',
    {
      metrics: [cpuAt(30), qps('10')],
      levels: [
        [300, 300, 300],
        [20_000, 20_000, 20_000],
      ],
    },
    6,
  ],
  [
    'TestScaleDownStabilizeInitialSize: not below the size that was found',
    { replicas: 5, max: 8, metrics: [cpuAt(50)], levels: [[100, 300, 500, 250, 250]] },
    5,
  ],
  ['TestTolerance: within', { levels: [[310, 320, 300]] }, 3],
  [
    'TestConfigurableTolerance: narrower',
    {
      levels: [[310, 320, 300]],
      behavior: {
        scaleUp: { tolerance: '0.01', policies: [{ type: 'Pods', value: 4, periodSeconds: 15 }] },
        scaleDown: {},
      },
    },
    4,
  ],
  ['TestReplicaLimits: more than max', { levels: [[8000, 9500, 1000]], max: 5 }, 5],
  [
    'TestReplicaLimits: fewer than min',
    {
      min: 2,
      replicas: 3,
      levels: [[1, 1, 1]],
      history: { ...NO_HISTORY, recommendations: [{ replicas: 1, at: NOW }] },
    },
    2,
  ],
  ['TestReplicaLimits: found above max', { replicas: 8, max: 6 }, 6],
  ['TestReplicaLimits: found below min', { replicas: 1, min: 2 }, 2],
  ['TestReplicaLimits: zero replicas are left alone', { replicas: 0 }, 0],
  ['TestReplicaLimits: missing metrics do not go over max', { max: 4, levels: [[3000]] }, 4],
  ['TestMetricsEdgeCases: empty metrics', { levels: [unavailable('no metrics returned')] }, 3],
  ['TestMetricsEdgeCases: empty CPU request', { request: '' }, 3],
  ['TestUpscaleCap', { replicas: 3, max: 100, metrics: [cpuAt(1)], levels: [[1000, 1000, 1000]] }, 6],
  [
    'TestUpscaleCapGreaterThanMaxReplicas',
    { replicas: 3, max: 5, metrics: [cpuAt(1)], levels: [[1000, 1000, 1000]] },
    5,
  ],
  [
    'TestScaleWithOneInvalidMetric: up with the other',
    { metrics: [OBJECT, cpuAt(30)], levels: [unavailable(''), [300, 500, 700]] },
    5,
  ],
  [
    'TestScaleWithOneInvalidMetric: never down with the other',
    { metrics: [cpuAt(50), EXTERNAL], levels: [[10, 10, 10], unavailable('')] },
    3,
  ],
  [
    'TestNoScaleDownOneMetricEmpty',
    { metrics: [cpuAt(50), qps('1')], levels: [[10, 10, 10], unavailable('nothing')] },
    3,
  ],
])('%s', (_, setting, expected) => {
  expect(run(setting).to).toBe(expected)
})

test('TestEventCreated: the new size and why; status and conditions of a rescale', () => {
  const { status, conditions, events } = run({})
  expect(events).toEqual([
    'SuccessfulRescale: New size: 5; reason: cpu resource utilization (percentage of request) above target',
  ])
  expect(conditions).toEqual({
    AbleToScale: 'True SucceededRescale',
    ScalingActive: 'True ValidMetricFound',
    ScalingLimited: 'False DesiredWithinRange',
    ScaledToZero: 'False NotScaledToZero',
  })
  expect(status).toMatchObject({
    ...{ observedGeneration: 3, currentReplicas: 3, desiredReplicas: 5, lastScaleTime: '2026-01-01T12:00:00Z' },
    currentMetrics: [
      { type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: 50, averageValue: '500m' } } },
    ],
  })
})

test('TestEventNotCreated, TestAvoidUnnecessaryUpdates: a settled autoscaler says and writes nothing', () => {
  const { status } = run({ levels: [[300, 300, 300]] })
  const autoscaler = {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { generation: 3 },
    status,
  } as HorizontalPodAutoscaler
  const decision = {
    ...{ rescaleReason: '', current: 3, desired: 3, events: [], history: NO_HISTORY },
    ...{ conditions: status?.conditions ?? [], metrics: status?.currentMetrics ?? [] },
  }
  expect(concludeScaling(autoscaler, decision, undefined, NOW + 15_000).actions).toEqual([])
})

test.each<[string, Setting, Record<string, string>, readonly string[]]>([
  [
    'TestConditionInvalidSelectorMissing',
    { fault: MISSING },
    { ScalingActive: 'False InvalidSelector' },
    ['SelectorRequired: selector is required', 'FailedComputeMetricsReplicas: selector is required'],
  ],
  [
    'TestConditionInvalidSelectorUnparsable',
    { fault: INVALID('x') },
    { ScalingActive: 'False InvalidSelector' },
    [
      `InvalidSelector: couldn't convert selector into a corresponding internal selector object: x`,
      `FailedComputeMetricsReplicas: couldn't convert selector into a corresponding internal selector object: x`,
    ],
  ],
  [
    'TestConditionAmbiguousSelector',
    { fault: AMBIGUOUS('a=b', ['n/h', 'n/i']) },
    { ScalingActive: 'False AmbiguousSelector' },
    [
      'AmbiguousSelector: pods by selector a=b are controlled by more than one HPA (e.g. [n/h n/i])',
      'FailedComputeMetricsReplicas: pods by selector a=b are controlled by more than one HPA (e.g. [n/h n/i])',
    ],
  ],
  [
    'TestConditionFailedGetMetrics: resource',
    { levels: [unavailable('no metrics returned from resource metrics API')] },
    { ScalingActive: 'False FailedGetResourceMetric' },
    [
      'FailedGetResourceMetric: failed to get cpu utilization: unable to get metrics for resource cpu: no metrics returned from resource metrics API',
      'FailedComputeMetricsReplicas: invalid metrics (1 invalid out of 1), first error is: failed to get cpu resource metric value: failed to get cpu utilization: unable to get metrics for resource cpu: no metrics returned from resource metrics API',
    ],
  ],
  [
    'TestConditionFailedGetMetrics: pods',
    { metrics: [qps('1')], levels: [unavailable('nothing')] },
    { ScalingActive: 'False FailedGetPodsMetric' },
    [
      'FailedGetPodsMetric: unable to get metric qps: nothing',
      'FailedComputeMetricsReplicas: invalid metrics (1 invalid out of 1), first error is: failed to get pods metric value: unable to get metric qps: nothing',
    ],
  ],
  [
    'TestConditionFailedGetMetrics: object',
    { metrics: [OBJECT], levels: [unavailable('')] },
    { ScalingActive: 'False FailedGetObjectMetric' },
    [
      'FailedGetObjectMetric: unable to get metric qps on Ingress i: nothing serves custom.metrics.k8s.io in this cluster; use a metric of type Pods or Resource',
      'FailedComputeMetricsReplicas: invalid metrics (1 invalid out of 1), first error is: failed to get object metric value: unable to get metric qps on Ingress i: nothing serves custom.metrics.k8s.io in this cluster; use a metric of type Pods or Resource',
    ],
  ],
  [
    'TestConditionFailedGetMetrics: external',
    { metrics: [EXTERNAL], levels: [unavailable('')] },
    { ScalingActive: 'False FailedGetExternalMetric' },
    [
      'FailedGetExternalMetric: unable to get external metric qps: nothing serves external.metrics.k8s.io in this cluster; use a metric of type Pods or Resource',
      'FailedComputeMetricsReplicas: invalid metrics (1 invalid out of 1), first error is: failed to get qps external metric value: unable to get external metric qps: nothing serves external.metrics.k8s.io in this cluster; use a metric of type Pods or Resource',
    ],
  ],
  [
    'TestConditionInvalidSourceType',
    { metrics: [{ type: 'CheddarCheese' } as unknown as MetricSpec], levels: [unavailable('')] },
    { ScalingActive: 'False InvalidMetricSourceType' },
    [
      'InvalidMetricSourceType: unknown metric source type "CheddarCheese"',
      'FailedComputeMetricsReplicas: invalid metrics (1 invalid out of 1), first error is: unknown metric source type "CheddarCheese"',
    ],
  ],
  [
    'TestConditionFailedGetScale',
    { scale: 'something went wrong' },
    { AbleToScale: 'False FailedGetScale' },
    ['FailedGetScale: something went wrong'],
  ],
  [
    'TestConditionFailedUpdateScale',
    { refusal: 'something went wrong' },
    { AbleToScale: 'False FailedUpdateScale' },
    [
      'FailedRescale: New size: 5; reason: cpu resource utilization (percentage of request) above target; error: something went wrong',
    ],
  ],
  ['scaling is disabled at zero', { replicas: 0 }, { ScalingActive: 'False ScalingDisabled' }, []],
  [
    'TestStabilizeDownscale',
    {
      replicas: 5,
      max: 8,
      levels: [[50, 50, 50, 50, 50]],
      history: {
        ...NO_HISTORY,
        recommendations: [
          { replicas: 10, at: NOW - 600_000 },
          { replicas: 4, at: NOW - 60_000 },
        ],
      },
    },
    { ScalingLimited: 'False DesiredWithinRange', AbleToScale: 'True SucceededRescale' },
    ['SuccessfulRescale: New size: 4; reason: All metrics below target'],
  ],
])('%s', (_, setting, conditions, events) => {
  const result = run(setting)
  expect(result.conditions).toMatchObject(conditions)
  expect(result.events).toEqual(events)
})
