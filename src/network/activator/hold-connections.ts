/** A place where connections wait for somebody who serves them, and are then joined with him. */
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { join, lead } from '../process/tcp-relay.ts'
import type { Backend } from '../services/forwarding.ts'

export interface Holding {
  readonly port: number
  /** Connections that wait or are joined: as long as there are any, somebody talks. */
  numWaiting(): number
  /** Bytes that went through here. */
  numBytes(): number
  /** Somebody may be there now. */
  look(): void
  close(): void
}

export interface HoldingOptions {
  readonly address: string
  readonly backends: () => readonly Backend[]
  /** Somebody waits: see to it that there is one who serves. */
  readonly wake: () => void
  /** A client is not kept waiting longer. */
  readonly patienceMs: number
  readonly after: (ms: number, act: () => void) => () => void
}

export async function holdConnections({
  address,
  backends,
  wake,
  patienceMs,
  after,
}: HoldingOptions): Promise<Holding> {
  const waiting = new Map<Socket, () => void>()
  let bytes = 0

  const choose = (_client: string, except: readonly Backend[]): Backend | undefined => {
    const left = backends().filter(each => !except.includes(each))
    return left[Math.floor(Math.random() * left.length)]
  }

  function forget(client: Socket): void {
    waiting.get(client)?.()
    waiting.delete(client)
  }

  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }, client => {
    client.on('error', () => client.destroy())
    client.on('close', () => forget(client))
    const cancel = after(patienceMs, () => client.resetAndDestroy())
    waiting.set(client, cancel)
    if (backends().length > 0) look()
    else wake()
  })

  function look(): void {
    if (backends().length === 0) return
    for (const client of [...waiting.keys()]) {
      forget(client)
      lead(client, choose, upstream =>
        join(client, upstream, count => {
          bytes += count
        }),
      )
    }
  }

  server.listen({ host: address, port: 0 })
  await once(server, 'listening')
  server.on('error', () => {})
  const { port } = server.address() as { port: number }
  return {
    port,
    numWaiting: () => waiting.size,
    numBytes: () => bytes,
    look,
    close() {
      server.close()
      for (const client of [...waiting.keys()]) client.resetAndDestroy()
    },
  }
}
