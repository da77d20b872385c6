/** The fleet that a job is planned for: its own, a Fleet object that it names, or what the cluster's nodes are. */
import { didYouMean } from '../../base/did-you-mean.ts'
import { fail, ok, type Result } from '../../base/problem.ts'
import type { Fleet as FleetObject, FleetPool } from '../../spec/fleet.ts'
import type { TrainingJobSpec } from '../../spec/training-job.ts'
import { fleetFromDeclaration } from './declared-fleet.ts'
import { knownDevice } from './devices.ts'
import { type DiscoveredFleet, fleetFromNodes } from './discovery/fleet-from-nodes.ts'
import type { NodeFacts, SliceFacts } from './discovery/node-facts.ts'

export interface FleetSources {
  /** Fleet objects of the job's namespace, those of the same file among them. */
  readonly declared?: readonly FleetObject[]
  readonly nodes?: readonly NodeFacts[]
  readonly slices?: readonly SliceFacts[]
}

export function resolveFleet(
  given: TrainingJobSpec['fleet'],
  { declared = [], nodes = [], slices = [] }: FleetSources,
): Result<DiscoveredFleet> {
  if (!given) return fleetFromNodes(nodes, slices)
  if (given.name === undefined) {
    const fleet = fleetFromDeclaration(given, given.preset ?? nameOfPools(given.pools ?? []), 'spec.fleet')
    return fleet.ok ? ok({ fleet: fleet.value, notes: [] }) : fleet
  }
  const { name } = given
  const object = declared.find(({ metadata }) => metadata.name === name)
  if (!object) return fail(noSuchFleet(name, declared))
  const fleet = fleetFromDeclaration(object.spec, name, 'spec.fleet.name')
  return fleet.ok ? ok({ fleet: fleet.value, notes: [] }) : fleet
}

/** As a preset would be called: `h100x64`, `h100x32+a100x32`. */
const nameOfPools = (pools: readonly FleetPool[]): string =>
  pools
    .map(({ device, nodes, devicesPerNode }) => {
      const known = knownDevice(device)
      const perNode = devicesPerNode ?? (known.ok ? known.value.host.devicesPerNode : 1)
      return `${device}x${nodes * perNode}`
    })
    .join('+')

function noSuchFleet(name: string, declared: readonly FleetObject[]) {
  const names = declared.flatMap(({ metadata }) => (metadata.name === undefined ? [] : [metadata.name]))
  const fix =
    didYouMean(name, names) ?? 'Write a preset such as h100x64, or declare a Fleet of this name in the same file.'
  return { field: 'spec.fleet.name', what: `is ${JSON.stringify(name)}`, why: 'there is no Fleet of that name', fix }
}
