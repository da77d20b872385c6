/** The cluster's DNS at work: a server at the machine's end of the wire, and a zone that is made anew when the first question after a change comes. */
import type { Clock } from '../../base/clock.ts'
import type { Informer } from '../../client/informer.ts'
import type { EndpointSlice, Pod, Service } from '../../kube/core.ts'
import { overlaps, parseAddress } from '../address-range.ts'
import { endpointsOf, hasAddress, isHeadless } from '../pod-names.ts'
import type { PodNetwork } from '../pod-network.ts'
import { type DnsServer, startDnsServer } from './dns-server.ts'
import { createForward } from './forward-question.ts'
import { type Zone, zoneOf } from './zone.ts'

export interface NameServiceOptions {
  readonly clock: Clock
  readonly network: PodNetwork
  readonly isOpen: boolean
  readonly services: Informer<Service>
  readonly slices: Informer<EndpointSlice>
  readonly pods: Informer<Pod>
  readonly log: (message: string) => void
}

export interface NameService {
  /** Where it answers; undefined where pods have no network of their own (their names are in a hosts file). */
  readonly address: string | undefined
  readonly port: number | undefined
  /** The informers are in step: answers are true from now on. */
  begin(): void
  close(): Promise<void>
}

const DNS_PORT = 53

export async function createNameService(options: NameServiceOptions): Promise<NameService> {
  const { clock, network, isOpen, services, slices, pods, log } = options
  const podsWithAddress = pods.index(pod => (hasAddress(pod) ? [pod.metadata.namespace ?? ''] : []))
  let zone: Zone | undefined
  let hasBegun = false
  let begin = (): void => {}
  const begun = new Promise<void>(resolve => {
    begin = resolve
  })
  const forget = (): void => {
    zone = undefined
  }
  for (const informer of [services, slices, pods] as const) {
    informer.on('add', forget)
    informer.on('update', forget)
    informer.on('delete', forget)
  }

  async function current(): Promise<Zone> {
    if (!hasBegun) await begun
    zone ??= makeZone()
    return zone
  }

  function makeZone(): Zone {
    const all = services.list()
    const headless = all.filter(isHeadless)
    const namespaces = new Set(headless.map(service => service.metadata.namespace ?? ''))
    const allSlices = slices.list()
    const endpoints = endpointsOf({
      services: headless,
      pods: [...namespaces].flatMap(podsWithAddress),
      slices: headless.length > 0 ? allSlices : [],
    })
    return zoneOf({ services: all, slices: allSlices, endpoints })
  }

  const { all } = network.layout
  const isOurs = (address: string): boolean => overlaps({ address: parseAddress(address), prefix: 32 }, all)
  const server = isOpen && network.hostAddress !== undefined ? await startServer(network.hostAddress) : undefined

  async function startServer(address: string): Promise<DnsServer | undefined> {
    const answering = { address, zone: current, isOurs, forward: createForward({ clock }) }
    try {
      return await startDnsServer({ ...answering, port: DNS_PORT })
    } catch (error) {
      log(`DNS: ${(error as Error).message}; at another port behind the Services' own address`)
      return startDnsServer({ ...answering, port: 0 }).catch(() => undefined)
    }
  }

  return {
    address: server && network.hostAddress,
    port: server?.port,
    begin() {
      zone = undefined
      hasBegun = true
      begin()
    },
    async close() {
      await server?.close()
    },
  }
}
