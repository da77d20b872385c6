/** The EndpointSlices of a Service (pkg/controller/endpointslice). Pure. */
import type { EndpointSlice, Service } from '../../../kube/core.ts'
import { SERVICE_NAME } from '../../../kube/names.ts'
import { controllerRef } from '../../../kube/object.ts'
import { type Action, create, remove } from '../../runtime/action.ts'
import {
  type AddressType,
  addressTypesOf,
  type Backend,
  type Endpoint,
  type EndpointPort,
  endpointOf,
  HEADLESS,
  isHeadless,
} from './backend.ts'
import { type EndpointGroup, packSlices } from './pack-slices.ts'

export const SLICE_MANAGED_BY = 'endpointslice.kubernetes.io/managed-by'
export const SLICE_MANAGER = 'endpointslice-controller.k8s.io'
/** `--max-endpoints-per-slice`. */
const MAX_ENDPOINTS = 100

export function reconcileSlices(
  service: Service,
  backends: readonly Backend[],
  present: readonly EndpointSlice[],
): readonly Action[] {
  const types = addressTypesOf(service)
  const labels = labelsOf(service)
  const uid = service.metadata.uid
  // One that is on its way out cannot be changed for the better.
  const usable = present.filter(({ metadata }) => metadata.deletionTimestamp === undefined)
  const isOwn = ({ metadata }: EndpointSlice): boolean =>
    metadata.ownerReferences?.some(owner => owner.uid === uid && owner.kind === 'Service') ?? false
  const actions = types.flatMap(type => {
    const plan = packSlices(
      groupsOf(backends, type),
      usable.filter(({ addressType }) => addressType === type),
      { maxEndpoints: MAX_ENDPOINTS, labels, isOwn, empty: ports => emptySlice(service, type, ports, labels) },
    )
    return [
      ...plan.create.map(slice => create(slice)),
      ...plan.update.map(object => ({ kind: 'update' as const, object })),
      ...plan.remove.map(slice => remove(slice)),
    ]
  })
  const outdated = usable.filter(({ addressType }) => !types.includes(addressType as AddressType))
  return [...actions, ...outdated.map(slice => remove(slice))]
}

/** Pods that serve the same ports; a named port may differ from pod to pod. */
function groupsOf(backends: readonly Backend[], type: AddressType): readonly EndpointGroup[] {
  const groups = new Map<string, { readonly ports: readonly EndpointPort[]; readonly endpoints: Endpoint[] }>()
  for (const backend of backends) {
    const endpoint = endpointOf(backend, type)
    if (endpoint === undefined) continue
    // A port without a name has the empty one here: kubectl's `describe service` relies on it.
    const ports = backend.ports.map(port => ({ name: '', ...port }))
    const key = JSON.stringify(ports)
    const group = groups.get(key) ?? { ports, endpoints: [] }
    groups.set(key, group)
    group.endpoints.push(endpoint)
  }
  return [...groups.values()]
}

const RESERVED: ReadonlySet<string> = new Set([SERVICE_NAME, SLICE_MANAGED_BY, HEADLESS])

/** The Service's own, but for those that say whose slice it is. */
export function labelsOf(service: Service): Readonly<Record<string, string>> {
  const own = Object.entries(service.metadata.labels ?? {}).filter(([key]) => !RESERVED.has(key))
  return {
    ...Object.fromEntries(own),
    ...(isHeadless(service) ? { [HEADLESS]: '' } : {}),
    [SERVICE_NAME]: service.metadata.name ?? '',
    [SLICE_MANAGED_BY]: SLICE_MANAGER,
  }
}

const emptySlice = (
  service: Service,
  addressType: AddressType,
  ports: readonly EndpointPort[],
  labels: Readonly<Record<string, string>>,
): EndpointSlice => ({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: {
    generateName: `${service.metadata.name}-`,
    namespace: service.metadata.namespace,
    labels,
    ownerReferences: [controllerRef(service)],
  },
  addressType,
  endpoints: [],
  ports,
})
