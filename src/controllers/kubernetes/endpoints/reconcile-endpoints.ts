/**
 * The addresses behind a Service, as Endpoints and as EndpointSlices (pkg/controller/endpoint, pkg/controller/endpointslice). Pure.
 * A Service without a selector is its owner's own business.
 */
import type { EndpointAddress, EndpointSlice, Endpoints, Pod, Service, ServicePort } from '../../../kube/core.ts'
import { isSame } from '../../../kube/equal.ts'
import { SERVICE_NAME } from '../../../kube/names.ts'
import { controllerRef } from '../../../kube/object.ts'
import { type Action, create, remove } from '../../runtime/action.ts'

export const SLICE_MANAGED_BY = 'endpointslice.kubernetes.io/managed-by'
export const SLICE_MANAGER = 'endpointslice-controller.k8s.io'
/** On Endpoints and slices of headless Services. */
const HEADLESS = 'service.kubernetes.io/headless'
/** The most endpoints that a slice may hold (validation of discovery.k8s.io). */
const MAX_ENDPOINTS = 1000

export interface ServiceObserved {
  readonly service: Service
  /** Pods that the selector picks. */
  readonly pods: readonly Pod[]
  readonly endpoints: Endpoints | undefined
  /** Slices of ours for this Service. */
  readonly slices: readonly EndpointSlice[]
}

interface Backend {
  readonly ip: string
  readonly hostname?: string
  readonly nodeName?: string
  readonly targetRef: NonNullable<EndpointAddress['targetRef']>
  readonly isReady: boolean
  readonly isServing: boolean
  readonly isTerminating: boolean
  readonly ports: readonly { readonly name?: string; readonly port: number; readonly protocol: string }[]
}

export function reconcileEndpoints({ service, pods, endpoints, slices }: ServiceObserved): readonly Action[] {
  if (!service.spec.selector || service.metadata.deletionTimestamp) return []
  const backends = pods
    .flatMap(pod => backendOf(service, pod))
    .sort((a, b) => (a.targetRef.name < b.targetRef.name ? -1 : a.targetRef.name > b.targetRef.name ? 1 : 0))
  return [...endpointsActions(service, backends, endpoints), ...sliceActions(service, backends, slices)]
}

function backendOf(service: Service, pod: Pod): readonly Backend[] {
  const { phase, podIP } = pod.status ?? {}
  if (!podIP || phase === 'Succeeded' || phase === 'Failed') return []
  const isServing = pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false
  const isTerminating = pod.metadata.deletionTimestamp !== undefined
  const { namespace, name = '', uid } = pod.metadata
  const { hostname, subdomain, nodeName } = pod.spec
  return [
    {
      ip: podIP,
      // A pod has a name of its own under the Service that it names as its subdomain.
      ...(hostname && subdomain === service.metadata.name ? { hostname } : {}),
      ...(nodeName ? { nodeName } : {}),
      targetRef: { kind: 'Pod', namespace, name, uid },
      isReady: service.spec.publishNotReadyAddresses === true || (isServing && !isTerminating),
      isServing,
      isTerminating,
      ports: (service.spec.ports ?? []).flatMap(port => portOn(port, pod)),
    },
  ]
}

function portOn({ name, port, targetPort, protocol = 'TCP' }: ServicePort, pod: Pod) {
  const named = { ...(name ? { name } : {}), protocol }
  if (typeof targetPort !== 'string') return [{ ...named, port: targetPort || port }]
  const found = pod.spec.containers
    .flatMap(container => container.ports ?? [])
    .find(each => each.name === targetPort && (each.protocol ?? 'TCP') === protocol)
  return found ? [{ ...named, port: found.containerPort }] : []
}

/** Pods that serve the same ports; a named port may differ from pod to pod. */
function byPorts(backends: readonly Backend[]): readonly (readonly Backend[])[] {
  const groups = new Map<string, Backend[]>()
  for (const backend of backends) {
    const key = JSON.stringify(backend.ports)
    const group = groups.get(key)
    if (group) group.push(backend)
    else groups.set(key, [backend])
  }
  return [...groups.values()]
}

