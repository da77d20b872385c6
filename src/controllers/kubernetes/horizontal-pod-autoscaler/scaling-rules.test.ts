/**
 * Upstream's table-driven cases: TestConvertDesiredReplicasWithRules, TestCalculateScaleUpLimitWithScalingRules, TestScalingWithRules,
 * TestNormalizeDesiredReplicas, TestNormalizeDesiredReplicasWithBehavior, TestStoreScaleEvents
 * (pkg/controller/podautoscaler/horizontal_test.go).
 */
import { expect, test } from 'vitest'
import type { ScalingRules } from '../../../kube/autoscaling.ts'
import {
  applyRules,
  type History,
  limitByDefault,
  NO_HISTORY,
  type ScaleEvent,
  withScaleEvent,
} from './scaling-rules.ts'

const NOW = Date.parse('2026-01-01T12:00:00Z')
const MINUTE = 60_000

test.each([
  [5, 7, 3, 8, 7, 'DesiredWithinRange'],
  [3, 1, 2, 8, 2, 'TooFewReplicas'],
  [1, 0, 0, 10, 0, 'DesiredWithinRange'],
  [20, 1000, 1, 10, 10, 'TooManyReplicas'],
  [3, 1000, 1, 2000, 6, 'ScaleUpLimit'],
  [1, 10, 1, 10, 4, 'ScaleUpLimit'],
])(
  'TestConvertDesiredReplicasWithRules: of %i, %i wanted within %i to %i: %i, %s',
  (current, desired, min, max, replicas, reason) => {
    expect(limitByDefault({ current, desired, min, max })).toMatchObject({ replicas, reason })
  },
)

/** Rules of `pods` in a period and `percent` in a period; what is 0 is no policy. */
function rules(pods: number, podsPeriod: number, percent: number, percentPeriod: number, window: number): ScalingRules {
  return {
    stabilizationWindowSeconds: window,
    selectPolicy: 'Max',
    policies: [
      ...(pods ? [{ type: 'Pods' as const, value: pods, periodSeconds: podsPeriod }] : []),
      ...(percent ? [{ type: 'Percent' as const, value: percent, periodSeconds: percentPeriod }] : []),
    ],
  }
}
const UP = rules(4, 15, 100, 15, 0)
const DOWN = rules(0, 0, 100, 15, 300)

/** Spread evenly over so many seconds before now, as upstream's generateEventsUniformDistribution. */
const events = (changes: readonly number[], seconds: number): readonly ScaleEvent[] =>
  changes.map((change, i) => ({ change, at: NOW - seconds * 1000 + ((i + 0.5) * seconds * 1000) / changes.length }))
const [ups, downs] = [
  (...changes: number[]) => ({ ups: events(changes, 120) }),
  (...changes: number[]) => ({ downs: events(changes, 120) }),
]

