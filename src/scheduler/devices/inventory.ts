/** The devices that slices offer, and which of them a node reaches (k8s.io/dynamic-resource-allocation/structured, GatherPools). */
import type { Node } from '../../kube/core.ts'
import type { Device, ResourceSlice } from '../../kube/devices.ts'
import { matchesNodeSelector } from '../../kube/node-selector.ts'
import type { NodeSelector } from '../../kube/placement.ts'

export interface OfferedDevice {
  /** Unique in the cluster. */
  readonly id: string
  readonly driver: string
  readonly pool: string
  readonly device: Device
  readonly reach: Reach
}

interface Reach {
  readonly nodeName?: string
  readonly nodeSelector?: NodeSelector
  readonly allNodes?: boolean
}

export interface Pool {
  readonly driver: string
  readonly name: string
  /** Some of its slices are still to come: what is there may be used, but nobody can say that it is all. */
  readonly isComplete: boolean
  readonly devices: readonly OfferedDevice[]
}

export const deviceId = (driver: string, pool: string, device: string): string => `${driver}/${pool}/${device}`

/** Of each pool the newest generation. */
export function poolsOf(slices: readonly ResourceSlice[]): readonly Pool[] {
  const newest = new Map<string, ResourceSlice[]>()
  for (const slice of slices) {
    const { driver, pool } = slice.spec
    const key = `${driver}/${pool.name}`
    const there = newest.get(key) ?? []
    const generation = there[0]?.spec.pool.generation ?? Number.NEGATIVE_INFINITY
    if (pool.generation > generation) newest.set(key, [slice])
    else if (pool.generation === generation) there.push(slice)
  }
  return [...newest.values()].map(poolOf)
}

function poolOf(slices: readonly ResourceSlice[]): Pool {
  const sorted = [...slices].sort((a, b) => ((a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1))
  const { driver, pool } = sorted[0]!.spec
  return {
    driver,
    name: pool.name,
    isComplete: slices.length === pool.resourceSliceCount,
    devices: sorted.flatMap(({ spec }) =>
      (spec.devices ?? []).map(device => ({
        id: deviceId(driver, pool.name, device.name),
        ...{ driver, pool: pool.name, device },
        reach: spec.perDeviceNodeSelection ? device : spec,
      })),
    ),
  }
}

export const reaches = ({ nodeName, nodeSelector, allNodes }: Reach, node: Node): boolean =>
  allNodes === true ||
  (nodeName !== undefined && nodeName !== '' && nodeName === node.metadata.name) ||
  (nodeSelector !== undefined && matchesNodeSelector(nodeSelector, node))