function endpointsActions(service: Service, backends: readonly Backend[], present: Endpoints | undefined) {
  // Upstream's rule for who is listed as not ready: whatever is on its way out is not listed at all.
  const listed = backends.filter(({ isReady, isTerminating }) => isReady || !isTerminating)
  const subsets = byPorts(listed).map(group => {
    const addresses = group.filter(({ isReady }) => isReady).map(addressOf)
    const notReadyAddresses = group.filter(({ isReady }) => !isReady).map(addressOf)
    const ports = group[0]!.ports
    return {
      ...(addresses.length > 0 ? { addresses } : {}),
      ...(notReadyAddresses.length > 0 ? { notReadyAddresses } : {}),
      ...(ports.length > 0 ? { ports } : {}),
    }
  })
  const { name, namespace, labels } = service.metadata
  const wantedLabels = { ...labels, ...headlessLabel(service) }
  const wanted: Endpoints = {
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: { name, namespace, labels: wantedLabels, ownerReferences: [controllerRef(service)] },
    ...(subsets.length > 0 ? { subsets } : {}),
  }
  if (!present) return [create(wanted)]
  if (isSame(present.subsets ?? [], subsets) && isSame(present.metadata.labels ?? {}, wantedLabels)) return []
  const { subsets: _, ...rest } = present
  const object = { ...rest, ...(subsets.length > 0 ? { subsets } : {}) }
  return [{ kind: 'update', object: { ...object, metadata: { ...present.metadata, labels: wantedLabels } } } as const]
}

const addressOf = ({ ip, hostname, nodeName, targetRef }: Backend): EndpointAddress => ({
  ip,
  ...(hostname ? { hostname } : {}),
  ...(nodeName ? { nodeName } : {}),
  targetRef,
})

const headlessLabel = (service: Service): Record<string, string> =>
  service.spec.clusterIP === 'None' ? { [HEADLESS]: '' } : {}

function sliceActions(service: Service, backends: readonly Backend[], present: readonly EndpointSlice[]) {
  const wanted = wantedSlices(service, backends)
  const byName = new Map(present.map(slice => [slice.metadata.name, slice]))
  const actions: Action[] = []
  for (const slice of wanted) {
    const old = byName.get(slice.metadata.name)
    byName.delete(slice.metadata.name)
    if (!old) actions.push(create(slice))
    else if (!isSame(contentOf(old), contentOf(slice))) {
      const metadata = { ...old.metadata, labels: slice.metadata.labels }
      actions.push({ kind: 'update', object: { ...slice, metadata } })
    }
  }
  return [...actions, ...[...byName.values()].map(slice => remove(slice))]
}

const contentOf = ({ endpoints, ports, metadata }: EndpointSlice) => ({
  endpoints: endpoints ?? [],
  ports: ports ?? [],
  labels: metadata.labels,
})

function wantedSlices(service: Service, backends: readonly Backend[]): readonly EndpointSlice[] {
  const groups = byPorts(backends).flatMap(group => chunks(group, MAX_ENDPOINTS))
  return (groups.length > 0 ? groups : [[]]).map((group, i): EndpointSlice => {
    const { name, namespace, labels } = service.metadata
    return {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: {
        name: `${name}-${i}`,
        namespace,
        labels: {
          ...labels,
          [SERVICE_NAME]: name ?? '',
          [SLICE_MANAGED_BY]: SLICE_MANAGER,
          ...headlessLabel(service),
        },
        ownerReferences: [controllerRef(service)],
      },
      addressType: 'IPv4',
      endpoints: group.map(endpointOf),
      // A port without a name has the empty one here: kubectl's `describe service` relies on it.
      ports: (group[0]?.ports ?? []).map(port => ({ name: '', ...port })),
    }
  })
}

const endpointOf = (backend: Backend): EndpointSlice['endpoints'][number] => ({
  addresses: [backend.ip],
  conditions: { ready: backend.isReady, serving: backend.isServing, terminating: backend.isTerminating },
  ...(backend.hostname ? { hostname: backend.hostname } : {}),
  ...(backend.nodeName ? { nodeName: backend.nodeName } : {}),
  targetRef: backend.targetRef,
})

const chunks = <T>(items: readonly T[], size: number): readonly (readonly T[])[] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size))
