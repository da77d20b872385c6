/**
 * The proxy process as its server sees it: started with the first forwarding that needs it, taken over from an earlier life, and started again
 * when it is killed.
 */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Clock } from '../../base/clock.ts'
import type { HostCommands } from '../../base/host-commands.ts'
import type { Forwarding } from '../services/forwarding.ts'
import type { Refusal, ServiceProxy } from '../services/service-proxy.ts'
import { eachLine } from './each-line.ts'
import type { ProxyArguments, ProxyReply, ProxyRequest } from './proxy-protocol.ts'

export interface RemoteProxyOptions {
  readonly commands: HostCommands
  readonly clock: Clock
  readonly folder: string
  /** Of its socket and its log in the folder. */
  readonly name: string
  /** The bundle of `proxy-main.ts`. */
  readonly program: string
  /** Put before its command: the network namespace it shall be in. */
  readonly enter: readonly string[]
  readonly atServices: boolean
  readonly nodeAddresses: readonly string[]
  /** Which forwardings are its business. */
  readonly concerns: (forwarding: Forwarding) => boolean
  readonly patienceSeconds?: number
  readonly log: (message: string) => void
}

const TRIES = 150
const AGAIN_MS = 20
const MAX_PATH_BYTES = 100

/** Detached: it belongs to the machine, not to whoever started it. Arguments: its log, the command. */
const START = `log=$1
shift
setsid "$@" </dev/null >/dev/null 2>"$log" &`

type Question = Pick<Extract<ProxyRequest, { apply: unknown }>, 'apply'> | { traffic: true } | { end: true }

export function createRemoteProxy(options: RemoteProxyOptions): ServiceProxy {
  const { commands, clock, folder, name, program, enter, concerns, patienceSeconds = 15, log } = options
  const socketPath = pathOf(join(folder, name))
  const waiting = new Map<number, (reply: ProxyReply | undefined) => void>()
  let connection: Promise<Socket> | undefined
  let wanted: readonly Forwarding[] = []
  let number = 0
  let hasRefused = false
  let isClosed = false

  async function start(): Promise<void> {
    const given: ProxyArguments = {
      socket: socketPath,
      atServices: options.atServices,
      nodeAddresses: options.nodeAddresses,
      patienceSeconds,
    }
    const command = [...enter, process.execPath, program, JSON.stringify(given)]
    const { code, stderr } = await commands.run(['/bin/sh', '-c', START, 'sh', join(folder, `${name}.log`), ...command])
    if (code !== 0) throw new Error(stderr.trim() || `exit code ${code}`)
  }

  async function reach(): Promise<Socket> {
    const present = await tryConnect(socketPath)
    if (present) return adopt(present)
    await start()
    for (let tries = 0; tries < TRIES; tries++) {
      const socket = await tryConnect(socketPath)
      if (socket) return adopt(socket)
      await new Promise<void>(resume => clock.after(AGAIN_MS, resume))
    }
    throw new Error(`the proxy process does not answer; see ${join(folder, `${name}.log`)}`)
  }

  function adopt(socket: Socket): Socket {
    socket.unref()
    socket.on('error', () => socket.destroy())
    socket.on('close', () => {
      connection = undefined
      for (const settle of [...waiting.values()]) settle(undefined)
      // Killed: its connections are lost, but new ones are led at once.
      if (!isClosed && wanted.length > 0) void send(wanted).catch(error => log(`proxy: ${(error as Error).message}`))
    })
    eachLine(socket, line => {
      const reply = JSON.parse(line) as ProxyReply
      waiting.get(reply.id)?.(reply)
    })
    return socket
  }

  async function ask(request: Question): Promise<ProxyReply | undefined> {
    connection ??= reach()
    const opening = connection
    const socket = await opening.catch(error => {
      if (connection === opening) connection = undefined
      throw error
    })
    const id = ++number
    return new Promise(resolve => {
      waiting.set(id, reply => {
        waiting.delete(id)
        resolve(reply)
      })
      socket.write(`${JSON.stringify({ id, ...request })}\n`)
    })
  }

  async function send(forwardings: readonly Forwarding[]): Promise<readonly Refusal[]> {
    const refused = (await ask({ apply: forwardings }))?.refused ?? []
    hasRefused = refused.length > 0
    return refused
  }

  return {
    kind: 'process',
    async apply(forwardings) {
      const concerned = forwardings.filter(concerns)
      // What was refused may be possible now.
      const isNews = hasRefused || JSON.stringify(concerned) !== JSON.stringify(wanted)
      wanted = concerned
      return isNews ? send(concerned) : []
    },
    async traffic() {
      return new Map(connection ? Object.entries((await ask({ traffic: true }))?.traffic ?? {}) : [])
    },
    async close() {
      isClosed = true
      if (connection === undefined) return
      await ask({ end: true }).catch(() => {})
    },
  }
}

/** Ends one that an earlier life left. */
export async function endProxy(folder: string, name: string): Promise<void> {
  const socket = await tryConnect(pathOf(join(folder, name)))
  if (!socket) return
  socket.on('error', () => {})
  socket.write(`${JSON.stringify({ id: 0, end: true })}\n`)
  // It may end in the middle of this, with a reset: gone is gone.
  await new Promise<void>(resolve => socket.on('close', () => resolve()))
}

/** A Unix socket's path is short: a deep state folder has it elsewhere, under a name that follows from the folder. */
function pathOf(stem: string): string {
  const near = `${stem}.sock`
  if (Buffer.byteLength(near) <= MAX_PATH_BYTES) return near
  return join(tmpdir(), `solvent-proxy-${createHash('sha256').update(stem).digest('hex').slice(0, 16)}`)
}

async function tryConnect(path: string): Promise<Socket | undefined> {
  const socket = connect(path)
  try {
    await once(socket, 'connect')
    return socket
  } catch {
    socket.destroy()
    return undefined
  }
}
