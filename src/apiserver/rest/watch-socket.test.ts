/** A watch over a WebSocket, as fabric8 and browsers ask for it; the answers are upstream's. */
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type ClientOptions, WebSocket } from 'ws'
import { createManualClock, type ManualClock } from '../../client/manual-clock.ts'
import type { KubeObject } from '../../kube/object.ts'
import { ensurePki, type Pki } from '../pki/pki.ts'
import { type ApiServer, createApiServer } from '../server.ts'
import { memoryStore } from '../store/open-store.ts'

let folder: string
let pki: Pki
let server: ApiServer
let port: number
let clock: ManualClock

const configMap = (name: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'default' },
})

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'solvent-watch-socket-'))
  pki = ensurePki(folder)
  clock = createManualClock()
  server = createApiServer({ store: memoryStore(), pki, clock })
  port = (await server.listen(['127.0.0.1'], 0)).port
  await server.api.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'default' } })
  await server.api.create(configMap('first'))
})
afterAll(async () => {
  await server.close()
  rmSync(folder, { recursive: true })
})

function open(query = '', { protocols = [] as string[], ...options }: ClientOptions & { protocols?: string[] } = {}) {
  const url = `wss://127.0.0.1:${port}/api/v1/namespaces/default/configmaps?watch=true${query}`
  const headers = { authorization: `Bearer ${pki.adminToken}` }
  const socket = new WebSocket(url, protocols, { ca: pki.ca, headers, origin: 'https://127.0.0.1', ...options })
  socket.on('error', () => {})
  return socket
}

const message = async (socket: WebSocket) => {
  const [data, isBinary] = await once(socket, 'message')
  expect(isBinary).toBe(false)
  const { type, object } = JSON.parse(String(data))
  return `${type} ${object.metadata?.name ?? object.code}`
}

test('each event is a text message', async () => {
  const socket = open()
  expect(await message(socket)).toBe('ADDED first')
  const next = message(socket)
  await server.api.create(configMap('second'))
  expect(await next).toBe('ADDED second')
  socket.close()
  await once(socket, 'close')
})

test('it ends when its time is over, in good order', async () => {
  const socket = open('&timeoutSeconds=5&fieldSelector=metadata.name=first')
  await message(socket)
  const closed = once(socket, 'close')
  clock.advance(5000)
  expect((await closed)[0]).toBe(1000)
})

test('nothing is left of a client that vanishes', async () => {
  const socket = open('&fieldSelector=metadata.name=first')
  await message(socket)
  socket.terminate()
  while (server.traffic.open > 0) await new Promise(setImmediate)
})

test('one subprotocol is taken, whatever its name', async () => {
  const socket = open('', { protocols: ['base64.binary.k8s.io'] })
  await once(socket, 'open')
  expect(socket.protocol).toBe('base64.binary.k8s.io')
  socket.terminate()
})

test.each([
  ['without an Origin', open.bind(undefined, '', { origin: undefined }), 403],
  ['with two subprotocols', open.bind(undefined, '', { protocols: ['a', 'b'] }), 400],
  ['with a version that is none', open.bind(undefined, '&resourceVersion=x', {}), 400],
])('refused %s', async (_, asked, code) => {
  const [, response] = await once(asked(), 'unexpected-response')
  expect(response.statusCode).toBe(code)
  response.resume()
})
