/** A simulated Node as it is created, and how it says that it is well. */
import { formatTime, type Instant } from '../../base/clock.ts'
import type { Node, ResourceList, Taint } from '../../kube/core.ts'
import { FAKE_NODE, HOSTNAME } from '../../kube/names.ts'

export const FAKE_TAINT: Taint = { key: FAKE_NODE, value: 'true', effect: 'NoSchedule' }

/** What one has unless told otherwise. */
export const FAKE_CAPACITY: ResourceList = { cpu: '32', memory: '256Gi', pods: '110' }

export const isFakeNode = ({ metadata }: Node): boolean => metadata.labels?.[FAKE_NODE] === 'true'

export function fakeNode(name: string, capacity: ResourceList, labels: Readonly<Record<string, string>> = {}): Node {
  const system = { [HOSTNAME]: name, 'kubernetes.io/os': 'linux', 'kubernetes.io/arch': 'amd64' }
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: { ...system, [FAKE_NODE]: 'true', ...labels } },
    spec: { taints: [FAKE_TAINT] },
    status: { capacity: { ...FAKE_CAPACITY, ...capacity }, allocatable: { ...FAKE_CAPACITY, ...capacity } },
  }
}

/** What is still to be said of the node; undefined: it is Ready. */
export function readyStatus({ status }: Node, now: Instant): Node['status'] | undefined {
  const isReady = status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True')
  if (isReady) return undefined
  const lastTransitionTime = formatTime(now)
  return {
    capacity: status?.capacity ?? FAKE_CAPACITY,
    allocatable: status?.allocatable ?? status?.capacity ?? FAKE_CAPACITY,
    conditions: [
      { type: 'Ready', status: 'True', reason: 'FakeNode', message: 'a simulated node is ready', lastTransitionTime },
      ...(['MemoryPressure', 'DiskPressure', 'PIDPressure'] as const).map(type => {
        return { type, status: 'False' as const, reason: 'FakeNode', lastTransitionTime }
      }),
    ],
    nodeInfo: { ...NODE_INFO },
  }
}

const NODE_INFO = {
  architecture: 'amd64',
  operatingSystem: 'linux',
  osImage: 'simulated',
  kernelVersion: '',
  containerRuntimeVersion: 'fake://',
  kubeletVersion: 'solvent-fake',
  kubeProxyVersion: '',
  machineID: '',
  systemUUID: '',
  bootID: '',
}
