/**
 * The cluster's names as a table, pure: DNS-based service discovery for Kubernetes, version 1.1.0 (what the kubernetes plugin of CoreDNS answers).
 * Made anew when Services or endpoints change; looked up for each question.
 */
import type { EndpointSlice, Service } from '../../kube/core.ts'
import { groupBy } from '../group-by.ts'
import { type Endpoint, isHeadless } from '../pod-names.ts'
import { hasServiceAddress, serviceKey, slicesByService } from '../services/forwarding.ts'
import type { DnsRecord } from './dns-message.ts'

export const DOMAIN = 'cluster.local'
const SERVICES = `svc.${DOMAIN}`

export interface ZoneFacts {
  readonly services: readonly Service[]
  readonly slices: readonly EndpointSlice[]
  /** Of headless Services: who is found under them. */
  readonly endpoints: readonly Endpoint[]
}

/** Every name that exists, with its records. One without records is there because others lie below it. */
export type Zone = ReadonlyMap<string, readonly DnsRecord[]>

export function zoneOf({ services, slices, endpoints }: ZoneFacts): Zone {
  const zone = new Map<string, DnsRecord[]>()
  const add = (record: DnsRecord): void => {
    const present = zone.get(record.name)
    if (present) present.push(record)
    else {
      zone.set(record.name, [record])
      // An empty name above a full one exists too: it has nothing, which is not the same as not being there.
      for (let above = parentOf(record.name); above !== '' && !zone.has(above); above = parentOf(above))
        zone.set(above, [])
    }
  }
  add({ name: `dns-version.${DOMAIN}`, type: 'TXT', text: '1.1.0' })
  const slicesOf = slicesByService(slices)
  const byService = groupBy(endpoints, ({ namespace, service }) => `${namespace}/${service}`)
  for (const service of services) {
    const key = serviceKey(service)
    for (const record of recordsOf(service, slicesOf.get(key) ?? [], byService.get(key) ?? [])) add(record)
  }
  return zone
}

const parentOf = (name: string): string => (name.includes('.') ? name.slice(name.indexOf('.') + 1) : '')

function recordsOf(
  service: Service,
  slices: readonly EndpointSlice[],
  endpoints: readonly Endpoint[],
): readonly DnsRecord[] {
  const { spec, metadata } = service
  const name = `${metadata.name}.${metadata.namespace}.${SERVICES}`
  if (spec.type === 'ExternalName') return [{ name, type: 'CNAME', target: spec.externalName ?? '' }]
  if (hasServiceAddress(service)) return ofAddress(name, service)
  if (!isHeadless(service)) return []
  // A Service that has nobody exists nevertheless.
  const members = endpoints.map(({ address, hostname }) => ({
    address,
    target: `${hostname ?? dashed(address)}.${name}`,
    isNamed: hostname !== undefined,
  }))
  return [
    ...members.map(({ address }): DnsRecord => ({ name, type: 'A', address })),
    ...members.map(({ address, target }): DnsRecord => ({ name: target, type: 'A', address })),
    ...members.flatMap(({ address, target, isNamed }) => (isNamed ? [pointer(address, target)] : [])),
    ...members.flatMap(({ address, target }) =>
      portsOf(slices, address).map(port => serviceRecord(name, port, target, members.length)),
    ),
  ]
}

function ofAddress(name: string, { spec }: Service): readonly DnsRecord[] {
  const address = spec.clusterIP ?? ''
  const ports = (spec.ports ?? []).filter(port => port.name)
  return [
    { name, type: 'A', address },
    pointer(address, name),
    ...ports.map(port => serviceRecord(name, port, name, 1)),
  ]
}

interface NamedPort {
  readonly name?: string
  readonly protocol?: string
  readonly port?: number
}

const portsOf = (slices: readonly EndpointSlice[], address: string): readonly NamedPort[] =>
  slices
    .filter(({ endpoints }) => (endpoints ?? []).some(({ addresses }) => addresses.includes(address)))
    .flatMap(({ ports = [] }) => ports.filter(port => port.name))

const serviceRecord = (
  service: string,
  { name = '', protocol = 'TCP', port = 0 }: NamedPort,
  target: string,
  count: number,
): DnsRecord => ({
  name: `_${name}._${protocol.toLowerCase()}.${service}`,
  type: 'SRV',
  port,
  weight: Math.max(1, Math.floor(100 / count)),
  target,
})

const pointer = (address: string, target: string): DnsRecord => ({
  name: `${address.split('.').reverse().join('.')}.in-addr.arpa`,
  type: 'PTR',
  target,
})

export const dashed = (address: string): string => address.replaceAll('.', '-')
