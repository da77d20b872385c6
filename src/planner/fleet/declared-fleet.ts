/** A Fleet as it was declared becomes the planner's: a preset, or pools whose gaps the reference host of the device's vendor fills. */
import { ok, type Problem, type Result } from '../../base/problem.ts'
import type { FleetPool, FleetSpec } from '../../spec/fleet.ts'
import { knownDevice, type ReferenceHost } from './devices.ts'
import type { Fleet, NodePool, Tier } from './fleet.ts'
import { measuredHost } from './measured-host.ts'
import { fleetFromPreset, referenceTiers } from './preset.ts'

const GIGA = 1e9
const BITS = 8
const GIBI = 2 ** 30

/** `field`: where it stands in the declaration, for problems. It breaks no rule of `spec/` (`oneFleet`, `fleetIsWhole`). */
export function fleetFromDeclaration(spec: FleetSpec, name: string, field = 'spec'): Result<Fleet> {
  const based =
    spec.preset === undefined
      ? fromPools(spec.pools ?? [], name, field)
      : fleetFromPreset(spec.preset, `${field}.preset`)
  if (!based.ok) return based
  const { tiers, inNetworkReduction = based.value.inNetworkReduction } = spec
  return ok({ ...based.value, ...(tiers ? { tiers: tiers.map(tierOf) } : {}), inNetworkReduction })
}

const tierOf = ({ name, nodes, oversubscription = 1 }: NonNullable<FleetSpec['tiers']>[number]): Tier => ({
  name,
  nodes,
  oversubscription,
})

function fromPools(given: readonly FleetPool[], name: string, field: string): Result<Fleet> {
  const pools: NodePool[] = []
  const problems: Problem[] = []
  given.forEach((pool, i) => {
    if (pool.measured) {
      const host = measuredHost(pool.device, pool.measured, `${field}.pools[${i}].measured`)
      if (host.ok) pools.push(poolOf(host.value, pool))
      else problems.push(...host.problems)
      return
    }
    const known = knownDevice(pool.device, `${field}.pools[${i}].device`)
    if (known.ok) pools.push(poolOf(known.value.host, pool))
    else problems.push(...known.problems)
  })
  if (problems.length > 0) return { ok: false, problems }
  const nodes = pools.reduce((sum, pool) => sum + pool.nodes, 0)
  return ok({ name, pools, tiers: referenceTiers(nodes, pools[0]!), inNetworkReduction: false })
}

function poolOf(host: ReferenceHost, given: FleetPool): NodePool {
  const { nodes, devicesPerNode = host.devicesPerNode, memoryGibibytes: memory } = given
  const { scaleUpGigabytesPerSecond: scaleUp, nicGigabitsPerSecond: nic } = given
  const { pricePerDeviceHour = host.pricePerDeviceHour } = given
  return {
    device: memory === undefined ? host.device : { ...host.device, memoryBytes: memory * GIBI },
    nodes,
    devicesPerNode,
    domainDevices: given.domainDevices ?? usualDomain(host, devicesPerNode, nodes),
    scaleUpBytesPerSecond: scaleUp === undefined ? host.scaleUpBytesPerSecond : scaleUp * GIGA,
    nicBytesPerSecond: nic === undefined ? host.nicBytesPerSecond : (nic * GIGA) / BITS,
    railAligned: given.railAligned ?? host.railAligned,
    ...(pricePerDeviceHour === undefined ? {} : { pricePerDeviceHour }),
    failuresPerDeviceHour: given.failuresPerDeviceHour ?? host.failuresPerDeviceHour,
  }
}

/** A box joins its own devices; a rack joins as many as there are, up to its size. */
const usualDomain = (host: ReferenceHost, devicesPerNode: number, nodes: number): number =>
  host.domainDevices > host.devicesPerNode
    ? Math.max(devicesPerNode, Math.min(host.domainDevices, nodes * devicesPerNode))
    : devicesPerNode
