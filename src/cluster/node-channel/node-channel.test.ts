/** A node of the test's own behind a socket: what comes through is what a node in the same process would say. */
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Duplex, PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { NodeApi, Session, TerminalSize } from '../../client/node-api.ts'
import type { Pod } from '../../kube/core.ts'
import { apiError, isApiError } from '../../kube/status.ts'
import { remoteNode } from './remote-node.ts'
import { type NodeService, serveNode } from './serve-node.ts'

const POD: Pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a' }, spec: { containers: [{ name: 'main' }] } }
const ALL = { stdin: true, stdout: true, stderr: true, tty: false }

let folder: string
let service: NodeService
let remote: NodeApi
let sizes: TerminalSize[]
let closed: number
let written: number
let stopped: Promise<void>

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'solvent-channel-'))
  sizes = []
  closed = 0
  written = 0
  let stop = (): void => {}
  stopped = new Promise(resolve => {
    stop = resolve
  })
  service = serveNode(folder, nodeOf(stop))
  remote = remoteNode('other', folder)
})
afterEach(() => {
  service.close()
  rmSync(folder, { recursive: true, force: true })
})

const nodeOf = (stop: () => void): NodeApi => ({
  async *logs(pod, container, { tailLines, signal }) {
    if (container === 'asleep') throw apiError('BadRequest', 'container "asleep" is waiting to start')
    yield Buffer.from(`${pod.metadata.name}/${container} ${tailLines}\n`)
    if (container !== 'endless') return
    await once(signal!, 'abort')
    stop()
  },
  usage: async () => ({ at: 5, node: { startedAt: 1, cpuSeconds: 2, memoryBytes: 3 }, pods: [] }),
  streams: {
    exec: async (_pod, _container, { command: [word = ''] }) => {
      if (word === 'nothing') throw apiError('InternalError', 'no such program')
      return session(word)
    },
    attach: async () => session('say'),
    portForward: async (_pod, port) => connect({ port, host: '127.0.0.1', allowHalfOpen: true }),
  },
})

function session(word: string): Session {
  const io = { stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough() }
  const runs: Record<string, () => Promise<number>> = {
    async say() {
      io.stdout.end('out')
      io.stderr.end('err')
      return 3
    },
    async cat() {
      io.stdin.pipe(io.stdout)
      await once(io.stdin, 'end')
      return 0
    },
    async flood() {
      for (;;) {
        written += 65_536
        if (!io.stdout.write(Buffer.alloc(65_536))) await once(io.stdout, 'drain')
      }
    },
  }
  return { ...io, resize: size => void sizes.push(size), ended: runs[word]!(), close: () => void closed++ }
}

const exec = (word: string): Promise<Session> => remote.streams!.exec(POD, 'main', { ...ALL, command: [word] })

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise(resolve => setImmediate(resolve))
}

test('a log comes as it is; what refuses it is the same Status', async () => {
  expect(await text(remote.logs(POD, 'main', { tailLines: 7 }))).toBe('a/main 7\n')
  const refused = await text(remote.logs(POD, 'asleep', {})).catch(error => error)
  expect(isApiError(refused, 'BadRequest')).toBe(true)
  expect(refused.message).toBe('container "asleep" is waiting to start')
})

test('a log that nobody reads any more ends at its source', async () => {
  const leave = new AbortController()
  const chunks: string[] = []
  for await (const chunk of remote.logs(POD, 'endless', { signal: leave.signal })) {
    chunks.push(Buffer.from(chunk).toString())
    leave.abort()
  }
  expect(chunks).toEqual(['a/endless undefined\n'])
  await stopped
})

test('usage comes as a value', async () => {
  expect(await remote.usage?.()).toEqual({ at: 5, node: { startedAt: 1, cpuSeconds: 2, memoryBytes: 3 }, pods: [] })
})

test('a command: outputs apart, exit code, sizes', async () => {
  const said = await exec('say')
  said.resize({ width: 80, height: 25 })
  expect(await Promise.all([text(said.stdout!), text(said.stderr!), said.ended])).toEqual(['out', 'err', 3])
  await until(() => sizes.length === 1)
  said.close()
  await until(() => closed === 1)
})

test('a command reads its input to the end', async () => {
  const cat = await exec('cat')
  cat.stdin!.write('one ')
  cat.stdin!.end('two')
  expect(await Promise.all([text(cat.stdout!), cat.ended])).toEqual(['one two', 0])
  cat.close()
})

test('a command that cannot be started says so', async () => {
  await expect(exec('nothing')).rejects.toThrow('no such program')
})

test('who does not read holds up who writes, and a caller that leaves ends the command', async () => {
  const flood = await exec('flood')
  flood.stdout!.pause()
  let before = -1
  while (before !== written) {
    before = written
    await new Promise(resolve => setTimeout(resolve, 30))
  }
  expect(written).toBeLessThan(8_000_000)
  flood.close()
  await until(() => closed === 1)
})

test('a connection to a port goes both ways, and each side may end first', async () => {
  const echo = createServer({ allowHalfOpen: true }, socket => void socket.on('end', () => socket.end('bye')).resume())
  await once(echo.listen(0, '127.0.0.1'), 'listening')
  const connection: Duplex = await remote.streams!.portForward(POD, (echo.address() as { port: number }).port)
  connection.end('hello')
  expect(await text(connection)).toBe('bye')
  echo.close()
})

test('an agent that goes away took its commands along; without one nobody answers', async () => {
  const cat = await exec('cat')
  service.close()
  expect(await cat.ended).toBe(137)
  await expect(exec('say')).rejects.toThrow('no node agent answers for node other')
})
