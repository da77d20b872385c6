/** Answers pods' questions by UDP and TCP at one address (CoreDNS' place). */
import { createSocket, type Socket as UdpSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { answerQuestion } from './answer-question.ts'
import {
  type Answer,
  CODE,
  type DnsRecord,
  formatAnswer,
  parseQuestion,
  type Question,
  refusal,
} from './dns-message.ts'
import { type Forward, framed } from './forward-question.ts'
import type { Zone } from './zone.ts'

export interface DnsServer {
  readonly port: number
  close(): Promise<void>
}

export interface DnsServerOptions {
  readonly address: string
  readonly port: number
  /** Waited for: a server that has just begun does not say that there is no such name. */
  readonly zone: () => Promise<Zone>
  readonly isOurs: (address: string) => boolean
  readonly forward: Forward
  readonly random?: () => number
}

/** A connection that asks nothing for so long is closed. */
const IDLE_MS = 10_000
const MAX_TCP_BYTES = 65_535

/** Throws where the port cannot be had. */
export async function startDnsServer(options: DnsServerOptions): Promise<DnsServer> {
  const { address, port } = options
  const udp = createSocket('udp4')
  udp.on('message', (message, { address: host, port: from }) => {
    void answerTo(message, 'udp', options).then(answer => answer && send(udp, answer, from, host))
  })
  udp.bind({ address, port, exclusive: true })
  await once(udp, 'listening')
  udp.on('error', () => {})
  const { port: bound } = udp.address()
  const connections = new Set<Socket>()
  const tcp = createServer(socket => {
    connections.add(socket)
    socket.on('close', () => connections.delete(socket))
    converse(socket, options)
  })
  try {
    await listen(tcp, address, bound)
  } catch (error) {
    udp.close()
    throw error
  }
  return {
    port: bound,
    async close() {
      for (const socket of connections) socket.destroy()
      tcp.close()
      udp.close()
    },
  }
}

async function listen(server: Server, host: string, port: number): Promise<void> {
  server.listen({ host, port, exclusive: true })
  await once(server, 'listening')
  server.on('error', () => {})
}

function send(socket: UdpSocket, message: Buffer, port: number, host: string): void {
  try {
    socket.send(message, port, host)
  } catch {
    // Closed meanwhile.
  }
}

function converse(socket: Socket, options: DnsServerOptions): void {
  let held: Buffer = Buffer.alloc(0)
  socket.setTimeout(IDLE_MS, () => socket.destroy())
  socket.on('error', () => socket.destroy())
  socket.on('data', data => {
    held = Buffer.concat([held, data])
    while (held.length >= 2 && held.length >= 2 + held.readUInt16BE(0)) {
      const end = 2 + held.readUInt16BE(0)
      const message = held.subarray(2, end)
      held = held.subarray(end)
      void answerTo(message, 'tcp', options).then(answer => {
        if (answer === undefined) socket.destroy()
        else if (socket.writable) socket.write(framed(answer))
      })
    }
  })
}

export async function answerTo(
  message: Buffer,
  protocol: 'udp' | 'tcp',
  { zone, isOurs, forward, random = Math.random }: Pick<DnsServerOptions, 'zone' | 'isOurs' | 'forward' | 'random'>,
): Promise<Buffer | undefined> {
  const question = parseQuestion(message)
  if (question === undefined) return undefined
  if ('code' in question) return refusal(question.id, question.code)
  const limit = protocol === 'tcp' ? MAX_TCP_BYTES : question.maxBytes
  const answer = answerQuestion(await zone(), question, isOurs)
  if (answer === undefined) {
    return (await forward(message, protocol)) ?? formatAnswer(question, FAILED, limit)
  }
  const alias = answer.answers.find(record => record.type === 'CNAME')
  if (alias?.type === 'CNAME')
    return withTarget(question, answer, alias.target, { zone, isOurs, forward }, protocol, limit)
  return formatAnswer(question, { ...answer, answers: rotated(answer.answers, random()) }, limit)
}

const FAILED: Answer = { code: CODE.failed, answers: [], isAuthoritative: false }

/** getaddrinfo takes a name that leads to another only with that one's addresses in the same answer. */
async function withTarget(
  question: Question,
  answer: Answer,
  target: string,
  { zone, isOurs, forward }: Pick<DnsServerOptions, 'zone' | 'isOurs' | 'forward'>,
  protocol: 'udp' | 'tcp',
  limit: number,
): Promise<Buffer> {
  const name = target.toLowerCase().replace(/\.$/, '')
  const inside = answerQuestion(await zone(), { name, type: question.type }, isOurs)
  if (inside) return formatAnswer(question, { ...answer, answers: [...answer.answers, ...inside.answers] }, limit)
  const { questionFor, addressesIn } = await import('./resolve-target.ts')
  const reply = await forward(questionFor(question.id, name, question.type), protocol)
  const records = reply ? addressesIn(reply, name) : []
  return formatAnswer(question, { ...answer, answers: [...answer.answers, ...records] }, limit)
}

/** Whoever takes the first takes each of them in turn. */
function rotated(records: readonly DnsRecord[], chance: number): readonly DnsRecord[] {
  const start = Math.floor(chance * records.length)
  return [...records.slice(start), ...records.slice(0, start)]
}
