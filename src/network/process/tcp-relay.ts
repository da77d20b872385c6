/** One listening address of a Service: each connection is led to a backend, and bytes go both ways until both sides have said their last. */
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import type { Backend } from '../services/forwarding.ts'

export interface Relay {
  close(): void
}

export interface RelayOptions {
  readonly address: string
  readonly port: number
  readonly choose: (client: string, except: readonly Backend[]) => Backend | undefined
  readonly count: (bytes: number) => void
}

const CONNECT_MS = 5_000
const MAX_TRIES = 3

/** Throws where the address cannot be had. What is connected when it is closed goes on. */
export async function startTcpRelay({ address, port, choose, count }: RelayOptions): Promise<Relay> {
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }, client => {
    client.on('error', () => client.destroy())
    lead(client, choose, upstream => join(client, upstream, count))
  })
  server.listen({ host: address, port, exclusive: true })
  await once(server, 'listening')
  server.on('error', () => {})
  return { close: () => void server.close() }
}

export type Choose = RelayOptions['choose']

/** Connects a client that waits to a backend; resets it where there is none. */
export function lead(
  client: Socket,
  choose: Choose,
  joined: (upstream: Socket) => void,
  tried: readonly Backend[] = [],
): void {
  const backend = choose(client.remoteAddress ?? '', tried)
  if (backend === undefined || tried.length === MAX_TRIES) {
    client.resetAndDestroy()
    return
  }
  const upstream = connect({ host: backend.address, port: backend.port, allowHalfOpen: true, noDelay: true })
  // One that is going away just now is not the client's problem: nothing was said to it yet.
  const again = (): void => {
    upstream.destroy()
    lead(client, choose, joined, [...tried, backend])
  }
  upstream.setTimeout(CONNECT_MS, again)
  upstream.once('error', again)
  upstream.once('connect', () => {
    upstream.setTimeout(0)
    upstream.removeListener('error', again)
    if (client.destroyed) upstream.destroy()
    else joined(upstream)
  })
}

/** Bytes go both ways from now on. */
export function join(client: Socket, upstream: Socket, count: (bytes: number) => void): void {
  pour(client, upstream, count)
  pour(upstream, client, count)
  client.resume()
}

/** An end is passed on as an end, a reset as a reset. */
function pour(from: Socket, to: Socket, count: (bytes: number) => void): void {
  from.on('data', data => {
    count(data.length)
    if (!to.destroyed && !to.write(data)) from.pause()
  })
  to.on('drain', () => from.resume())
  from.on('end', () => to.end())
  from.on('error', () => to.resetAndDestroy())
  from.on('close', () => {
    if (!to.destroyed && !from.readableEnded) to.resetAndDestroy()
  })
}
