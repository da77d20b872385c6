/** Upstream: pkg/kubelet/allocation/allocation_manager_test.go (TestHandlePodResourcesResize), pkg/kubelet/events/resize_test.go. */
import { describe, expect, test } from 'vitest'
import type { Container, Pod } from '../../kube/core.ts'
import { amountsOf } from '../../kube/quota/amounts.ts'
import { allocatedBefore, hasSameResources, needsRestart, resizeMessage, whyNotNow, withResourcesOf } from './resize.ts'

const pod = (...containers: Container[]): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p', generation: 2 },
  spec: { containers },
})
const asking = (cpu: string, memory: string, name = 'c'): Container => ({
  name,
  resources: { requests: { cpu, memory }, limits: { cpu, memory } },
})

describe('TestHandlePodResourcesResize', () => {
  const room = {
    allocatable: amountsOf({ cpu: '4', memory: '4Gi' }),
    others: amountsOf({ cpu: '1', memory: '1Gi' }),
  }
  test.each([
    { name: 'CPU and memory decrease', cpu: '500m', memory: '500M', why: undefined },
    { name: 'CPU increase, memory decrease', cpu: '1500m', memory: '500M', why: undefined },
    { name: 'as much as there is', cpu: '3', memory: '3Gi', why: undefined },
    {
      name: 'too much CPU now',
      cpu: '3100m',
      memory: '500M',
      why: "Node didn't have enough resource: cpu, requested: 3100, used: 1000, capacity: 4000",
    },
    {
      name: 'too much memory now',
      cpu: '1',
      memory: '4Gi',
      why: "Node didn't have enough resource: memory, requested: 4294967296, used: 1073741824, capacity: 4294967296",
    },
    {
      name: 'more than the node has',
      cpu: '5',
      memory: '1Gi',
      why: "Node didn't have enough resource: cpu, requested: 5000, used: 1000, capacity: 4000",
    },
  ])('$name', ({ cpu, memory, why }) => expect(whyNotNow(pod(asking(cpu, memory)), room)).toBe(why))

  test('nothing requested always fits', () => {
    expect(whyNotNow(pod({ name: 'c' }), { ...room, others: amountsOf({ cpu: '9' }) })).toBeUndefined()
  })
})

test('a container is restarted for a changed resource whose policy says so, not for another', () => {
  const policy = [{ resourceName: 'memory', restartPolicy: 'RestartContainer' } as const]
  const container = { ...asking('200m', '200Mi'), resizePolicy: policy }
  expect(needsRestart(container, asking('100m', '200Mi').resources ?? {})).toBe(false)
  expect(needsRestart(container, asking('200m', '100Mi').resources ?? {})).toBe(true)
  expect(needsRestart(asking('200m', '200Mi'), asking('100m', '100Mi').resources ?? {})).toBe(false)
})

test('the worker goes by what is allocated, whatever else is new', () => {
  const declared = { ...pod(asking('2', '2Gi')), metadata: { name: 'p', labels: { a: 'b' } } }
  const allocated = pod(asking('1', '1Gi'))
  const effective = withResourcesOf(declared, allocated)
  expect(effective.metadata.labels).toEqual({ a: 'b' })
  expect(hasSameResources(effective, allocated)).toBe(true)
  expect(hasSameResources(declared, allocated)).toBe(false)
})

test('a later agent takes what the status told', () => {
  const { resources } = asking('1', '1Gi')
  const status = { containerStatuses: [{ name: 'c', ready: true, restartCount: 0, image: '', imageID: '', resources }] }
  expect(hasSameResources(allocatedBefore({ ...pod(asking('2', '2Gi')), status }), pod(asking('1', '1Gi')))).toBe(true)
  expect(hasSameResources(allocatedBefore(pod(asking('2', '2Gi'))), pod(asking('2', '2Gi')))).toBe(true)
})

test('TestPodResizeCompletedMsg', () => {
  expect(resizeMessage('Pod resize completed', pod(asking('1', '1Gi')))).toBe(
    'Pod resize completed: {"containers":[{"name":"c","resources":{"requests":{"cpu":"1","memory":"1Gi"},"limits":{"cpu":"1","memory":"1Gi"}}}],"generation":2}',
  )
})
