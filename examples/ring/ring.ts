/**
 * Ring all-reduce over plain sockets (Patarasuk and Yuan, 2009): every rank ends with the sum of all ranks' vectors, and each sends only
 * 2 (n-1)/n of its own. The environment is torchrun's; ranks find each other through rank 0, as torch's store does it.
 */
import { on, once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'

const rank = Number(process.env.RANK)
const size = Number(process.env.WORLD_SIZE)
const self = process.env.POD_IP ?? '127.0.0.1'
const LENGTH = size * 25_000

interface Peer {
  readonly rank: number
  readonly host: string
  readonly port: number
}

async function listen(port: number): Promise<Server> {
  const server = createServer().listen(port, self)
  await once(server, 'listening')
  return server
}

/** Until the other side is there: pods start in any order, and a name resolves once its pod has an address. */
async function dial(host: string, port: number): Promise<Socket> {
  for (;;) {
    const socket = connect({ host, port, noDelay: true })
    try {
      await once(socket, 'connect')
      return socket
    } catch {
      await sleep(50)
    }
  }
}

/** Rank 0 hears where everybody listens, then tells everybody. */
async function meet(me: Peer): Promise<readonly Peer[]> {
  const masterPort = Number(process.env.MASTER_PORT)
  const peers = [me]
  if (rank > 0) {
    const master = await dial(process.env.MASTER_ADDR ?? self, masterPort)
    master.write(`${JSON.stringify(me)}\n`)
    const [line] = await once(createInterface(master), 'line')
    master.end()
    return JSON.parse(line)
  }
  const server = await listen(masterPort)
  const waiting: Socket[] = []
  const connections = on(server, 'connection') as AsyncIterable<[Socket]>
  for await (const [socket] of connections) {
    const [line] = await once(createInterface(socket), 'line')
    peers.push(JSON.parse(line))
    waiting.push(socket)
    if (peers.length === size) break
  }
  for (const socket of waiting) socket.end(`${JSON.stringify(peers)}\n`)
  server.close()
  return peers
}

/** Reads whole vectors off a stream of bytes. */
function receiver(socket: Socket): (bytes: number) => Promise<Float64Array> {
  const chunks = socket[Symbol.asyncIterator]() as AsyncIterator<Buffer>
  let rest = Buffer.alloc(0)
  return async bytes => {
    while (rest.length < bytes) {
      const { value, done } = await chunks.next()
      if (done) throw new Error('the left neighbour is gone')
      rest = Buffer.concat([rest, value])
    }
    const vector = new Float64Array(new Uint8Array(rest.subarray(0, bytes)).buffer)
    rest = rest.subarray(bytes)
    return vector
  }
}

/** First each rank gathers the sum of one part, then the sums go around: n-1 steps each. */
async function allReduce(vector: Float64Array, left: Socket, right: Socket): Promise<void> {
  const part = (i: number): Float64Array => {
    const length = vector.length / size
    const at = (((i % size) + size) % size) * length
    return vector.subarray(at, at + length)
  }
  const receive = receiver(left)
  for (let step = 0; step < 2 * (size - 1); step++) {
    const out = part(rank - step)
    const into = part(rank - step - 1)
    right.write(new Uint8Array(out.slice().buffer))
    const got = await receive(out.byteLength)
    if (step < size - 1) into.forEach((value, i) => (into[i] = value + got[i]!))
    else into.set(got)
  }
}

const server = await listen(0)
const accepted = once(server, 'connection') as Promise<[Socket]>
const peers = await meet({ rank, host: self, port: (server.address() as AddressInfo).port })
const next = peers.find(peer => peer.rank === (rank + 1) % size)!
const [right, [left]] = await Promise.all([dial(next.host, next.port), accepted])

const vector = Float64Array.from({ length: LENGTH }, (_, i) => (rank + 1) * (i + 1))
const started = performance.now()
await allReduce(vector, left, right)
const seconds = (performance.now() - started) / 1000

const factor = (size * (size + 1)) / 2
const wrong = vector.findIndex((value, i) => value !== factor * (i + 1))
if (wrong >= 0) throw new Error(`element ${wrong} is ${vector[wrong]}, not ${factor * (wrong + 1)}`)
const sum = vector.reduce((total, value) => total + value, 0)
console.log(`rank ${rank} of ${size}: ${LENGTH} elements summed to ${sum} in ${(seconds * 1000).toFixed(1)} ms`)
right.end()
server.close()
