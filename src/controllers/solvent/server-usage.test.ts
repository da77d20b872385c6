import { expect, test } from 'vitest'
import type { HorizontalPodAutoscaler, PodMetrics } from '../../kube/autoscaling.ts'
import { usageOf } from './server-usage.ts'

const pod = (cpu: string, memory: string) =>
  ({ containers: [{ name: 'server', usage: { cpu, memory } }] }) as unknown as PodMetrics
const scaler = (averageValue: string, currentReplicas: number) =>
  ({
    status: {
      currentReplicas,
      currentMetrics: [{ type: 'Pods', pods: { metric: { name: 'x' }, current: { averageValue } } }],
    },
  }) as unknown as HorizontalPodAutoscaler

test('adds up what the copies use, and multiplies what each of them answers', () => {
  expect(usageOf([pod('123456789n', '64Mi'), pod('200m', '65Mi')], scaler('25500m', 4))).toEqual({
    cpu: '320m',
    memory: '130Mi',
    requestsPerSecond: '100',
  })
})

test('says nothing of what is not measured', () => {
  expect(usageOf([], undefined)).toEqual({ cpu: undefined, memory: undefined, requestsPerSecond: undefined })
})

test.each([
  ['320m', '330m', '320m'],
  ['320m', '400m', '400m'],
  ['3m', '5m', '3m'],
  ['3m', '20m', '20m'],
  ['3m', '0m', '0m'],
])('shown %s, measured %s, shows %s', (shown, measured, expected) => {
  expect(usageOf([pod(measured, '64Mi')], undefined, { cpu: shown }).cpu).toBe(expected)
})
