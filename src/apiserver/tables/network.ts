/** Columns of Services and of the endpoints behind them. */
import type { EndpointSlice, Endpoints, Service } from '../../kube/core.ts'
import { AGE, type Column, firstThree, NAME, NONE, text, wide } from './column.ts'

type ServicePort = NonNullable<Service['spec']['ports']>[number] & { readonly nodePort?: number }

const portText = ({ port, nodePort, protocol = 'TCP' }: ServicePort): string =>
  nodePort ? `${port}:${nodePort}/${protocol}` : `${port}/${protocol}`

function externalIp({ spec }: Service): string {
  const { externalIPs = [], externalName } = spec as { externalIPs?: readonly string[]; externalName?: string }
  if (spec.type === 'ExternalName') return externalName ?? ''
  if (externalIPs.length > 0) return externalIPs.join(',')
  return spec.type === 'LoadBalancer' ? '<pending>' : NONE
}

const labelsText = (labels: Readonly<Record<string, string>> | undefined): string =>
  Object.entries(labels ?? {})
    .map(([key, value]) => `${key}=${value}`)
    .sort()
    .join(',') || NONE

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
