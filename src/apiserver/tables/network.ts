/** Columns of Services and of the endpoints behind them. */
import type { EndpointSlice, Endpoints, Service, ServicePort } from '../../kube/core.ts'
import { AGE, type Column, firstThree, NAME, NONE, text, wide } from './column.ts'
import { at, field, labelsText, listAt, textAt } from './field.ts'
import { INGRESS_CLASS_NAME } from './storage.ts'
import { formatSelector } from './workloads.ts'

const portText = ({ port, nodePort, protocol = 'TCP' }: ServicePort): string =>
  nodePort ? `${port}:${nodePort}/${protocol}` : `${port}/${protocol}`

/** As much of a load balancer's addresses as upstream shows (loadBalancerWidth). */
const MAX_BALANCERS = 16

function externalIp({ spec, status }: Service): string {
  const { externalIPs = [], externalName } = spec
  if (spec.type === 'ExternalName') return externalName ?? ''
  const balancers = (status?.loadBalancer?.ingress ?? []).map(({ ip }) => ip ?? '').join(',')
  const shown = balancers.length > MAX_BALANCERS ? `${balancers.slice(0, MAX_BALANCERS - 3)}...` : balancers
  const all = [...(spec.type === 'LoadBalancer' && shown ? [shown] : []), ...externalIPs]
  if (all.length > 0) return all.join(',')
  return spec.type === 'LoadBalancer' ? '<pending>' : NONE
}

export const SERVICE_COLUMNS: readonly Column<Service>[] = [
  NAME,
  text('Type', ({ spec }) => spec.type ?? ''),
  text('Cluster-IP', ({ spec }) => spec.clusterIP || NONE),
  text('External-IP', externalIp),
  text('Port(s)', ({ spec }) => spec.ports?.map(portText).join(',') || NONE),
  AGE,
  wide(text('Selector', ({ spec }) => labelsText(spec.selector))),
]

function addresses({ subsets = [] }: Endpoints): string {
  return firstThree(
    subsets.flatMap(({ addresses = [], ports = [] }) =>
      ports.length === 0
        ? addresses.map(({ ip }) => ip)
        : ports.flatMap(({ port }) => addresses.map(({ ip }) => `${ip.includes(':') ? `[${ip}]` : ip}:${port}`)),
    ),
  )
}

export const ENDPOINTS_COLUMNS: readonly Column<Endpoints>[] = [NAME, text('Endpoints', addresses), AGE]

export const ENDPOINT_SLICE_COLUMNS: readonly Column<EndpointSlice>[] = [
  NAME,
  text('AddressType', slice => slice.addressType),
  text('Ports', ({ ports }) => (ports ? firstThree(ports.map(p => `${p.port ?? p.name ?? '*'}`)) : '<unset>')),
  text('Endpoints', ({ endpoints }) => (endpoints ? firstThree(endpoints.flatMap(e => e.addresses)) : '<unset>')),
  AGE,
]

const MAX_HOSTS = 3

function hosts(ingress: unknown): string {
  const rules = listAt(ingress, 'spec.rules')
  const named = rules.flatMap(({ host }) => (host ? [String(host)] : []))
  if (named.length === 0) return '*'
  const shown = named.slice(0, MAX_HOSTS).join(',')
  return rules.length > MAX_HOSTS && named.length >= MAX_HOSTS
    ? `${shown} + ${rules.length - MAX_HOSTS} more...`
    : shown
}

export const INGRESS_COLUMNS: readonly Column[] = [
  NAME,
  field('Class', 'spec.ingressClassName', NONE),
  text('Hosts', hosts),
  text('Address', ingress =>
    [...new Set(listAt(ingress, 'status.loadBalancer.ingress').map(({ ip, hostname }) => String(ip || hostname || '')))]
      .filter(Boolean)
      .sort()
      .join(','),
  ),
  text('Ports', ingress => (listAt(ingress, 'spec.tls').length > 0 ? '80, 443' : '80')),
  AGE,
]

export const INGRESS_CLASS_COLUMNS: readonly Column[] = [
  INGRESS_CLASS_NAME,
  field('Controller', 'spec.controller'),
  text('Parameters', ingressClass => {
    const group = textAt(ingressClass, 'spec.parameters.apiGroup')
    if (!at(ingressClass, 'spec.parameters')) return NONE
    const kind = textAt(ingressClass, 'spec.parameters.kind')
    return `${kind}${group && `.${group}`}/${textAt(ingressClass, 'spec.parameters.name')}`
  }),
  AGE,
]

export const NETWORK_POLICY_COLUMNS: readonly Column[] = [
  NAME,
  text('Pod-Selector', policy => formatSelector(at(policy, 'spec.podSelector') as never)),
  AGE,
]

export const SERVICE_CIDR_COLUMNS: readonly Column[] = [
  NAME,
  text('CIDRs', range => ((at(range, 'spec.cidrs') as readonly string[] | undefined) ?? []).join(',')),
  AGE,
]

export const IP_ADDRESS_COLUMNS: readonly Column[] = [
  NAME,
  text('ParentRef', address => {
    if (!at(address, 'spec.parentRef')) return NONE
    const group = textAt(address, 'spec.parentRef.group')
    const namespace = textAt(address, 'spec.parentRef.namespace')
    const resource = `${textAt(address, 'spec.parentRef.resource')}${group && `.${group}`}`.toLowerCase()
    return `${resource}${namespace && `/${namespace}`}/${textAt(address, 'spec.parentRef.name')}`
  }),
  AGE,
]
