/** What a proxy promises, by either way of doing it: the kernel's tables behind a router of our own, and a process on loopback addresses. */
import { type ChildProcess, spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { systemClock } from '../../base/clock.ts'
import { createSandboxes } from '../../node/sandbox/create-sandboxes.ts'
import { childCommands } from '../../node/sandbox/testdata/child-commands.ts'
import { addressAt } from '../address-range.ts'
import { createPodNetwork } from '../pod-network.ts'
import { createProcessProxy } from '../process/process-proxy.ts'
import type { Backend, Forwarding } from './forwarding.ts'
import { openNftProxy } from './nft-proxy.ts'
import type { ServiceProxy } from './service-proxy.ts'

const who = join(import.meta.dirname, '../testdata/who.cjs')
const PORT = 8080

/** Where a proxy is tried: three servers and fresh addresses for Services. */
interface Place {
  readonly proxy: ServiceProxy
  readonly backends: readonly Backend[]
  newAddress(): string
  readonly nodeAddress: string
  /** Put before a command that shall run where the server with this number does. */
  enter(server: number): readonly string[]
  close(): Promise<void>
}

const children: ChildProcess[] = []

async function serve(name: string, address: string, enter: readonly string[]): Promise<void> {
  const forking = enter.length > 0 ? [...enter, 'sh', '-c', '"$@" & wait $!', 'sh'] : []
  const [program = '', ...args] = [...forking, process.execPath, who, name, address, String(PORT)]
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  children.push(child)
  await once(child.stdout, 'data')
}

const names = ['a', 'b', 'c']

async function kernelPlace(): Promise<Place | undefined> {
  const state = mkdtempSync(join(tmpdir(), 'solvent-proxy-'))
  const network = createPodNetwork({ commands: childCommands, folder: join(state, 'network') })
  const folder = join(state, 'sandboxes')
  const sandboxes = await createSandboxes({ commands: childCommands, folder, clock: systemClock, network })
  const close = async (): Promise<void> => {
    await sandboxes.close()
    rmSync(state, { recursive: true, force: true })
  }
  const switchPath = network.switchPath()
  const place = () => ({ machine: network.layout.machine, nodeRanges: new Map() })
  const options = { commands: childCommands, clock: systemClock, folder: network.folder, place, log: console.error }
  const proxy = switchPath === undefined ? undefined : await openNftProxy({ ...options, switchPath })
  if (proxy === undefined || 'problem' in proxy) {
    await close()
    return undefined
  }
  const pods = await Promise.all(names.map(() => sandboxes.create()))
  await Promise.all(pods.map((pod, i) => serve(names[i]!, '0.0.0.0', pod.enter)))
  let count = 100
  return {
    proxy,
    backends: pods.map(({ address }) => ({ address, port: PORT })),
    newAddress: () => addressAt(network.layout.services, count++),
    nodeAddress: network.hostAddress ?? '',
    enter: server => pods[server]?.enter ?? [],
    async close() {
      await proxy.close()
      await close()
    },
  }
}

async function processPlace(): Promise<Place> {
  // Of this run alone.
  const base = `127.${100 + (process.pid % 100)}`
  const addresses = names.map((_, i) => `${base}.1.${i + 1}`)
  await Promise.all(addresses.map((address, i) => serve(names[i]!, address, [])))
  let count = 1
  const nodeAddress = `${base}.3.1`
  return {
    proxy: createProcessProxy({ atServices: true, nodeAddresses: [nodeAddress] }),
    backends: addresses.map(address => ({ address, port: PORT })),
    newAddress: () => `${base}.2.${count++}`,
    nodeAddress,
    enter: () => [],
    close: async () => {},
  }
}

const sockets: Socket[] = []

/** Connects and waits for the line in which the server says who it is. */
async function meet(address: string, port = 8000): Promise<{ name: string; client: string; socket: Socket }> {
  const socket = connect({ host: address, port })
  sockets.push(socket)
  const [line] = (await once(socket, 'data')) as [Buffer]
  const [name = '', client = ''] = String(line).trim().split(' ')
  return { name, client, socket }
}

async function meetMany(times: number, address: string): Promise<Map<string, number>> {
  const counts = new Map<string, number>()
  for (let i = 0; i < times; i++) {
    const { name, socket } = await meet(address)
    socket.destroy()
    counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  return counts
}

const failure = (address: string, port = 8000): Promise<string> =>
  meet(address, port).then(
    () => 'met somebody',
    (error: NodeJS.ErrnoException) => error.code ?? String(error),
  )

async function echo(socket: Socket, text: string): Promise<string> {
  socket.write(text)
  const [data] = (await once(socket, 'data')) as [Buffer]
  return String(data)
}

const here = await kernelPlace().then(async place => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  await place?.close()
  return place !== undefined
})

describe.each([
  { kind: 'nftables', isHere: here, open: kernelPlace },
  { kind: 'process', isHere: process.platform === 'linux', open: processPlace },
])('by $kind', ({ isHere, open }) => {
  let place: Place
  let forwardings: readonly Forwarding[] = []
  const run = isHere ? test : test.skip

  beforeAll(async () => {
    if (!isHere) return
    const opened = await open()
    if (opened) place = opened
  })
  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.destroy()
  })
  afterAll(async () => {
    await place?.close()
    for (const child of children.splice(0)) child.kill('SIGKILL')
  })

  /** Changes or adds one forwarding beside those of the other tests. */
  async function apply(forwarding: Forwarding): Promise<void> {
    forwardings = [...forwardings.filter(each => each.key !== forwarding.key), forwarding]
    expect(await place.proxy.apply(forwardings)).toEqual([])
  }

  let services = 0
  function service(part: Partial<Forwarding> = {}): Forwarding {
    const protocol = part.protocol ?? 'tcp'
    return {
      key: `${protocol}/8000/default/s${services++}`,
      protocol,
      addresses: [place.newAddress()],
      port: 8000,
      backends: place.backends,
      isLocalOnly: false,
      isMetered: false,
      ...part,
    }
  }
  const addressOf = ({ addresses }: Forwarding): string => addresses[0] ?? ''

  run('connections go to every backend', async () => {
    const s = service()
    await apply(s)
    const counts = await meetMany(90, addressOf(s))
    expect([...counts.keys()].sort()).toEqual(names)
    // Nine in ten thousand runs would fail below 14 (binomial, 90 trials, a third each).
    expect(Math.min(...counts.values())).toBeGreaterThan(9)
  })

  run('a backend that is taken out gets no new connection, and those that it has go on', async () => {
    const s = service({ backends: place.backends.slice(0, 1) })
    await apply(s)
    const { name, socket } = await meet(addressOf(s))
    expect(name).toBe('a')
    await apply({ ...s, backends: place.backends.slice(1, 2) })
    expect([...(await meetMany(5, addressOf(s))).keys()]).toEqual(['b'])
    expect(await echo(socket, 'still here')).toBe('still here')
  })

  run('what says its last still hears the other side’s', async () => {
    const s = service()
    await apply(s)
    const { socket } = await meet(addressOf(s))
    socket.end()
    expect(String(((await once(socket, 'data')) as [Buffer])[0])).toBe('bye\n')
    await once(socket, 'end')
  })

  run('without a backend, at another port, and after its end a Service refuses', async () => {
    const s = service({ backends: [] })
    await apply(s)
    expect(await failure(addressOf(s))).toBe('ECONNREFUSED')
    await apply({ ...s, backends: place.backends })
    expect((await meet(addressOf(s))).name).toMatch(/[abc]/)
    expect(await failure(addressOf(s), 8001)).toBe('ECONNREFUSED')
    forwardings = forwardings.filter(each => each.key !== s.key)
    await place.proxy.apply(forwardings)
    expect(await failure(addressOf(s))).toBe('ECONNREFUSED')
  })

  run('with affinity a client stays with its backend, until that is gone', async () => {
    const s = service({ affinitySeconds: 60 })
    await apply(s)
    const counts = await meetMany(20, addressOf(s))
    expect(counts.size).toBe(1)
    const [first] = counts.keys()
    const others = place.backends.filter((_, i) => names[i] !== first)
    await apply({ ...s, backends: others })
    const after = await meetMany(20, addressOf(s))
    expect(after.size).toBe(1)
    expect(after.has(first ?? '')).toBe(false)
  })

  run('datagrams are answered from the address that was asked, and go to a living backend', async () => {
    const s = service({ protocol: 'udp', backends: place.backends.slice(0, 1) })
    await apply(s)
    const socket = createSocket('udp4')
    const ask = async (): Promise<string> => {
      socket.send('hello', s.port, addressOf(s))
      const [message, from] = (await once(socket, 'message')) as [Buffer, { address: string }]
      expect(from.address).toBe(addressOf(s))
      return String(message)
    }
    expect(await ask()).toBe('a hello')
    expect(await ask()).toBe('a hello')
    await apply({ ...s, backends: place.backends.slice(1, 2) })
    expect(await ask()).toBe('b hello')
    socket.close()
  })

  run('a backend reaches itself by its Service', async () => {
    const s = service({ backends: place.backends.slice(0, 1) })
    await apply(s)
    const program = `require('node:net').connect(${s.port}, '${addressOf(s)}').on('data', d => { process.stdout.write(d); process.exit() })`
    const command = [...place.enter(0), 'sh', '-c', '"$@" & wait $!', 'sh', process.execPath, '-e', program]
    const { stdout } = await childCommands.run(command)
    expect(stdout).toMatch(/^a /)
  })

  run('a node port leads there too', async () => {
    const nodePort = 31_000 + (process.pid % 1000)
    const s = service({ nodePort, backends: place.backends.slice(2) })
    await apply(s)
    // The machine itself does not come by the router: from a pod, or on the process's own address.
    const program = `require('node:net').connect(${nodePort}, '${place.nodeAddress}').on('data', d => { process.stdout.write(d); process.exit() })`
    const command = [...place.enter(0), 'sh', '-c', '"$@" & wait $!', 'sh', process.execPath, '-e', program]
    expect((await childCommands.run(command)).stdout).toMatch(/^c /)
  })

  run('what is metered is counted while somebody talks', async () => {
    const s = service({ isMetered: true })
    await apply(s)
    const { socket } = await meet(addressOf(s))
    const read = async (): Promise<number> => (await place.proxy.traffic()).get(s.key) ?? 0
    const before = await read()
    expect(before).toBeGreaterThan(0)
    await echo(socket, 'more')
    await vi.waitFor(async () => expect(await read()).toBeGreaterThan(before))
    await apply({ ...s, isMetered: false })
    expect((await place.proxy.traffic()).has(s.key)).toBe(false)
  })
})