interface Case {
  readonly current: number
  readonly desired: number
  readonly within: readonly [number, number]
  readonly up?: ScalingRules
  readonly down?: ScalingRules
  readonly history?: Partial<History>
  readonly to: number
  readonly reason: string
}
test.each<[string, Case]>([
  [
    'prenormalized desired replicas within range',
    { current: 5, desired: 7, within: [3, 8], to: 7, reason: 'DesiredWithinRange' },
  ],
  [
    'prenormalized desired replicas < minReplicas',
    { current: 3, desired: 1, within: [2, 8], to: 2, reason: 'TooFewReplicas' },
  ],
  [
    'prenormalized desired replicas within range when minReplicas is 0',
    { current: 1, desired: 0, within: [0, 10], to: 0, reason: 'DesiredWithinRange' },
  ],
  [
    'maxReplicas is the limit because maxReplicas < scaleUpLimit',
    { current: 20, desired: 1000, within: [1, 10], to: 10, reason: 'TooManyReplicas' },
  ],
  [
    'desired replica count is more than the maximum replica count',
    { current: 100, desired: 1000, within: [100, 150], to: 150, reason: 'TooManyReplicas' },
  ],
  [
    'scaleUpLimit is the limit with user policies',
    { current: 3, desired: 1000, within: [1, 2000], up: rules(0, 0, 1, 60, 0), to: 4, reason: 'ScaleUpLimit' },
  ],
  ['scaleUp with default behavior', { current: 10, desired: 50, within: [1, 1000], to: 20, reason: 'ScaleUpLimit' }],
  [
    'scaleUp with pods policy larger than percent policy',
    { current: 10, desired: 500, within: [1, 1000], up: rules(100, 60, 100, 60, 0), to: 110, reason: 'ScaleUpLimit' },
  ],
  [
    'scaleUp with percent policy larger than pods policy',
    { current: 10, desired: 500, within: [1, 1000], up: rules(2, 60, 100, 60, 0), to: 20, reason: 'ScaleUpLimit' },
  ],
  [
    'scaleUp with spec MaxReplicas limitation with large pod policy',
    { current: 10, desired: 50, within: [1, 1000], up: rules(100, 60, 0, 0, 0), to: 50, reason: 'DesiredWithinRange' },
  ],
  [
    'scaleUp with spec MaxReplicas limitation with large percent policy',
    {
      current: 10,
      desired: 50,
      within: [1, 1000],
      up: rules(0, 0, 10000, 60, 0),
      to: 50,
      reason: 'DesiredWithinRange',
    },
  ],
  [
    'scaleUp with pod policy limitation',
    { current: 10, desired: 50, within: [1, 1000], up: rules(30, 60, 0, 0, 0), to: 40, reason: 'ScaleUpLimit' },
  ],
  [
    'scaleUp with percent policy limitation',
    { current: 10, desired: 50, within: [1, 1000], up: rules(0, 0, 200, 60, 0), to: 30, reason: 'ScaleUpLimit' },
  ],
  [
    'scaleDown with percent policy larger than pod policy',
    { current: 100, desired: 2, within: [1, 1000], down: rules(20, 60, 1, 60, 300), to: 80, reason: 'ScaleDownLimit' },
  ],
  [
    'scaleDown with pod policy larger than percent policy',
    { current: 100, desired: 2, within: [1, 1000], down: rules(2, 60, 1, 60, 300), to: 98, reason: 'ScaleDownLimit' },
  ],
  [
    'scaleDown with spec MinReplicas limitation with large pod policy',
    { current: 10, desired: 0, within: [1, 1000], down: rules(100, 60, 0, 0, 300), to: 1, reason: 'TooFewReplicas' },
  ],
  [
    'scaleDown with spec MinReplicas limitation with large percent policy',
    { current: 10, desired: 2, within: [5, 1000], down: rules(0, 0, 100, 60, 300), to: 5, reason: 'TooFewReplicas' },
  ],
  [
    'scaleDown with pod policy limitation',
    { current: 10, desired: 2, within: [1, 1000], down: rules(5, 60, 0, 0, 300), to: 5, reason: 'ScaleDownLimit' },
  ],
  [
    'scaleDown with percent policy limitation',
    { current: 10, desired: 5, within: [1, 1000], down: rules(0, 0, 50, 60, 300), to: 5, reason: 'DesiredWithinRange' },
  ],
  [
    'scaleUp with large pod policy and events',
    {
      current: 100,
      desired: 500,
      within: [1, 200],
      up: rules(300, 60, 0, 0, 0),
      history: ups(1, 5, 9),
      to: 200,
      reason: 'TooManyReplicas',
    },
  ],
  [
    'scaleUp with large percent policy and events',
    {
      current: 100,
      desired: 500,
      within: [1, 200],
      up: rules(0, 0, 10000, 60, 0),
      history: ups(1, 5, 9),
      to: 200,
      reason: 'TooManyReplicas',
    },
  ],
  [
    'scaleUp with a lot of recent scale up events',
    {
      current: 100,
      desired: 500,
      within: [1, 1000],
      up: rules(5, 120, 0, 0, 0),
      history: ups(1, 5, 9),
      to: 100,
      reason: 'ScaleUpLimit',
    },
  ],
  [
    'scaleUp with pod policy and previous scale up events',
    {
      current: 100,
      desired: 500,
      within: [1, 1000],
      up: rules(150, 120, 0, 0, 0),
      history: ups(1, 5, 9),
      to: 235,
      reason: 'ScaleUpLimit',
    },
  ],
  [
    'scaleUp with percent policy and previous scale up events',
    {
      current: 100,
      desired: 500,
      within: [1, 1000],
      up: rules(0, 0, 200, 120, 0),
      history: ups(1, 5, 9),
      to: 255,
      reason: 'ScaleUpLimit',
    },
  ],
  [
    'scaleUp with percent policy and previous scale up and down events',
    {
      current: 6,
      desired: 24,
      within: [1, 1000],
      up: rules(0, 0, 300, 300, 0),
      history: { ...ups(4), ...downs(2) },
      to: 16,
      reason: 'ScaleUpLimit',
    },
  ],
  [
    'scaleDown with default policy and previous events',
    { current: 10, desired: 5, within: [1, 1000], history: downs(1, 5, 9), to: 5, reason: 'DesiredWithinRange' },
  ],
  [
    'scaleDown with large pod policy and previous events',
    {
      current: 100,
      desired: 0,
      within: [1, 1000],
      down: rules(115, 120, 0, 0, 300),
      history: downs(1, 5, 9),
      to: 1,
      reason: 'TooFewReplicas',
    },
  ],
  [
    'scaleDown with spec MinReplicas limitation and previous events',
    {
      current: 100,
      desired: 0,
      within: [5, 1000],
      down: rules(130, 120, 0, 0, 300),
      history: downs(1, 5, 9),
      to: 5,
      reason: 'TooFewReplicas',
    },
  ],
  [
    'scaleDown with large percent policy and previous events',
    {
      current: 100,
      desired: 2,
      within: [5, 1000],
      down: rules(0, 0, 100, 120, 300),
      history: downs(1, 5, 9),
      to: 5,
      reason: 'TooFewReplicas',
    },
  ],
  [
    'scaleDown with pod policy limitation and previous events',
    {
      current: 100,
      desired: 2,
      within: [1, 1000],
      down: rules(5, 120, 0, 0, 300),
      history: downs(1, 5, 9),
      to: 100,
      reason: 'ScaleDownLimit',
    },
  ],
  [
    'scaleDown with percent policy limitation and previous events',
    {
      current: 100,
      desired: 0,
      within: [1, 1000],
      down: rules(0, 0, 50, 120, 300),
      history: downs(2, 4, 6),
      to: 56,
      reason: 'ScaleDownLimit',
    },
  ],
  [
    'scaleDown with percent policy and previous scale up and down events',
    {
      current: 10,
      desired: 1,
      within: [1, 1000],
      down: rules(0, 0, 50, 180, 0),
      history: { ...ups(2), ...downs(4) },
      to: 6,
      reason: 'ScaleDownLimit',
    },
  ],
  [
    'scaleDown with previous events preventing further scale down',
    {
      current: 100,
      desired: 0,
      within: [1, 1000],
      down: rules(0, 0, 10, 120, 300),
      history: downs(10, 10, 10),
      to: 100,
      reason: 'ScaleDownLimit',
    },
  ],
  [
    'scaleDown with previous events still allowing more',
    {
      current: 10,
      desired: 5,
      within: [1, 1000],
      down: rules(0, 0, 1000, 120, 300),
      history: downs(10, 10, 10),
      to: 5,
      reason: 'DesiredWithinRange',
    },
  ],
  [
    'events that are old do not count, up',
    {
      current: 100,
      desired: 200,
      within: [1, 1000],
      up: rules(1000, 60, 0, 0, 0),
      history: ups(8, 12, 9, 11),
      to: 200,
      reason: 'DesiredWithinRange',
    },
  ],
  [
    'events that are old do not count, down',
    {
      current: 100,
      desired: 5,
      within: [1, 1000],
      down: rules(1000, 60, 0, 0, 300),
      history: downs(8, 12, 9, 11),
      to: 5,
      reason: 'DesiredWithinRange',
    },
  ],
  [
    'Disabled upwards',
    { current: 3, desired: 9, within: [1, 10], up: { ...UP, selectPolicy: 'Disabled' }, to: 3, reason: 'ScaleUpLimit' },
  ],
  [
    'Disabled downwards',
    {
      current: 9,
      desired: 3,
      within: [1, 10],
      down: { ...DOWN, selectPolicy: 'Disabled' },
      to: 9,
      reason: 'ScaleDownLimit',
    },
  ],
  [
    'the smaller of two policies, up',
    { current: 10, desired: 50, within: [1, 100], up: { ...UP, selectPolicy: 'Min' }, to: 14, reason: 'ScaleUpLimit' },
  ],
  [
    'the smaller of two policies, down',
    {
      current: 100,
      desired: 2,
      within: [1, 1000],
      down: { ...rules(20, 60, 1, 60, 300), selectPolicy: 'Min' },
      to: 99,
      reason: 'ScaleDownLimit',
    },
  ],
])(
  'TestScalingWithRules: %s',
  (_, { current, desired, within: [min, max], up = UP, down = DOWN, history, to, reason }) => {
    const verdict = applyRules(
      { current, desired, min, max },
      { scaleUp: up, scaleDown: down },
      { ...NO_HISTORY, ...history },
      0,
      NOW,
    )
    expect([verdict.replicas, verdict.limited.reason]).toEqual([to, reason])
  },
)

