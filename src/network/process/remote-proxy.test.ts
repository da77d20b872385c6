/** The proxy's program as its server sees it: started late, taken over, started again, ended. */
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { connect, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { systemClock } from '../../base/clock.ts'
import { childCommands } from '../../node/sandbox/testdata/child-commands.ts'
import type { Forwarding } from '../services/forwarding.ts'
import { createRemoteProxy, endProxy } from './remote-proxy.ts'

const isLinux = process.platform === 'linux'
const programs = mkdtempSync(join(tmpdir(), 'solvent-proxy-program-'))
const program = join(programs, 'proxy.mjs')
const PATIENCE = 10_000

beforeAll(() =>
  build({
    entryPoints: [join(import.meta.dirname, 'proxy-main.ts')],
    outfile: program,
    bundle: true,
    platform: 'node',
    format: 'esm',
  }),
)
afterAll(() => rmSync(programs, { recursive: true, force: true }))

let folder: string
let server: Server
let forwarding: Forwarding
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'solvent-proxy-'))
  server = createServer(socket => socket.on('error', () => {}).end('hello')).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  forwarding = {
    key: 'tcp/8000/ns/s',
    protocol: 'tcp',
    // Of this run alone.
    addresses: [`127.${200 + (process.pid % 50)}.${(process.pid >> 8) % 250}.1`],
    port: 8000,
    backends: [{ address: '127.0.0.1', port }],
    isLocalOnly: false,
    isMetered: true,
  }
})
afterEach(async () => {
  await endProxy(folder, 'proxy')
  server.close()
  rmSync(folder, { recursive: true, force: true })
})

const open = () =>
  createRemoteProxy({
    commands: childCommands,
    clock: systemClock,
    folder,
    name: 'proxy',
    program,
    enter: [],
    atServices: true,
    nodeAddresses: [],
    concerns: ({ key }) => key !== 'tcp/443/default/kubernetes',
    log: () => {},
  })

/** Its process, by its command line. */
const processes = (): readonly number[] =>
  readdirSync('/proc').flatMap(name => {
    try {
      const command = readFileSync(`/proc/${Number(name)}/cmdline`, 'utf8').split('\0')
      return command[1] === program && command[2]?.includes(folder) ? [Number(name)] : []
    } catch {
      return []
    }
  })

async function ask(): Promise<string> {
  const socket = connect({ host: forwarding.addresses[0], port: 8000 })
  const [data] = (await once(socket, 'data')) as [Buffer]
  socket.destroy()
  return String(data)
}

test.runIf(isLinux)('it is there from the first forwarding that concerns it, and gone after its end', async () => {
  const proxy = open()
  await proxy.apply([{ ...forwarding, key: 'tcp/443/default/kubernetes' }])
  expect(processes()).toHaveLength(0)
  expect(await proxy.apply([forwarding])).toEqual([])
  expect(processes()).toHaveLength(1)
  expect(await ask()).toBe('hello')
  expect((await proxy.traffic()).get(forwarding.key)).toBe(5)
  await proxy.close()
  await vi.waitFor(() => expect(processes()).toHaveLength(0), PATIENCE)
  expect(existsSync(join(folder, 'proxy.sock'))).toBe(false)
})

test.runIf(isLinux)('killed, it is back with all that it had', async () => {
  const proxy = open()
  await proxy.apply([forwarding])
  const [pid = 0] = processes()
  process.kill(pid, 'SIGKILL')
  await vi.waitFor(async () => expect(await ask()).toBe('hello'), PATIENCE)
  expect(processes()).not.toContain(pid)
  await proxy.close()
})

test.runIf(isLinux)(
  'the next server takes it over; a forwarding that cannot be is told with what would mend it',
  async () => {
    await open().apply([forwarding])
    const before = processes()
    const taken = createServer().listen(8001, forwarding.addresses[0])
    await once(taken, 'listening')
    const second = { ...forwarding, key: 'tcp/8001/ns/s', port: 8001 }
    const next = open()
    expect(await next.apply([forwarding, second])).toEqual([
      {
        key: 'tcp/8001/ns/s',
        message: `${forwarding.addresses[0]}:8001 cannot be served: another program listens there`,
      },
    ])
    expect(processes()).toEqual(before)
    expect(await ask()).toBe('hello')
    taken.close()
    await next.close()
  },
)
