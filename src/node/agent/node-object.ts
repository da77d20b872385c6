/** The Node that this machine is: what it has, what it is called, how it is. Pure, but for asking the machine. */
import { arch, availableParallelism, hostname, release, type as systemName, totalmem } from 'node:os'
import { formatTime, type Instant } from '../../base/clock.ts'
import type { Node, ResourceList } from '../../kube/core.ts'
import { HOSTNAME } from '../../kube/names.ts'
import type { Isolation } from '../sandbox/sandbox.ts'

export interface NodeDescription {
  readonly name: string
  readonly address: string
  readonly capacity: ResourceList
  readonly isolation: Isolation
  readonly limitation?: string
}

/** A process is cheaper than a container: the kubelet's 110 pods would be the bottleneck. */
const MAX_PODS = 1000

/** Go's names, which `kubernetes.io/arch` uses. */
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386' }

export const capacityOfMachine = (): ResourceList => ({
  cpu: String(availableParallelism()),
  memory: `${Math.floor(totalmem() / 1024)}Ki`,
  pods: String(MAX_PODS),
})

export const defaultNodeName = (): string =>
  hostname()
    .toLowerCase()
    .replace(/[^a-z0-9.-]/g, '-')
    .replace(/^[.-]+|[.-]+$/g, '') || 'solvent'

export function nodeObject(description: NodeDescription, now: Instant): Node {
  const { name, isolation } = description
  const os = process.platform
  const architecture = ARCHITECTURES[arch()] ?? arch()
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      labels: {
        [HOSTNAME]: name,
        'kubernetes.io/os': os,
        'kubernetes.io/arch': architecture,
        'solvent.dev/isolation': isolation,
      },
    },
    spec: {},
    status: nodeStatus(description, now),
  }
}

export function nodeStatus(description: NodeDescription, now: Instant): NonNullable<Node['status']> {
  const { name, address, capacity, isolation, limitation } = description
  const time = formatTime(now)
  return {
    capacity,
    allocatable: capacity,
    conditions: [
      {
        type: 'Ready',
        status: 'True',
        reason: 'NodeReady',
        message: `pods are processes; isolation ${isolation}${limitation ? ` (${limitation})` : ''}`,
        lastTransitionTime: time,
      },
      ...(['MemoryPressure', 'DiskPressure', 'PIDPressure'] as const).map(type => ({
        type,
        status: 'False' as const,
        reason: 'NotMeasured',
        lastTransitionTime: time,
      })),
    ],
    addresses: [
      { type: 'InternalIP', address },
      { type: 'Hostname', address: name },
    ],
    nodeInfo: {
      architecture: ARCHITECTURES[arch()] ?? arch(),
      operatingSystem: process.platform,
      osImage: `${systemName()} (this machine)`,
      kernelVersion: release(),
      containerRuntimeVersion: 'solvent://processes',
      kubeletVersion: `solvent (node ${process.version})`,
      kubeProxyVersion: '',
      machineID: '',
      systemUUID: '',
      bootID: '',
    },
  }
}
