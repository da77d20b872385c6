/** The Node that this machine is: what it has, what it is called, how it is. Pure, but for asking the machine. */
import { arch, availableParallelism, hostname, release, type as systemName, totalmem } from 'node:os'
import { formatTime, type Instant } from '../../base/clock.ts'
import type { Node, ResourceList } from '../../kube/core.ts'
import { HOSTNAME } from '../../kube/names.ts'
import { wholeValue } from '../../kube/quantity.ts'
import type { EnforcementDescription } from '../resources/enforcement.ts'
import type { Memory } from '../resources/machine-usage.ts'
import type { Isolation } from '../sandbox/sandbox.ts'

export interface NodeDescription {
  readonly name: string
  readonly address: string
  readonly capacity: ResourceList
  readonly allocatable: ResourceList
  readonly isolation: Isolation
  readonly limitation?: string
  /** How pods are held to what they may use. */
  readonly limits: EnforcementDescription
}

/** Of a machine that is full already at least so much is offered: the cluster is there to be used. */
const LEAST_SHARE = 0.5

/** What is left of the capacity beside everything else that runs on this machine now. */
export function allocatableOf(capacity: ResourceList, machine: Memory, ownBytes: number): ResourceList {
  const usedByOthers = Math.max(0, machine.totalBytes - machine.availableBytes - ownBytes)
  const share = Math.max(LEAST_SHARE, 1 - usedByOthers / machine.totalBytes)
  return { ...capacity, memory: `${Math.floor((wholeValue(capacity.memory ?? '0') * share) / 1024)}Ki` }
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
      annotations: annotationsOf(description),
    },
    spec: {},
    status: nodeStatus(description, now),
  }
}

/** For people, who see them in `kubectl describe node`. */
function annotationsOf({
  isolation,
  limits,
  capacity,
  allocatable,
}: NodeDescription): Readonly<Record<string, string>> {
  const { memory, cpu, processes, limitation } = limits
  const reserved = wholeValue(capacity.memory ?? '0') - wholeValue(allocatable.memory ?? '0')
  return {
    'solvent.dev/limits': `memory: ${memory}; cpu: ${cpu}; processes: ${processes}${limitation ? ` (${limitation})` : ''}`,
    'solvent.dev/dns': isolation === 'full' ? 'yes: pods ask the cluster' : `no: names are in hosts files`,
    'solvent.dev/reserved': `memory: ${Math.round(reserved / (1 << 20))}Mi, which the machine used when the node registered`,
  }
}

export function nodeStatus(description: NodeDescription, now: Instant): NonNullable<Node['status']> {
  const { name, address, capacity, allocatable, isolation, limitation, limits } = description
  const time = formatTime(now)
  return {
    capacity,
    allocatable,
    conditions: [
      {
        type: 'Ready',
        status: 'True',
        reason: 'NodeReady',
        message: `pods are processes; isolation ${isolation}${limitation ? ` (${limitation})` : ''}; memory: ${limits.memory}`,
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
