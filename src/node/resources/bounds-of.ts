/** What a pod's and a container's control group may use, from what is declared (the kubelet's ResourceConfigForPod). Pure. */
import type { Container, Pod, ResourceRequirements } from '../../kube/core.ts'
import { formatQuantity, milliValue, wholeValue } from '../../kube/quantity.ts'
import { podAmounts } from '../../kube/quota/pod-amounts.ts'
import type { Bounds } from './cgroup-files.ts'

const SHARES_PER_CORE = 1024
const MIN_SHARES = 2
const MAX_SHARES = 262_144
/** Threads count too. Enough for any program that means it, too few for one that forks for ever to hold up the machine. */
export const MAX_POD_PROCESSES = 16_384

export const sharesOf = (milliCores: number): number =>
  Math.min(MAX_SHARES, Math.max(MIN_SHARES, Math.floor((milliCores * SHARES_PER_CORE) / 1000)))

/** Containers are bounded each by itself; the pod as a whole only where it says so (pod-level resources, KEP-2837). */
export function podBounds({ spec }: Pod): Bounds {
  const cpu = podAmounts(spec, 'requests', { overhead: false }).get('cpu')
  return {
    ...limitsOf(spec.resources),
    cpuShares: sharesOf(cpu ? milliValue(formatQuantity(cpu)) : 0),
    maxProcesses: MAX_POD_PROCESSES,
  }
}

export function containerBounds({ resources }: Container): Bounds {
  const cpu = resources?.requests?.cpu ?? resources?.limits?.cpu
  return { ...limitsOf(resources), cpuShares: sharesOf(cpu === undefined ? 0 : milliValue(cpu)) }
}

/** A limit of 0 is none, as for the kubelet. */
function limitsOf(resources: ResourceRequirements | undefined): Bounds {
  const { cpu = '0', memory = '0' } = resources?.limits ?? {}
  const [milliCores, memoryBytes] = [milliValue(cpu), wholeValue(memory)]
  return { ...(milliCores > 0 && { cpuLimit: milliCores / 1000 }), ...(memoryBytes > 0 && { memoryBytes }) }
}
