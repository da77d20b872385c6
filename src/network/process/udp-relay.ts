/** One UDP address of a Service: whoever writes to it keeps one backend, and its answers come back from here, until it is silent for a while. */
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import type { Clock } from '../../base/clock.ts'
import type { Backend } from '../services/forwarding.ts'
import type { Relay, RelayOptions } from './tcp-relay.ts'

export interface UdpRelay extends Relay {
  /** Whoever was led to another is led anew by its next datagram. */
  keepOnly(backends: readonly Backend[]): void
}

/** As the kernel's connection tracking: nf_conntrack_udp_timeout_stream. */
const SILENT_MS = 120_000
const MAX_SESSIONS = 4096

interface Session {
  readonly socket: Socket
  readonly backend: Backend
  heardAt: number
}

export async function startUdpRelay({
  address,
  port,
  choose,
  count,
  clock,
}: RelayOptions & { readonly clock: Clock }): Promise<UdpRelay> {
  const server = createSocket('udp4')
  const sessions = new Map<string, Session>()
  const end = (key: string): void => {
    sessions.get(key)?.socket.close()
    sessions.delete(key)
  }

  function begin(key: string, client: string, from: number): Session | undefined {
    const backend = choose(client, [])
    if (backend === undefined) return undefined
    const socket = createSocket('udp4')
    const session = { socket, backend, heardAt: clock.monotonicMs() }
    socket.on('error', () => sessions.get(key) === session && end(key))
    socket.on('message', message => {
      session.heardAt = clock.monotonicMs()
      count(message.length)
      server.send(message, from, client)
    })
    sessions.set(key, session)
    const [oldest] = sessions.keys()
    if (sessions.size > MAX_SESSIONS && oldest !== undefined) end(oldest)
    return session
  }

  server.on('message', (message, { address: client, port: from }) => {
    const key = `${client}:${from}`
    const session = sessions.get(key) ?? begin(key, client, from)
    if (session === undefined) return
    session.heardAt = clock.monotonicMs()
    count(message.length)
    session.socket.send(message, session.backend.port, session.backend.address)
  })
  server.bind({ address, port, exclusive: true })
  await once(server, 'listening')
  server.on('error', () => {})

  let cancel = clock.after(SILENT_MS, sweep)
  function sweep(): void {
    const now = clock.monotonicMs()
    for (const [key, { heardAt }] of sessions) if (now - heardAt >= SILENT_MS) end(key)
    cancel = clock.after(SILENT_MS, sweep)
  }

  return {
    keepOnly(backends) {
      const kept = new Set(backends.map(each => `${each.address}:${each.port}`))
      for (const [key, { backend }] of sessions) if (!kept.has(`${backend.address}:${backend.port}`)) end(key)
    },
    close() {
      cancel()
      server.close()
      for (const key of [...sessions.keys()]) end(key)
    },
  }
}