/** Recommendations as replicas and how many minutes ago. */
const recommended = (...all: readonly (readonly [number, number])[]): History => ({
  ...NO_HISTORY,
  recommendations: all.map(([replicas, minutes]) => ({ replicas, at: NOW - minutes * MINUTE })),
})
const [WIDE_UP, WIDE_DOWN] = [rules(10_000, 15, 0, 0, 0), rules(10_000, 15, 0, 0, 0)]

test.each([
  ['empty recommendations for scaling down', recommended(), 100, 5, 0, 0, 5],
  ['simple scale down stabilization', recommended([4, 2], [5, 1]), 100, 3, 0, 180, 5],
  ['simple scale up stabilization', recommended([4, 2], [5, 1]), 1, 7, 300, 0, 4],
  ['no scale down stabilization', recommended([1, 2], [2, 1]), 100, 3, 300, 0, 3],
  ['no scale up stabilization', recommended([4, 2], [5, 1]), 1, 3, 0, 300, 3],
  ['no scale down stabilization, old recommendations', recommended([10, 10], [9, 9]), 100, 3, 0, 0, 3],
  ['no scale up stabilization, old recommendations', recommended([10, 10], [9, 9]), 1, 100, 0, 0, 100],
  ['scale down stabilization, some are old', recommended([10, 10], [4, 1], [5, 2], [9, 9]), 100, 3, 0, 180, 5],
  ['scale up stabilization, some are old', recommended([10, 100], [6, 1], [5, 2], [9, 3]), 1, 100, 300, 0, 5],
  ['both, do not scale up when the recommendation goes down', recommended([2, 100], [3, 3]), 2, 1, 300, 300, 2],
  ['both, do not scale down when the recommendation goes up', recommended([2, 100], [1, 3]), 2, 3, 300, 300, 2],
] as const)('TestNormalizeDesiredReplicasWithBehavior: %s', (_, history, current, desired, up, down, expected) => {
  const behavior = {
    scaleUp: { ...WIDE_UP, stabilizationWindowSeconds: up },
    scaleDown: { ...WIDE_DOWN, stabilizationWindowSeconds: down },
  }
  const verdict = applyRules({ current, desired, min: 1, max: 1000 }, behavior, history, 0, NOW)
  expect(verdict.replicas).toBe(expected)
  expect(verdict.history.recommendations.at(-1)).toEqual({ replicas: desired, at: NOW })
})

