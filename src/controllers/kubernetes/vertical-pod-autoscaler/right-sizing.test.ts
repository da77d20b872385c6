import { expect, test } from 'vitest'
import type { PodMetrics } from '../../../kube/autoscaling.ts'
import type { Pod, ResourceRequirements } from '../../../kube/core.ts'
import type { KubeObject } from '../../../kube/object.ts'
import type { Action } from '../../runtime/action.ts'
import { NO_USAGE, withOutOfMemory, withUsage } from './container-history.ts'
import { CPU_CORES, EMPTY, type Histogram, MEMORY_BYTES, percentile, withSample } from './histogram.ts'
import { RIGHT_SIZING_TIMES, recommend } from './recommend.ts'
import { RECOMMENDATION, reconcileRightSizing, type WorkloadHistory, withMetrics } from './reconcile-right-sizing.ts'

const NOW = Date.parse('2026-01-01T00:00:00Z')
const DAY = 86_400_000
const MIB = 1024 * 1024

test('a percentile is right to five percent, and an empty histogram gives none', () => {
  expect(percentile(EMPTY, CPU_CORES, 0.9)).toBe(0)
  let histogram = EMPTY
  for (let i = 1; i <= 100; i++) histogram = withSample(histogram, CPU_CORES, i / 10, 1, NOW)
  for (const part of [0.5, 0.9, 0.95]) {
    const value = percentile(histogram, CPU_CORES, part)
    expect(value).toBeGreaterThanOrEqual(part * 10 * 0.999)
    expect(value).toBeLessThan(part * 10 * 1.06)
  }
})

test('what was long ago counts less: after two half-lives a quarter', () => {
  const old = withSample(EMPTY, CPU_CORES, 4, 1, NOW)
  const mixed = withSample(old, CPU_CORES, 1, 0.3, NOW + 2 * DAY)
  // 0.25 of the old against 0.3 of the new.
  expect(percentile(mixed, CPU_CORES, 0.5)).toBeLessThan(1.1)
  expect(percentile(mixed, CPU_CORES, 0.6)).toBeGreaterThan(3.9)
})

test('numbers stay within bounds however long it runs', () => {
  let histogram: Histogram = EMPTY
  for (let day = 0; day < 2000; day += 7) histogram = withSample(histogram, MEMORY_BYTES, 1e8, 1, NOW + day * DAY)
  for (const weight of histogram.weights.values()) expect(weight).toBeLessThan(2 ** 120)
  expect(percentile(histogram, MEMORY_BYTES, 0.9)).toBeLessThan(1.12e8)
})

test('memory counts by the peak of a day, and an OOM kill says that it was too little', () => {
  const sample = { pod: 'p', cpuCores: 0.1, requestedCores: 0.1 }
  let history = withUsage(NO_USAGE, { ...sample, at: NOW, memoryBytes: 300 * MIB })
  for (let i = 1; i < 100; i++) history = withUsage(history, { ...sample, at: NOW + i * 15_000, memoryBytes: 50 * MIB })
  expect(recommend(history, 1, RIGHT_SIZING_TIMES).target.memoryBytes).toBeGreaterThan(300 * MIB)
  const killed = withOutOfMemory(history, 'p', 1000 * MIB, NOW + 3_000_000)
  expect(recommend(killed, 1, RIGHT_SIZING_TIMES).target.memoryBytes).toBeGreaterThan(1200 * MIB)
})

test('bounds lie around the target, the wider the less is known', () => {
  const sample = { pod: 'p', memoryBytes: 100 * MIB, cpuCores: 0.5, requestedCores: 0.5 }
  const short = withUsage(NO_USAGE, { ...sample, at: NOW })
  let long = short
  for (let i = 1; i < 6000; i++) long = withUsage(long, { ...sample, at: NOW + i * 15_000 })
  const [early, late] = [recommend(short, 1, RIGHT_SIZING_TIMES), recommend(long, 1, RIGHT_SIZING_TIMES)]
  expect(late.target.cpuCores).toBeGreaterThan(0.5)
  expect(late.lower.cpuCores).toBeLessThanOrEqual(late.target.cpuCores)
  expect(late.upper.cpuCores).toBeGreaterThan(late.target.cpuCores)
  expect(early.upper.cpuCores).toBeGreaterThan(late.upper.cpuCores)
})

