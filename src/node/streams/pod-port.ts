/**
 * A connection to what listens inside a pod. Its address is reached from here; what listens on its loopback alone, in a network of its own,
 * is reached by a small Node inside, whose standard input and output are the connection.
 */
import { connect, type Socket } from 'node:net'
import { Duplex } from 'node:stream'
import type { Clock } from '../../base/clock.ts'
import type { Isolation, Sandbox } from '../sandbox/sandbox.ts'
import type { Spawner } from '../spawner/spawner-client.ts'
import { type HeldProcess, type HeldStart, startHeld } from './held-process.ts'

/** Says `+` once it is connected, then nothing of its own. */
const RELAY = `
const { connect } = require('node:net')
const port = Number(process.argv[1])
const dial = ([host, ...more]) => {
  const socket = connect({ host, port, allowHalfOpen: true })
  const fail = error => more.length > 0 ? dial(more) : (console.error(error.code), process.exit(1))
  socket.once('error', fail).once('connect', () => {
    socket.off('error', fail).on('error', () => process.exit(1))
    process.stdout.write('+')
    socket.pipe(process.stdout)
    process.stdin.pipe(socket)
  })
}
dial(['127.0.0.1', '::1'])
`

export interface PodPortParts {
  readonly spawner: Spawner
  readonly clock: Clock
  readonly isolation: Isolation
}

export async function connectToPod(
  { spawner, clock, isolation }: PodPortParts,
  { address, root }: Sandbox,
  start: Pick<HeldStart, 'id' | 'folder' | 'enter'>,
  port: number,
): Promise<Duplex> {
  try {
    return await dial(address, port)
  } catch {
    // Without a network of its own, the pod's loopback is this machine's.
    if (isolation !== 'full')
      return dial('127.0.0.1', port)
        .catch(() => dial('::1', port))
        .catch(refused(port))
  }
  const env = { PATH: process.env.PATH ?? '' }
  const argv = [process.execPath, '-e', RELAY, String(port)]
  const held = await startHeld(spawner, clock, { ...start, argv, env, cwd: root, stdin: true })
  try {
    await connected(held, port)
  } catch (error) {
    held.kill()
    throw error
  }
  held.stderr.resume()
  const duplex = Duplex.from({ readable: held.stdout, writable: held.stdin })
  duplex.once('close', held.kill)
  return duplex
}

const refused =
  (port: number) =>
  (error: NodeJS.ErrnoException): never => {
    throw new Error(`failed to connect to localhost:${port} inside the pod: ${wordsFor(error.code ?? error.message)}`)
  }

const wordsFor = (code: string): string => (code === 'ECONNREFUSED' ? 'connect: connection refused' : code)

function dial(host: string, port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, allowHalfOpen: true })
    socket.once('error', reject).once('connect', () => resolve(socket.off('error', reject)))
  })
}

async function connected({ stdout, stderr, ended }: HeldProcess, port: number): Promise<void> {
  let text = ''
  stderr.on('data', (chunk: Buffer) => {
    text += chunk
  })
  const first = await Promise.race([
    new Promise<string>(resolve => stdout.once('readable', () => resolve(String(stdout.read(1) ?? '')))),
    ended.then(() => ''),
  ])
  if (first !== '+') {
    await ended
    refused(port)({ code: text.trim() || 'the relay ended' } as NodeJS.ErrnoException)
  }
}
