/**
 * What the proxy has to do, pure: Services and their EndpointSlices become forwardings (kube-proxy's service and endpoints change trackers,
 * pkg/proxy/servicechangetracker.go and topology.go). A proxy of either kind carries the same list out.
 */
import type { EndpointSlice, Service, ServicePort } from '../../kube/core.ts'
import { SCALE_TO_ZERO_AFTER, SERVICE_NAME } from '../../kube/names.ts'
import { groupBy } from '../group-by.ts'

export interface Backend {
  readonly address: string
  readonly port: number
  readonly node?: string
}

/** One port of a Service. */
export interface Forwarding {
  /** `tcp/80/NAMESPACE/NAME`: unique, and good as a name in the kernel's tables. */
  readonly key: string
  readonly protocol: 'tcp' | 'udp'
  /** The Service's address, and others that lead to it. */
  readonly addresses: readonly string[]
  readonly port: number
  /** On the machine's own addresses. */
  readonly nodePort?: number
  /** None: refused. */
  readonly backends: readonly Backend[]
  /** A client's connections go to one backend for so long after the last was opened. */
  readonly affinitySeconds?: number
  /** A client is led to backends of its own node only. */
  readonly isLocalOnly: boolean
  /** Its traffic is counted, since somebody wants to know when there is none. */
  readonly isMetered: boolean
}

/** Where connections wait for a Service that has no pods now (scale from zero), by the forwarding's key. */
export type Activations = ReadonlyMap<string, Backend>

const NONE: Activations = new Map()

/** Not headless, not a mere name, not on its way out: somebody forwards. */
export const hasServiceAddress = ({ spec, metadata }: Service): boolean =>
  spec.type !== 'ExternalName' && Boolean(spec.clusterIP) && spec.clusterIP !== 'None' && !metadata.deletionTimestamp

export const serviceKey = ({ metadata }: Service | EndpointSlice, name = metadata.name): string =>
  `${metadata.namespace}/${name}`

export const slicesByService = (slices: readonly EndpointSlice[]): ReadonlyMap<string, readonly EndpointSlice[]> =>
  groupBy(slices, slice => serviceKey(slice, slice.metadata.labels?.[SERVICE_NAME] ?? ''))

export function forwardingsOf(
  services: readonly Service[],
  slices: readonly EndpointSlice[],
  activations = NONE,
): readonly Forwarding[] {
  const slicesOf = slicesByService(slices)
  return services
    .filter(hasServiceAddress)
    .flatMap(service =>
      (service.spec.ports ?? []).flatMap(port =>
        forwardingOf(service, port, slicesOf.get(serviceKey(service)) ?? [], activations),
      ),
    )
}

export const forwardingKey = (service: Service, { port, protocol = 'TCP' }: ServicePort): string =>
  `${protocol.toLowerCase()}/${port}/${serviceKey(service)}`

const DEFAULT_AFFINITY_SECONDS = 10_800

function forwardingOf(
  service: Service,
  port: ServicePort,
  slices: readonly EndpointSlice[],
  activations: Activations,
): readonly Forwarding[] {
  const { spec, metadata } = service
  const protocol = (port.protocol ?? 'TCP').toLowerCase()
  if (protocol !== 'tcp' && protocol !== 'udp') return []
  const key = forwardingKey(service, port)
  const backends = backendsOf(slices, port)
  const activation = backends.length === 0 ? activations.get(key) : undefined
  return [
    {
      key,
      protocol,
      addresses: [spec.clusterIP ?? '', ...(spec.externalIPs ?? [])],
      port: port.port,
      ...(port.nodePort ? { nodePort: port.nodePort } : {}),
      backends: activation ? [activation] : backends,
      ...(spec.sessionAffinity === 'ClientIP'
        ? { affinitySeconds: spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? DEFAULT_AFFINITY_SECONDS }
        : {}),
      isLocalOnly: spec.internalTrafficPolicy === 'Local' && !activation,
      isMetered: metadata.annotations?.[SCALE_TO_ZERO_AFTER] !== undefined,
    },
  ]
}

/**
 * Those that are ready. While there is none, those that still serve although they are to end: better than nobody (upstream's
 * ProxyTerminatingEndpoints).
 */
export function backendsOf(slices: readonly EndpointSlice[], port: ServicePort): readonly Backend[] {
  const candidates = slices
    .filter(slice => slice.addressType === 'IPv4')
    .flatMap(slice => {
      const number = portIn(slice, port)
      return number === undefined ? [] : (slice.endpoints ?? []).map(endpoint => ({ endpoint, number }))
    })
  const ready = candidates.filter(({ endpoint }) => endpoint.conditions?.ready !== false)
  const chosen =
    ready.length > 0
      ? ready
      : candidates.filter(({ endpoint: { conditions } }) => conditions?.serving && conditions.terminating)
  const unique = new Map<string, Backend>()
  for (const { endpoint, number } of chosen) {
    // One address is enough for a proxy, as upstream.
    const [address] = endpoint.addresses
    if (address === undefined) continue
    const node = endpoint.nodeName ? { node: endpoint.nodeName } : {}
    unique.set(`${address}:${number}`, { address, port: number, ...node })
  }
  return [...unique.values()].sort((a, b) => (a.address < b.address ? -1 : a.address > b.address ? 1 : a.port - b.port))
}

function portIn({ ports = [] }: EndpointSlice, { name = '', protocol = 'TCP' }: ServicePort): number | undefined {
  return ports.find(each => (each.name ?? '') === name && (each.protocol ?? 'TCP') === protocol)?.port
}