test.each([
  ['empty recommendations', recommended(), 5, 5, 'ReadyForNewScale'],
  ['stabilized: the highest of the window', recommended([4, 2], [5, 1]), 3, 5, 'ScaleDownStabilized'],
  ['not stabilized: the newest is the highest', recommended([1, 2], [2, 1]), 3, 3, 'ReadyForNewScale'],
  ['not stabilized: all are old', recommended([10, 10], [9, 9]), 3, 3, 'ReadyForNewScale'],
  ['stabilized: some are old', recommended([10, 10], [4, 1], [5, 2], [9, 9]), 3, 5, 'ScaleDownStabilized'],
] as const)('TestNormalizeDesiredReplicas: %s', (_, history, desired, expected, reason) => {
  const verdict = applyRules({ current: 5, desired, min: 1, max: 100 }, undefined, history, 5 * MINUTE, NOW)
  expect([verdict.replicas, verdict.stabilized.reason]).toEqual([expected, reason])
})

test.each([
  ['without behavior nothing is kept', undefined, 5, 10, [], []],
  ['a change upwards', { scaleUp: rules(10, 60, 0, 0, 0) }, 5, 10, [5], []],
  ['a change downwards', { scaleDown: rules(10, 60, 0, 0, 0) }, 10, 5, [], [5]],
] as const)('TestStoreScaleEvents: %s', (_, behavior, from, to, up, down) => {
  const history = withScaleEvent(NO_HISTORY, behavior, from, to, NOW)
  expect(history.ups.map(({ change }) => change)).toEqual(up)
  expect(history.downs.map(({ change }) => change)).toEqual(down)
})

test('TestStoreScaleEvents: what no policy sees any more is forgotten', () => {
  const old = { change: 7, at: NOW - 61_000 }
  const fresh = { change: 8, at: NOW - 59_000 }
  const history = withScaleEvent({ ...NO_HISTORY, ups: [old, fresh] }, { scaleUp: rules(10, 60, 0, 0, 0) }, 5, 10, NOW)
  expect(history.ups.map(({ change }) => change)).toEqual([8, 5])
})

test('a load ten times as high is met in two periods of 15 s, where the default rules of behavior hold', () => {
  const behavior = { scaleUp: UP, scaleDown: DOWN }
  const first = applyRules({ current: 1, desired: 10, min: 1, max: 10 }, behavior, NO_HISTORY, 300_000, NOW)
  expect(first.replicas).toBe(5)
  const then = withScaleEvent(first.history, behavior, 1, 5, NOW)
  const second = applyRules({ current: 5, desired: 10, min: 1, max: 10 }, behavior, then, 300_000, NOW + 15_001)
  expect(second.replicas).toBe(10)
})