const workload = (recommendation?: string): KubeObject => ({
  ...{ apiVersion: 'apps/v1', kind: 'Deployment' },
  metadata: { name: 'd', namespace: 'n', ...(recommendation && { annotations: { [RECOMMENDATION]: recommendation } }) },
})
const podWith = (resources: ResourceRequirements): Pod => ({
  ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', namespace: 'n', uid: 'u' } },
  spec: { containers: [{ name: 'c', resources }] },
  status: { phase: 'Running' },
})
const measured = (at: number, cpu: string, memory: string): PodMetrics => ({
  ...{ apiVersion: 'metrics.k8s.io/v1beta1', kind: 'PodMetrics', metadata: { name: 'p' }, window: '15s' },
  ...{ timestamp: new Date(at).toISOString(), containers: [{ name: 'c', usage: { cpu, memory } }] },
})

function used(pod: Pod, cpu: string, memory: string): WorkloadHistory {
  let history: WorkloadHistory = new Map()
  for (let i = 0; i < 10; i++) history = withMetrics(history, [pod], [measured(NOW + i * 15_000, cpu, memory)])
  return history
}
const decide = (pod: Pod, cpu: string, memory: string, on = workload()): readonly Action[] =>
  reconcileRightSizing(
    { workload: on, pods: [pod], history: used(pod, cpu, memory), times: RIGHT_SIZING_TIMES },
    NOW + 150_000,
  )

test('a pod that asks for far too much is resized in place, its limits in proportion, and the workload says what it needs', () => {
  const pod = podWith({ requests: { cpu: '1', memory: '1Gi' }, limits: { cpu: '2', memory: '1Gi' } })
  const [patch, event, annotation] = decide(pod, '100m', '100Mi')
  expect(patch).toMatchObject({ kind: 'patch', subresource: 'resize', ref: { name: 'p' } })
  const containers = (patch as { patch: { spec: { containers: { resources: ResourceRequirements }[] } } }).patch.spec
    .containers
  const { requests, limits } = containers[0]?.resources ?? {}
  expect(Number(requests?.cpu?.replace('m', ''))).toBeGreaterThan(100)
  expect(Number(requests?.cpu?.replace('m', ''))).toBeLessThan(130)
  expect(Number(limits?.cpu?.replace('m', ''))).toBe(2 * Number(requests?.cpu?.replace('m', '')))
  expect(limits?.memory).toBe(requests?.memory)
  expect(event).toMatchObject({ kind: 'event', reason: 'RightSized' })
  expect(annotation).toMatchObject({ kind: 'patch', type: 'merge' })
})

test('one that is about right is left alone, and so is a settled recommendation', () => {
  const pod = podWith({ requests: { cpu: '120m', memory: '125Mi' } })
  const [annotation, ...rest] = decide(pod, '100m', '100Mi')
  expect(rest).toEqual([])
  const text = (annotation as { patch: { metadata: { annotations: Record<string, string> } } }).patch.metadata
    .annotations[RECOMMENDATION]
  expect(decide(pod, '100m', '100Mi', workload(text))).toEqual([])
})

test('before a minute is known nothing changes', () => {
  const pod = podWith({ requests: { cpu: '1' } })
  const history = withMetrics(new Map(), [pod], [measured(NOW, '10m', '10Mi')])
  expect(
    reconcileRightSizing({ workload: workload(), pods: [pod], history, times: RIGHT_SIZING_TIMES }, NOW + 30_000),
  ).toEqual([])
})

test('pods that ask for nothing cannot be resized, and the workload says why', () => {
  const [event] = decide(podWith({}), '10m', '10Mi')
  expect(event).toMatchObject({ kind: 'event', type: 'Warning', reason: 'RightSizingImpossible' })
})

test('a broken annotation is written anew', () => {
  const pod = podWith({ requests: { cpu: '120m', memory: '125Mi' } })
  expect(decide(pod, '100m', '100Mi', workload('{')).map(({ kind }) => kind)).toEqual(['patch'])
})
