/** Questions about the rest of the world go to the machine's own resolvers, as bytes: nothing of them is ours to understand. */
import { createSocket } from 'node:dgram'
import { readFile } from 'node:fs/promises'
import { connect } from 'node:net'
import type { Clock } from '../../base/clock.ts'

export interface ForwardOptions {
  readonly clock: Clock
  /** resolv.conf(5) of the machine; read again now and then. */
  readonly file?: string
  readonly port?: number
}

export type Forward = (question: Buffer, protocol: 'udp' | 'tcp') => Promise<Buffer | undefined>

const PATIENCE_MS = 2_000
const FRESH_MS = 5_000
/** A resolver that did not answer is not waited for again so soon: programs ask for several names in a row. */
const REST_MS = 5_000

export function createForward({ clock, file = '/etc/resolv.conf', port = 53 }: ForwardOptions): Forward {
  const silentUntil = new Map<string, number>()
  let servers: readonly string[] = []
  let readAt = Number.NEGATIVE_INFINITY

  async function current(): Promise<readonly string[]> {
    const now = clock.monotonicMs()
    if (now - readAt > FRESH_MS) {
      readAt = now
      servers = parseResolvers(await readFile(file, 'utf8').catch(() => ''))
    }
    return servers.filter(server => (silentUntil.get(server) ?? 0) <= now)
  }

  return async (question, protocol) => {
    for (const server of await current()) {
      const answer = await (protocol === 'udp' ? askByUdp : askByTcp)(question, server, port, clock)
      if (answer) return answer
      silentUntil.set(server, clock.monotonicMs() + REST_MS)
    }
    return undefined
  }
}

export const parseResolvers = (text: string): readonly string[] =>
  [...text.matchAll(/^nameserver\s+(\S+)/gm)].map(([, address = '']) => address).slice(0, 3)

function askByUdp(question: Buffer, server: string, port: number, clock: Clock): Promise<Buffer | undefined> {
  return new Promise(resolve => {
    const socket = createSocket(server.includes(':') ? 'udp6' : 'udp4')
    const settle = (answer?: Buffer): void => {
      cancel()
      socket.removeAllListeners()
      socket.on('error', () => {})
      socket.close()
      resolve(answer)
    }
    const cancel = clock.after(PATIENCE_MS, () => settle())
    socket.on('error', () => settle())
    socket.on('message', message => {
      if (message.length >= 2 && message.readUInt16BE(0) === question.readUInt16BE(0)) settle(message)
    })
    socket.connect(port, server, () => socket.send(question))
  })
}

function askByTcp(question: Buffer, server: string, port: number, clock: Clock): Promise<Buffer | undefined> {
  return new Promise(resolve => {
    const socket = connect({ host: server, port })
    let held = Buffer.alloc(0)
    const settle = (answer?: Buffer): void => {
      cancel()
      socket.destroy()
      resolve(answer)
    }
    const cancel = clock.after(PATIENCE_MS, () => settle())
    socket.on('error', () => settle())
    socket.on('close', () => settle())
    socket.on('data', data => {
      held = Buffer.concat([held, data])
      if (held.length >= 2 && held.length >= 2 + held.readUInt16BE(0))
        settle(held.subarray(2, 2 + held.readUInt16BE(0)))
    })
    socket.write(framed(question))
  })
}

/** By TCP a message has its length before it. */
export function framed(message: Buffer): Buffer {
  const length = Buffer.alloc(2)
  length.writeUInt16BE(message.length, 0)
  return Buffer.concat([length, message])
}
