/** Forwardings by a process that copies bytes (kube-proxy's first way): where the kernel has no tables for us, and for the machine's own ports. */
import { type Clock, systemClock } from '../../base/clock.ts'
import type { Forwarding } from '../services/forwarding.ts'
import type { Refusal, ServiceProxy } from '../services/service-proxy.ts'
import { createChooser } from './choose-backend.ts'
import { type Relay, startTcpRelay } from './tcp-relay.ts'
import { startUdpRelay, type UdpRelay } from './udp-relay.ts'

export interface ProcessProxyOptions {
  /** Whether it listens at the Services' own addresses. */
  readonly atServices: boolean
  /** Addresses of the machine at which it listens on node ports. */
  readonly nodeAddresses: readonly string[]
  readonly clock?: Clock
  readonly random?: () => number
}

interface Listening {
  readonly relay: Relay | UdpRelay
  forwarding: Forwarding
}

interface Place {
  readonly address: string
  readonly port: number
}

const placeKey = ({ protocol }: Forwarding, { address, port }: Place): string => `${protocol} ${address} ${port}`

export function createProcessProxy({
  atServices,
  nodeAddresses,
  clock = systemClock,
  random = Math.random,
}: ProcessProxyOptions): ServiceProxy {
  /** By protocol, address and port. */
  const listening = new Map<string, Listening>()
  const refused = new Map<string, string>()
  const traffic = new Map<string, number>()
  const chooser = createChooser(clock, random)
  let turn: Promise<unknown> = Promise.resolve()

  function placesOf(forwarding: Forwarding): readonly Place[] {
    const { addresses, port, nodePort } = forwarding
    // Nobody listens where nobody would answer: the kernel refuses.
    if (forwarding.backends.length === 0) return []
    return [
      ...(atServices ? addresses.map(address => ({ address, port })) : []),
      ...(nodePort === undefined ? [] : nodeAddresses.map(address => ({ address, port: nodePort }))),
    ]
  }

  async function listen(place: Place, forwarding: Forwarding) {
    const current = (): Forwarding => entry.forwarding
    const options = {
      ...place,
      choose: (client: string, except: Parameters<typeof chooser.choose>[2]) =>
        chooser.choose(current(), client, except),
      count: (bytes: number): void => {
        const { key, isMetered } = current()
        if (isMetered) traffic.set(key, (traffic.get(key) ?? 0) + bytes)
      },
    }
    const entry: { forwarding: Forwarding } = { forwarding }
    const relay = await (forwarding.protocol === 'tcp' ? startTcpRelay(options) : startUdpRelay({ ...options, clock }))
    return Object.assign(entry, { relay })
  }

  async function apply(forwardings: readonly Forwarding[]): Promise<readonly Refusal[]> {
    const wanted = new Map(
      forwardings.flatMap(forwarding =>
        placesOf(forwarding).map(place => [placeKey(forwarding, place), { forwarding, place }] as const),
      ),
    )
    for (const [key, { relay }] of listening) {
      if (wanted.has(key)) continue
      relay.close()
      listening.delete(key)
    }
    refused.clear()
    await Promise.all([...wanted].map(([key, { forwarding, place }]) => keep(key, place, forwarding)))
    const metered = new Set(forwardings.filter(each => each.isMetered).map(each => each.key))
    for (const key of traffic.keys()) if (!metered.has(key)) traffic.delete(key)
    return [...refused].map(([key, message]) => ({ key, message }))
  }

  async function keep(key: string, place: Place, forwarding: Forwarding) {
    const present = listening.get(key)
    if (present) {
      present.forwarding = forwarding
      if ('keepOnly' in present.relay) present.relay.keepOnly(forwarding.backends)
      return
    }
    try {
      listening.set(key, await listen(place, forwarding))
    } catch (error) {
      refused.set(forwarding.key, reasonOf(error as NodeJS.ErrnoException, place))
    }
  }

  return {
    kind: 'process',
    apply(forwardings) {
      const result = turn.then(() => apply(forwardings))
      turn = result.catch(() => {})
      return result
    },
    traffic: async () => traffic,
    async close() {
      await turn
      for (const { relay } of listening.values()) relay.close()
      listening.clear()
    },
  }
}

function reasonOf({ code, message }: NodeJS.ErrnoException, place: Place) {
  const where = `${place.address}:${place.port}`
  if (code === 'EACCES') {
    return `${where} cannot be served: only root may listen below port 1024 on this machine (choose a port above, or set net.ipv4.ip_unprivileged_port_start)`
  }
  if (code === 'EADDRINUSE') return `${where} cannot be served: another program listens there`
  if (code === 'EADDRNOTAVAIL') return `${where} cannot be served: this machine has no such address`
  return `${where} cannot be served: ${message}`
}
