/** What a pod is to a Service that picks it: its address, how it does, where its ports are (endpointslice/utils.go, controller_utils.go). */
import type { Container, EndpointAddress, EndpointSlice, Node, Pod, Service, ServicePort } from '../../../kube/core.ts'

export type Endpoint = EndpointSlice['endpoints'][number]
export type EndpointPort = NonNullable<EndpointSlice['ports']>[number]
export type AddressType = 'IPv4' | 'IPv6'

export interface Backend {
  readonly addresses: Readonly<Record<AddressType, readonly string[]>>
  readonly hostname?: string
  readonly nodeName?: string
  readonly zone?: string
  readonly targetRef: NonNullable<EndpointAddress['targetRef']>
  readonly isReady: boolean
  readonly isServing: boolean
  readonly isTerminating: boolean
  readonly ports: readonly EndpointPort[]
}

const ZONE = 'topology.kubernetes.io/zone'

/** Undefined: it has no address, or it is over. */
export function backendOf(service: Service, pod: Pod, node?: Node): Backend | undefined {
  const { phase, podIP, podIPs = podIP ? [{ ip: podIP }] : [] } = pod.status ?? {}
  if (podIPs.length === 0 || phase === 'Succeeded' || phase === 'Failed') return undefined
  const isServing = pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false
  const isTerminating = pod.metadata.deletionTimestamp !== undefined
  const { namespace, name = '', uid } = pod.metadata
  const { hostname, subdomain, nodeName } = pod.spec
  const zone = node?.metadata.labels?.[ZONE]
  const ips = podIPs.map(({ ip }) => ip)
  return {
    addresses: { IPv4: ips.filter(ip => !ip.includes(':')), IPv6: ips.filter(ip => ip.includes(':')) },
    // A pod has a name of its own under the Service that it names as its subdomain.
    ...(hostname && subdomain === service.metadata.name && namespace === service.metadata.namespace
      ? { hostname }
      : {}),
    ...(nodeName ? { nodeName } : {}),
    ...(zone ? { zone } : {}),
    targetRef: { kind: 'Pod', namespace, name, uid },
    isReady: service.spec.publishNotReadyAddresses === true || (isServing && !isTerminating),
    isServing,
    isTerminating,
    ports: (service.spec.ports ?? []).flatMap(port => portOn(port, pod)),
  }
}

function portOn(port: ServicePort, pod: Pod): readonly EndpointPort[] {
  const { name, protocol = 'TCP', appProtocol } = port
  const found = findPort(port, pod)
  if (found === undefined) return []
  return [{ ...(name ? { name } : {}), port: found, protocol, ...(appProtocol ? { appProtocol } : {}) }]
}

/** A number means itself; a name is looked up in the pod's containers and sidecars. */
export function findPort({ port, targetPort, protocol = 'TCP' }: ServicePort, pod: Pod): number | undefined {
  if (typeof targetPort !== 'string') return targetPort || port
  const sidecars = (pod.spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always')
  const portsOf = ({ ports = [] }: Container) => ports
  return [...pod.spec.containers, ...sidecars]
    .flatMap(portsOf)
    .find(each => each.name === targetPort && (each.protocol ?? 'TCP') === protocol)?.containerPort
}

/** Undefined: none of that family. */
export function endpointOf(backend: Backend, type: AddressType): Endpoint | undefined {
  const addresses = backend.addresses[type]
  if (addresses.length === 0) return undefined
  const { hostname, nodeName, zone, targetRef } = backend
  return {
    addresses,
    conditions: { ready: backend.isReady, serving: backend.isServing, terminating: backend.isTerminating },
    ...(hostname ? { hostname } : {}),
    ...(nodeName ? { nodeName } : {}),
    ...(zone ? { zone } : {}),
    targetRef,
  }
}

export const addressTypesOf = ({ spec }: Service): readonly AddressType[] =>
  spec.ipFamilies?.map(family => (family === 'IPv6' ? 'IPv6' : 'IPv4')) ??
  (spec.clusterIP?.includes(':') ? ['IPv6'] : ['IPv4'])

export const HEADLESS = 'service.kubernetes.io/headless'
export const isHeadless = ({ spec }: Service): boolean => !spec.clusterIP || spec.clusterIP === 'None'
