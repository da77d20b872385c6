/** Upstream: pkg/kubelet/cm/helpers_linux_test.go (TestMilliCPUToShares, TestResourceConfigForPod). */
import { expect, test } from 'vitest'
import type { Container, Pod } from '../../kube/core.ts'
import { containerBounds, podBounds, sharesOf } from './bounds-of.ts'
import { type Bounds, V1, V2 } from './cgroup-files.ts'

test.each([
  { milli: 0, shares: 2 },
  { milli: 1, shares: 2 },
  { milli: 100, shares: 102 },
  { milli: 1000, shares: 1024 },
  { milli: 2000, shares: 2048 },
  { milli: 10_000_000, shares: 262_144 },
])('MilliCPUToShares: $milli thousandths of a core are $shares shares', ({ milli, shares }) => {
  expect(sharesOf(milli)).toBe(shares)
})

const container = (resources: Container['resources'], name = 'c'): Container => ({ name, resources })
const pod = (...containers: Container[]): Pod => ({ apiVersion: 'v1', kind: 'Pod', metadata: {}, spec: { containers } })

test.each<{ name: string; given: Container['resources']; bounds: Bounds }>([
  { name: 'nothing', given: undefined, bounds: { cpuShares: 2 } },
  {
    name: 'both',
    given: { requests: { cpu: '100m', memory: '50Mi' }, limits: { cpu: '200m', memory: '100Mi' } },
    bounds: { cpuShares: 102, cpuLimit: 0.2, memoryBytes: 104_857_600 },
  },
  { name: 'a limit only', given: { limits: { cpu: '2' } }, bounds: { cpuShares: 2048, cpuLimit: 2 } },
  { name: 'a limit of zero, which is none', given: { limits: { cpu: '0', memory: '0' } }, bounds: { cpuShares: 2 } },
])('a container that declares $name', ({ given, bounds }) => {
  expect(containerBounds(container(given))).toEqual(bounds)
})

test('a pod has the shares of all its containers, and limits only where it declares them itself', () => {
  const two = pod(
    container({ requests: { cpu: '250m' }, limits: { memory: '1Gi' } }, 'a'),
    container({ requests: { cpu: '750m' } }, 'b'),
  )
  expect(podBounds(two)).toMatchObject({ cpuShares: 1024 })
  expect(podBounds(two).memoryBytes).toBeUndefined()
  const whole = {
    ...two,
    spec: { ...two.spec, resources: { requests: { cpu: '2' }, limits: { cpu: '3', memory: '2Gi' } } },
  }
  expect(podBounds(whole)).toMatchObject({ cpuShares: 2048, cpuLimit: 3, memoryBytes: 2 ** 31 })
})

const texts = (files: typeof V1, bounds: Bounds): Record<string, string> =>
  Object.fromEntries(files.settings(bounds).map(({ file, text }) => [file, text]))

test('what is written in version 1', () => {
  expect(texts(V1, { cpuShares: 102, cpuLimit: 0.2, memoryBytes: 1000, maxProcesses: 10 })).toEqual({
    'cpu.shares': '102',
    'cpu.cfs_period_us': '100000',
    'cpu.cfs_quota_us': '20000',
    'memory.limit_in_bytes': '1000',
    'memory.memsw.limit_in_bytes': '1000',
    'pids.max': '10',
  })
  expect(texts(V1, {})).toMatchObject({ 'cpu.shares': '2', 'cpu.cfs_quota_us': '-1', 'memory.limit_in_bytes': '-1' })
})

test('what is written in version 2', () => {
  expect(texts(V2, { cpuShares: 1024, cpuLimit: 0.001, memoryBytes: 1000 })).toEqual({
    'cpu.weight': '39',
    'cpu.max': '1000 100000',
    'memory.max': '1000',
    'memory.swap.max': '0',
    'pids.max': 'max',
  })
  expect(texts(V2, {})).toMatchObject({ 'cpu.weight': '1', 'cpu.max': 'max 100000', 'memory.max': 'max' })
})
