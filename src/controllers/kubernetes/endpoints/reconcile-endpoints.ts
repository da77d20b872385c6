/**
 * The addresses behind a Service as the older Endpoints (pkg/controller/endpoint), and its slices with them. Pure.
 * A Service without a selector is its owner's own business.
 */
import type { EndpointAddress, EndpointSlice, Endpoints, Node, Pod, Service } from '../../../kube/core.ts'
import { isSame } from '../../../kube/equal.ts'
import { controllerRef } from '../../../kube/object.ts'
import { type Action, create } from '../../runtime/action.ts'
import { addressTypesOf, type Backend, backendOf, HEADLESS, isHeadless } from './backend.ts'
import { reconcileSlices } from './reconcile-slices.ts'

const MANAGED_BY = { 'endpoints.kubernetes.io/managed-by': 'endpoint-controller' }
/** More addresses are left out, and that is said: slices have them all. */
const MAX_ADDRESSES = 1000
const OVER_CAPACITY = 'endpoints.kubernetes.io/over-capacity'

export interface ServiceObserved {
  readonly service: Service
  /** Pods that the selector picks. */
  readonly pods: readonly Pod[]
  readonly endpoints: Endpoints | undefined
  /** Slices of ours for this Service. */
  readonly slices: readonly EndpointSlice[]
  readonly nodeOf?: (name: string) => Node | undefined
}

export function reconcileEndpoints(observed: ServiceObserved): readonly Action[] {
  const { service, pods, endpoints, slices, nodeOf = () => undefined } = observed
  if (!service.spec.selector || service.spec.type === 'ExternalName' || service.metadata.deletionTimestamp) return []
  const backends = [...pods]
    .sort((a, b) => byName(a.metadata.name, b.metadata.name))
    .flatMap(pod => backendOf(service, pod, nodeOf(pod.spec.nodeName ?? '')) ?? [])
  return [...reconcileOld(service, backends, endpoints), ...reconcileSlices(service, backends, slices)]
}

const byName = (a = '', b = ''): number => (a < b ? -1 : a > b ? 1 : 0)

type Subset = NonNullable<Endpoints['subsets']>[number]

function reconcileOld(
  service: Service,
  backends: readonly Backend[],
  present: Endpoints | undefined,
): readonly Action[] {
  const all = subsetsOf(service, backends)
  const subsets = withinCapacity(all)
  const isTruncated = subsets !== all
  const { name, namespace } = service.metadata
  const { [HEADLESS]: _, ...own } = service.metadata.labels ?? {}
  const labels = { ...own, ...(isHeadless(service) ? { [HEADLESS]: '' } : {}), ...MANAGED_BY }
  if (!present) {
    const annotations = isTruncated ? { annotations: { [OVER_CAPACITY]: 'truncated' } } : {}
    const metadata = { name, namespace, labels, ...annotations, ownerReferences: [controllerRef(service)] }
    return [create({ apiVersion: 'v1', kind: 'Endpoints', metadata, ...some(subsets) } as Endpoints)]
  }
  const { [OVER_CAPACITY]: mark, ...others } = present.metadata.annotations ?? {}
  const isMarkRight = (mark === 'truncated') === isTruncated
  const isSettled = isSame(present.subsets ?? [], subsets) && isSame(present.metadata.labels ?? {}, labels)
  if (isSettled && isMarkRight) return []
  const { subsets: __, ...rest } = present
  const annotations = { ...others, ...(isTruncated ? { [OVER_CAPACITY]: 'truncated' } : {}) }
  const metadata = {
    ...present.metadata,
    labels,
    ...(Object.keys(annotations).length > 0 || mark ? { annotations } : {}),
  }
  return [{ kind: 'update', object: { ...rest, metadata, ...some(subsets) } as Endpoints }]
}

const some = (subsets: readonly Subset[]) => (subsets.length > 0 ? { subsets } : {})

/** Pods with the same ports are one subset; who is on its way out is not listed at all, unless all are wanted. */
function subsetsOf(service: Service, backends: readonly Backend[]): readonly Subset[] {
  const [type = 'IPv4'] = addressTypesOf(service)
  const groups = new Map<string, { readonly ports: Subset['ports']; readonly members: Backend[] }>()
  for (const backend of backends) {
    if (backend.addresses[type].length === 0 || (backend.isTerminating && !backend.isReady)) continue
    if (backend.ports.length === 0 && (service.spec.ports ?? []).length > 0) continue
    const ports = backend.ports.map(port => ({ ...port, port: port.port ?? 0 }))
    const key = JSON.stringify(ports)
    const group = groups.get(key) ?? { ports, members: [] }
    groups.set(key, group)
    group.members.push(backend)
  }
  return [...groups.values()].map(({ ports = [], members }) => {
    const addresses = members.filter(({ isReady }) => isReady).map(each => addressOf(each, each.addresses[type][0]))
    const notReady = members.filter(({ isReady }) => !isReady).map(each => addressOf(each, each.addresses[type][0]))
    return {
      ...(addresses.length > 0 ? { addresses } : {}),
      ...(notReady.length > 0 ? { notReadyAddresses: notReady } : {}),
      ...(ports.length > 0 ? { ports } : {}),
    }
  })
}

const addressOf = ({ hostname, nodeName, targetRef }: Backend, ip = ''): EndpointAddress => ({
  ip,
  ...(hostname ? { hostname } : {}),
  ...(nodeName ? { nodeName } : {}),
  targetRef,
})

/** The ready ones first; of each subset its share (truncateEndpoints). The same list when all fit. */
function withinCapacity(subsets: readonly Subset[]): readonly Subset[] {
  const ready = subsets.reduce((sum, { addresses = [] }) => sum + addresses.length, 0)
  const notReady = subsets.reduce((sum, { notReadyAddresses = [] }) => sum + notReadyAddresses.length, 0)
  if (ready + notReady <= MAX_ADDRESSES) return subsets
  const cutsReady = ready > MAX_ADDRESSES
  const [room, total] = cutsReady ? [MAX_ADDRESSES, ready] : [MAX_ADDRESSES - ready, notReady]
  let left = room
  return subsets.map(({ addresses = [], notReadyAddresses = [], ports }) => {
    const from = cutsReady ? addresses : notReadyAddresses
    const share = Math.min(left, Math.ceil((from.length / total) * room))
    const kept = from.slice(0, share)
    left -= kept.length
    const [up, down] = cutsReady ? [kept, []] : [addresses, kept]
    return {
      ...(up.length > 0 ? { addresses: up } : {}),
      ...(down.length > 0 ? { notReadyAddresses: down } : {}),
      ...(ports ? { ports } : {}),
    }
  })
}
