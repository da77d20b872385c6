/** A fleet is told in one way, and its switches from below upwards. */
import type { Problem } from '../../base/problem.ts'
import type { Fleet, FleetSpec, TrainingJob } from '../kinds.ts'
import { exactlyOne } from './exactly-one.ts'
import type { Rule } from './rule.ts'

export const oneFleet: Rule<TrainingJob> = {
  reads: ['spec.fleet'],
  check: ({ spec: { fleet } }) =>
    fleet
      ? [
          ...exactlyOne('spec.fleet', fleet, ['preset', 'name', 'pools'], 'fleet: h100x64'),
          ...nameAlone(fleet),
          ...tiersGrow(fleet, 'spec.fleet.tiers'),
          ...domainsHoldNodes(fleet, 'spec.fleet.pools'),
        ]
      : [],
}

export const fleetIsWhole: Rule<Fleet> = {
  reads: ['spec'],
  check: ({ spec }) => [
    ...exactlyOne('spec', spec, ['preset', 'pools'], 'preset: h100x64'),
    ...tiersGrow(spec, 'spec.tiers'),
    ...domainsHoldNodes(spec, 'spec.pools'),
  ],
}

function nameAlone({ name, tiers, inNetworkReduction }: NonNullable<TrainingJob['spec']['fleet']>): readonly Problem[] {
  if (name === undefined || (tiers === undefined && inNetworkReduction === undefined)) return []
  const field = `spec.fleet.${tiers === undefined ? 'inNetworkReduction' : 'tiers'}`
  return [{ field, what: 'is given', why: 'the Fleet object that name names has its own', fix: 'Remove it.' }]
}

/** A switch of a level has all below it that a switch of the level below has. */
function tiersGrow({ tiers = [] }: FleetSpec, field: string): readonly Problem[] {
  return tiers.flatMap(({ nodes }, i): readonly Problem[] => {
    const below = tiers[i - 1]?.nodes ?? 1
    if (nodes % below === 0) return []
    const least = Math.max(1, Math.round(nodes / below)) * below
    const why = `the level below has ${below} nodes a switch, and whole switches hang on one of this level`
    return [{ field: `${field}[${i}].nodes`, what: `is ${nodes}`, why, fix: `Write ${least}.` }]
  })
}

/** A scale-up domain is a part of a node or whole nodes. */
function domainsHoldNodes({ pools = [] }: FleetSpec, field: string): readonly Problem[] {
  return pools.flatMap(({ devicesPerNode, domainDevices }, i): readonly Problem[] => {
    if (devicesPerNode === undefined || domainDevices === undefined) return []
    if (domainDevices % devicesPerNode === 0 || devicesPerNode % domainDevices === 0) return []
    const near = Math.max(1, Math.round(domainDevices / devicesPerNode)) * devicesPerNode
    const why = `nodes have ${devicesPerNode} devices, and whole nodes are joined`
    return [{ field: `${field}[${i}].domainDevices`, what: `is ${domainDevices}`, why, fix: `Write ${near}.` }]
  })
}
