/**
 * The fleet that a cluster's nodes are, when a job names none. What labels do not tell is as in the reference host of the device's vendor;
 * what was assumed or left out is told in `notes`.
 */
import { fail, ok, type Result } from '../../../base/problem.ts'
import type { Fleet, NodePool } from '../fleet.ts'
import { referenceTiers } from '../preset.ts'
import { devicesOfNode, type NodeDevices } from './node-device.ts'
import type { NodeFacts, SliceFacts } from './node-facts.ts'
import { tiersOfNodes } from './node-network.ts'

const GIGA = 1e9
const BITS = 8
const MEBI = 2 ** 20

export interface DiscoveredFleet {
  readonly fleet: Fleet
  /** Sentences for people, without a full stop. */
  readonly notes: readonly string[]
}

interface Host {
  readonly node: NodeFacts
  readonly devices: NodeDevices
}

export function fleetFromNodes(
  nodes: readonly NodeFacts[],
  slices: readonly SliceFacts[] = [],
  field = 'spec.fleet',
): Result<DiscoveredFleet> {
  const notes: string[] = []
  const slicesOf = new Map<string, SliceFacts[]>()
  for (const slice of slices) slicesOf.set(slice.nodeName, [...(slicesOf.get(slice.nodeName) ?? []), slice])
  const hosts = nodes
    .filter(node => !node.isOut)
    .flatMap((node): readonly Host[] => {
      const devices = devicesOfNode(node, slicesOf.get(node.name) ?? [])
      if (devices && 'why' in devices) notes.push(`node ${node.name} is left out: ${devices.why}`)
      return devices && !('why' in devices) ? [{ node, devices }] : []
    })
  if (hosts.length === 0) return fail(noDevices(notes, field))
  const pools = poolsOf(hosts)
  const labelled = tiersOfNodes(hosts.map(({ node }) => node))
  if (labelled.length > 0)
    notes.push('labels tell how switches join nodes but not their bandwidth: none is taken to be lost')
  const tiers = labelled.length > 0 ? labelled : referenceTiers(hosts.length, pools[0]!)
  return ok({ fleet: { name: 'cluster', pools, tiers, inNetworkReduction: false }, notes })
}

function noDevices(notes: readonly string[], field: string) {
  const why = notes.length > 0 ? notes.join('; ') : 'no node of this cluster has an accelerator'
  const fix = 'Say what to plan for, such as fleet: h100x64, or give the degrees under parallelism.'
  return { field, what: 'is not given', why, fix }
}

/** One pool a make of node: same device, same number, same memory, same network. The largest first, so that a gang begins there. */
function poolsOf(hosts: readonly Host[]): readonly NodePool[] {
  const makes = new Map<string, Host[]>()
  for (const host of hosts) {
    const { known, count, memoryMebibytes = '', networkGigabits = '' } = host.devices
    const key = [known.host.device.name, count, memoryMebibytes, networkGigabits].join('|')
    makes.set(key, [...(makes.get(key) ?? []), host])
  }
  return [...makes.entries()]
    .sort(([a, x], [b, y]) => y.length - x.length || (a < b ? -1 : 1))
    .map(([, of]) => poolOf(of))
}

function poolOf(hosts: readonly Host[]): NodePool {
  const { known, count, memoryMebibytes, networkGigabits, sliceDevices } = hosts[0]!.devices
  const { host } = known
  const { device } = host
  const memoryBytes = memoryMebibytes === undefined ? device.memoryBytes : memoryMebibytes * MEBI
  return {
    ...host,
    device: memoryBytes === device.memoryBytes ? device : { ...device, memoryBytes },
    nodes: hosts.length,
    devicesPerNode: count,
    domainDevices: Math.max(count, sliceDevices ?? largestClique(hosts)),
    nicBytesPerSecond:
      networkGigabits === undefined ? host.nicBytesPerSecond : (networkGigabits * GIGA) / BITS / host.devicesPerNode,
  }
}

/** Devices of the fullest clique; a rack that lost a node is a smaller one, not the measure of all. */
function largestClique(hosts: readonly Host[]): number {
  const sizes = new Map<string, number>()
  for (const { devices } of hosts) {
    if (devices.clique !== undefined) sizes.set(devices.clique, (sizes.get(devices.clique) ?? 0) + devices.count)
  }
  return Math.max(0, ...sizes.values())
}
