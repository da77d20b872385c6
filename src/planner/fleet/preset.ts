/**
 * Fleets by a short name. `h100x64` is 64 devices in the vendor's reference hosts, `gb200-nvl72x8` eight racks; the network is the vendor's
 * reference too: rails below leaf switches of 32 nodes (a DGX SuperPOD's scalable unit), full bandwidth above.
 */
import { invariant } from '../../base/invariant.ts'
import { fail, ok, type Problem, type Result } from '../../base/problem.ts'
import { plural } from '../../base/units.ts'
import { knownDevice, type ReferenceHost } from './devices.ts'
import type { Fleet, Tier } from './fleet.ts'

/** Nodes whose NICs of one index meet in a leaf switch: 32 in the DGX A100, H100 and B200 SuperPOD reference architectures. */
const NODES_PER_LEAF = 32
/** Racks of an NVL72 scalable unit: 8 in the DGX GB200 SuperPOD. */
const DOMAINS_PER_LEAF = 8

/** Names that a preset can have, without asking whether the device is known. */
const PRESET = /^(.+?)(?:-nvl(\d+))?x(\d+)$/i

export const looksLikePreset = (name: string): boolean => PRESET.test(name)

export function fleetFromPreset(name: string, field = 'spec.fleet'): Result<Fleet> {
  const [, deviceName = '', domain, count = ''] = PRESET.exec(name) ?? []
  if (deviceName === '') {
    const why = 'a preset is a device and how many of them there are'
    return fail({
      field,
      what: `is ${JSON.stringify(name)}`,
      why,
      fix: 'Write h100x64, or gb200-nvl72x8 for eight racks.',
    })
  }
  const known = knownDevice(deviceName, field)
  if (!known.ok) return known
  const { host, aliases } = known.value
  const domainDevices = domain === undefined ? host.domainDevices : Number(domain)
  const devices = domain === undefined ? Number(count) : Number(count) * domainDevices
  const problem = countProblem({ ...host, domainDevices }, devices, field, name, aliases[0]!)
  if (problem) return fail(problem)
  return ok(fleetOf(name.toLowerCase(), { ...host, domainDevices }, devices))
}

/** `devices` of one host in a row; fewer than a node holds are one node that has no others. */
export function fleetOf(name: string, host: ReferenceHost, devices: number): Fleet {
  const devicesPerNode = Math.min(devices, host.devicesPerNode)
  const nodes = devices / devicesPerNode
  const domainDevices = Math.max(devicesPerNode, Math.min(host.domainDevices, devices))
  return {
    name,
    pools: [{ ...host, devicesPerNode, nodes, domainDevices }],
    tiers: referenceTiers(nodes, host),
    inNetworkReduction: false,
  }
}

/** Leaf switches and what joins them, without oversubscription; none where one leaf holds all. */
export function referenceTiers(nodes: number, { devicesPerNode, domainDevices }: DomainOfNodes): readonly Tier[] {
  const perLeaf = domainDevices > devicesPerNode ? (DOMAINS_PER_LEAF * domainDevices) / devicesPerNode : NODES_PER_LEAF
  if (nodes <= perLeaf) return []
  return [
    { name: 'leaf', nodes: perLeaf, oversubscription: 1 },
    { name: 'spine', nodes: Math.ceil(nodes / perLeaf) * perLeaf, oversubscription: 1 },
  ]
}

type DomainOfNodes = Pick<ReferenceHost, 'devicesPerNode' | 'domainDevices'>

function countProblem(
  { devicesPerNode, domainDevices }: ReferenceHost,
  devices: number,
  field: string,
  name: string,
  alias: string,
): Problem | undefined {
  const what = `is ${JSON.stringify(name)}`
  if (devices === 0 || domainDevices === 0)
    return { field, what, why: 'a fleet needs at least one device', fix: `Write ${alias}x${devicesPerNode}.` }
  if (devices < devicesPerNode || devices % devicesPerNode === 0) return undefined
  const below = Math.floor(devices / devicesPerNode) * devicesPerNode
  const fix = `Write ${alias}x${below} or ${alias}x${below + devicesPerNode}.`
  return { field, what, why: `a node holds ${plural(devicesPerNode, 'device')}`, fix }
}

/** Fleets for tests, benchmarks and examples, where the name is known to be right. */
export function presetFleet(name: string): Fleet {
  const fleet = fleetFromPreset(name)
  invariant(fleet.ok, `a preset named ${name}`)
  return fleet.value
}
