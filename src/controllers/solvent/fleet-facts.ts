/** What the planner is told of a cluster: Node and ResourceSlice objects as plain values, and the Fleet objects of a namespace. */
import type { KubeApi } from '../../client/kube-api.ts'
import type { Node } from '../../kube/core.ts'
import type { KubeObject } from '../../kube/object.ts'
import { isApiError } from '../../kube/status.ts'
import type { NodeFacts, SliceDevice, SliceFacts } from '../../planner/fleet/discovery/node-facts.ts'
import type { FleetSources } from '../../planner/fleet/resolve-fleet.ts'
import { API_VERSION, type Fleet } from '../../spec/kinds.ts'

export function nodeFacts({ metadata, spec, status }: Node): NodeFacts {
  const isReady = !status?.conditions?.some(({ type, status: holds }) => type === 'Ready' && holds !== 'True')
  return {
    name: metadata.name ?? '',
    labels: metadata.labels ?? {},
    allocatable: Object.fromEntries(
      Object.entries(status?.allocatable ?? {}).map(([name, value]) => [name, String(value)]),
    ),
    ...(spec?.unschedulable || !isReady ? { isOut: true } : {}),
  }
}

interface SliceDeviceFields {
  readonly attributes?: Readonly<Record<string, Readonly<Record<string, string | number | boolean>>>>
  readonly capacity?: Readonly<Record<string, { readonly value?: string } | string>>
}

/** `resource.k8s.io`; before v1beta2 the fields of a device stood under `basic`. */
export interface ResourceSlice extends KubeObject {
  readonly spec: {
    readonly nodeName?: string
    readonly driver: string
    readonly devices?: readonly (SliceDeviceFields & { readonly name: string; readonly basic?: SliceDeviceFields })[]
  }
}

export function sliceFacts({ spec }: ResourceSlice): readonly SliceFacts[] {
  const { nodeName, driver, devices = [] } = spec
  if (nodeName === undefined) return []
  return [
    {
      nodeName,
      driver,
      devices: devices.map(({ name, basic, ...own }): SliceDevice => {
        const { attributes = {}, capacity = {} } = basic ?? own
        return { name, attributes: flatAttributes(attributes), capacity: flatCapacity(capacity) }
      }),
    },
  ]
}

/** `{ productName: { string: "NVIDIA B200" } }`: the one member says the type. */
const flatAttributes = (attributes: NonNullable<SliceDeviceFields['attributes']>): SliceDevice['attributes'] =>
  Object.fromEntries(
    Object.entries(attributes).flatMap(([name, value]) => Object.values(value).map(each => [name, each])),
  )

const flatCapacity = (capacity: NonNullable<SliceDeviceFields['capacity']>): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(capacity).flatMap(([name, value]) => {
      const quantity = typeof value === 'string' ? value : value.value
      return quantity === undefined ? [] : [[name, quantity]]
    }),
  )

/** For whoever asks once, as the command line does. A cluster without DRA or without our kinds has none of theirs, and whoever may not see them plans without. */
export async function fleetSources(api: KubeApi, namespace: string): Promise<FleetSources> {
  const [nodes, fleets, slices] = await Promise.all([
    listed<Node>(api, { apiVersion: 'v1', kind: 'Node' }),
    listed<Fleet>(api, { apiVersion: API_VERSION, kind: 'Fleet', namespace }),
    listed<ResourceSlice>(api, { apiVersion: 'resource.k8s.io/v1', kind: 'ResourceSlice' }),
  ])
  return { nodes: nodes.map(nodeFacts), declared: fleets, slices: slices.flatMap(sliceFacts) }
}

async function listed<T extends KubeObject>(
  api: KubeApi,
  collection: { readonly apiVersion: string; readonly kind: string; readonly namespace?: string },
): Promise<readonly T[]> {
  try {
    return (await api.list<T>(collection)).items
  } catch (error) {
    if (isApiError(error, 'NotFound')) return []
    if (collection.kind !== 'Node' && isApiError(error, 'Forbidden')) return []
    throw error
  }
}
