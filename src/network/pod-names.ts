/**
 * Names of pods and Services, pure: what CoreDNS' kubernetes plugin answers (DNS-based service discovery, v1.1.0), as lines of a hosts file, for
 * pods that have no DNS server. A hosts file knows no search domains, so every short form that a pod's resolver would complete is a name of its own.
 */
import type { EndpointSlice, Pod, Service } from '../kube/core.ts'
import { SERVICE_NAME } from '../kube/names.ts'
import { matchesLabels, requirementsOfMap } from '../kube/selector.ts'
import { groupBy } from './group-by.ts'
import { hasServiceAddress, serviceKey } from './services/forwarding.ts'

export interface NameEntry {
  readonly address: string
  readonly names: readonly string[]
}

export interface Observed {
  readonly services: readonly Service[]
  readonly pods: readonly Pod[]
  /** For Services without a selector, whose endpoints somebody else writes. */
  readonly slices: readonly EndpointSlice[]
}

/** An address under a Service, with the host name that it goes by there. */
export interface Endpoint {
  readonly namespace: string
  readonly service: string
  readonly address: string
  readonly hostname?: string
}

const CLUSTER_DOMAIN = 'svc.cluster.local'

export function endpointsOf({ services, pods, slices }: Observed): readonly Endpoint[] {
  const podsIn = groupBy(pods.filter(hasAddress), pod => pod.metadata.namespace ?? '')
  const slicesOf = groupBy(slices, slice => `${slice.metadata.namespace}/${slice.metadata.labels?.[SERVICE_NAME]}`)
  return services.filter(isHeadless).flatMap(service => {
    const { namespace = '', name = '' } = service.metadata
    return requirementsOfMap(service.spec.selector) === undefined
      ? endpointsOfSlices(service, slicesOf.get(`${namespace}/${name}`) ?? [])
      : endpointsOfPods(service, podsIn.get(namespace) ?? [])
  })
}

/** Services with an address of their own lead to that. The API server's is in every hosts file already, with the port that it really has. */
export const addressedOf = (services: readonly Service[]): readonly Endpoint[] =>
  services
    .filter(service => hasServiceAddress(service) && serviceKey(service) !== 'default/kubernetes')
    .map(({ spec, metadata: { namespace = '', name = '' } }) => ({
      namespace,
      service: name,
      address: spec.clusterIP ?? '',
    }))

export const isHeadless = ({ spec, metadata }: Service): boolean =>
  spec.clusterIP === 'None' && !metadata.deletionTimestamp

/** From the moment its address is known until its containers are over. */
export const hasAddress = ({ status }: Pod): boolean =>
  Boolean(status?.podIP) && status?.phase !== 'Succeeded' && status?.phase !== 'Failed'

function endpointsOfPods(service: Service, pods: readonly Pod[]): readonly Endpoint[] {
  const { namespace = '', name = '' } = service.metadata
  const requirements = requirementsOfMap(service.spec.selector) ?? []
  return pods
    .filter(pod => matchesLabels(requirements, pod.metadata.labels))
    .filter(pod => service.spec.publishNotReadyAddresses || (isReady(pod) && !pod.metadata.deletionTimestamp))
    .map(pod => ({
      namespace,
      service: name,
      address: pod.status?.podIP ?? '',
      ...(pod.spec.hostname && pod.spec.subdomain === name ? { hostname: pod.spec.hostname } : {}),
    }))
}

const isReady = ({ status }: Pod): boolean =>
  status?.conditions?.some(condition => condition.type === 'Ready' && condition.status === 'True') ?? false

function endpointsOfSlices(service: Service, slices: readonly EndpointSlice[]): readonly Endpoint[] {
  const { namespace = '', name = '' } = service.metadata
  return slices
    .filter(slice => slice.addressType === 'IPv4')
    .flatMap(slice => slice.endpoints)
    .filter(({ conditions }) => service.spec.publishNotReadyAddresses || conditions?.ready !== false)
    .flatMap(({ addresses, hostname }) =>
      addresses.map(address => ({ namespace, service: name, address, ...(hostname ? { hostname } : {}) })),
    )
}

/**
 * What a pod in `namespace` finds. The nearest form comes first, since a line's first name is what a reverse look-up answers; where a
 * short form means two things, the own namespace wins, as it does with search domains.
 */
export function hostsFor(namespace: string, endpoints: readonly Endpoint[]): readonly NameEntry[] {
  const own = ({ namespace: other }: Endpoint): boolean => other === namespace
  const shortNames = new Set(endpoints.filter(own).flatMap(shortForms))
  return [...endpoints.filter(own), ...endpoints.filter(endpoint => !own(endpoint))].map(endpoint => ({
    address: endpoint.address,
    names: own(endpoint)
      ? [...shortForms(endpoint), ...longForms(endpoint)]
      : longForms(endpoint).filter(name => !shortNames.has(name)),
  }))
}

const ownersOf = ({ service, hostname }: Endpoint): readonly string[] =>
  hostname === undefined ? [service] : [`${hostname}.${service}`, service]

const shortForms = (endpoint: Endpoint): readonly string[] => ownersOf(endpoint)

const longForms = (endpoint: Endpoint): readonly string[] =>
  ownersOf(endpoint).flatMap(owner =>
    ['', '.svc', `.${CLUSTER_DOMAIN}`].map(suffix => `${owner}.${endpoint.namespace}${suffix}`),
  )
