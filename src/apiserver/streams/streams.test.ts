/** Streams over HTTPS with a node of the test's own: what clients of every age say and hear, who is refused, and that nobody is left behind. */
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { request as httpsRequest } from 'node:https'
import { connect, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Duplex, PassThrough } from 'node:stream'
import { buffer, text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import type { Connection } from '../../client/connection.ts'
import type { ExecOptions, NodeStreams, Session, TerminalSize } from '../../client/node-api.ts'
import { openPodSession, type PodSessionOptions } from '../../client/streams/pod-session.ts'
import { openPortForward } from '../../client/streams/port-forward.ts'
import { openSpdy } from '../../client/streams/spdy/connection.ts'
import { upgradeToSpdy } from '../../client/streams/spdy/upgrade.ts'
import type { KubeObject } from '../../kube/object.ts'
import { apiError } from '../../kube/status.ts'
import { ensurePki, type Pki } from '../pki/pki.ts'
import { type ApiServer, createApiServer } from '../server.ts'
import { memoryStore } from '../store/open-store.ts'

let folder: string
let pki: Pki
let server: ApiServer
let connection: Connection
let port: number
let echo: Server
const bugs: string[] = []
const POD = { namespace: 'default', name: 'a' }

/** What a session of the fake node does, by its command's first word. */
const sizes: TerminalSize[] = []
let closedSessions = 0

function session(
  run: (io: { stdin: PassThrough; stdout: PassThrough; stderr: PassThrough }) => Promise<number>,
): Session {
  const io = { stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough() }
  let leave: (code: number) => void = () => {}
  const left = new Promise<number>(resolve => {
    leave = resolve
  })
  const ended = Promise.race([run(io), left]).then(code => {
    io.stdout.end()
    io.stderr.end()
    return code
  })
  let isClosed = false
  return {
    ...io,
    resize: size => void sizes.push(size),
    ended,
    close() {
      if (isClosed) return
      isClosed = true
      closedSessions++
      leave(137)
    },
  }
}

const COMMANDS: Readonly<Record<string, () => Session>> = {
  say: () =>
    session(async ({ stdout, stderr }) => {
      stdout.write('out')
      stderr.write('err')
      return 3
    }),
  cat: () =>
    session(async ({ stdin, stdout }) => {
      stdin.pipe(stdout, { end: false })
      await once(stdin, 'end')
      return 0
    }),
  wait: () => session(() => new Promise(() => {})),
  size: () =>
    session(async ({ stdout }) => {
      while (sizes.length === 0) await new Promise(resolve => setImmediate(resolve))
      stdout.write(JSON.stringify(sizes.pop()))
      return 0
    }),
}

const flood = { written: 0 }

const SLOW_PORT = 7
let connectSlowly: ((target: Duplex) => void) | undefined

const node: NodeStreams = {
  async exec(_pod, container, { command }: ExecOptions) {
    const [word = ''] = command
    if (container === 'asleep') throw apiError('InternalError', 'container not found ("asleep")')
    if (word === 'flood') {
      return session(async ({ stdout }) => {
        for (;;) {
          flood.written += 65_536
          if (!stdout.write(Buffer.alloc(65_536))) await once(stdout, 'drain')
        }
      })
    }
    if (word === 'over') {
      const over = session(async () => 7)
      await Promise.all([over.stdout, over.stderr].map(output => once(output!.resume(), 'close')))
      return over
    }
    const start = COMMANDS[word]
    if (!start) throw new Error(`error executing command in container: exec: "${word}": not found`)
    return start()
  },
  attach: async () => COMMANDS.say!(),
  portForward: (_pod, wanted) =>
    new Promise((resolve, reject) => {
      if (wanted === SLOW_PORT) {
        connectSlowly = resolve
        return
      }
      const socket = connect({ port: wanted, host: '127.0.0.1', allowHalfOpen: true })
      socket
        .once('connect', () => resolve(socket))
        .once('error', () => reject(new Error('connect: connection refused')))
    }),
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'solvent-streams-'))
  pki = ensurePki(folder)
  const nodeApi = { logs: async function* () {}, streams: node }
  server = createApiServer({ store: memoryStore(), pki, warn: message => bugs.push(message), nodeApi: () => nodeApi })
  port = (await server.listen(['127.0.0.1'], 0)).port
  connection = { server: `https://127.0.0.1:${port}`, ca: pki.ca, token: pki.adminToken }
  const of = (kind: string, name: string, rest: object = {}) =>
    server.api.create({ apiVersion: 'v1', kind, metadata: { name, namespace: 'default' }, ...rest } as KubeObject)
  await server.api.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'default' } })
  await of('ServiceAccount', 'default')
  const containers = (...names: string[]) => names.map(name => ({ name, image: 'x' }))
  await of('Pod', 'a', { spec: { nodeName: 'n', containers: containers('main') } })
  await of('Pod', 'two', { spec: { nodeName: 'n', containers: containers('main', 'asleep') } })
  await of('Pod', 'homeless', { spec: { containers: containers('main') } })
  await server.api.patch(
    { apiVersion: 'v1', kind: 'Pod', ...POD },
    'merge',
    { status: { phase: 'Running' } },
    { subresource: 'status' },
  )
  echo = createServer({ allowHalfOpen: true }, socket => socket.pipe(socket).on('error', () => {})).listen(
    0,
    '127.0.0.1',
  )
  await once(echo, 'listening')
})
afterAll(async () => {
  echo.close()
  await server.close()
  rmSync(folder, { recursive: true })
  expect(bugs, 'answers of 500').toEqual([])
})

const open = (command: readonly string[], more: Partial<PodSessionOptions> = {}) =>
  openPodSession(connection, POD, { command, stdin: false, stdout: true, stderr: true, tty: false, ...more })

const echoPort = (): number => (echo.address() as { port: number }).port

/** Messages of a WebSocket until it is closed. */
async function talk(path: string, protocol: string | undefined, say: readonly Buffer[] = []): Promise<string[]> {
  const socket = rawSocket(path, protocol)
  const heard: string[] = []
  socket.on('message', (data: Buffer) => heard.push(`${data[0]}:${data.subarray(1)}`))
  socket.on('open', () => {
    for (const bytes of say) socket.send(bytes)
  })
  await once(socket, 'close')
  return heard.filter(message => !/^\d:$/.test(message))
}

function rawSocket(path: string, protocol: string | undefined, token = pki.adminToken): WebSocket {
  const headers = { Authorization: `Bearer ${token}` }
  const url = `wss://127.0.0.1:${port}/api/v1/namespaces/default/pods/${path}`
  return new WebSocket(url, protocol === undefined ? [] : [protocol], { ca: pki.ca, headers })
}

describe('a command', () => {
  test('over v5: both outputs and the exit code', async () => {
    const found = await open(['say'])
    const said = await Promise.all([text(found.stdout!), text(found.stderr!), found.ended])
    expect(said).toEqual(['out', 'err', 3])
  })

  test('over v5: input to its end, megabytes of it', async () => {
    const found = await open(['cat'], { stdin: true })
    const bytes = Buffer.alloc(5 << 20, 'solvent')
    found.stdin!.end(bytes)
    expect((await buffer(found.stdout!)).equals(bytes)).toBe(true)
    expect(await found.ended).toBe(0)
  })

  test('that is over before its client has opened the streams says so all the same', async () => {
    const path = '/api/v1/namespaces/default/pods/a/exec?command=over&stdout=1&stderr=1'
    const spdy = openSpdy(await upgradeToSpdy(connection, path, 'v4.channel.k8s.io'))
    const stream = (streamtype: string) => spdy.open(new Map([['streamtype', streamtype]]))
    const [error, ...outputs] = await Promise.all(['error', 'stdout', 'stderr'].map(stream))
    expect(await Promise.all(outputs.map(text))).toEqual(['', ''])
    expect(await text(error!)).toContain('exit code 7')
    expect(await (await open(['over'])).ended).toBe(7)
  })

  test('over v5: what comes after the end of the input is not heard, and harms nobody', async () => {
    const says = (...bytes: number[]) => Buffer.from(bytes)
    const late = [says(0, 65), says(255, 0), says(0, 66), says(255, 0), says(255), says(255, 9), says()]
    const heard = await talk('a/exec?command=cat&stdin=1&stdout=1', 'v5.channel.k8s.io', late)
    expect(heard.filter(message => message.startsWith('1'))).toEqual(['1:A'])
  })

  test('hears of the size of the terminal', async () => {
    const found = await open(['size'], { tty: true, stderr: false })
    found.resize({ width: 80, height: 24 })
    expect(JSON.parse(await text(found.stdout!))).toEqual({ width: 80, height: 24 })
  })

  test('that cannot be started is an error of the streams', async () => {
    const found = await open(['nosuch'])
    await expect(found.ended).rejects.toThrow(
      'Internal error occurred: error executing command in container: exec: "nosuch": not found',
    )
  })

  test('over v4: the Status as JSON; before that, words', async () => {
    const path = 'a/exec?command=say&stdout=true&stderr=true'
    const [one, other, status = ''] = await talk(path, 'v4.channel.k8s.io')
    expect([one, other].sort()).toEqual(['1:out', '2:err'])
    expect(JSON.parse(status.slice(2))).toEqual({
      metadata: {},
      status: 'Failure',
      message: 'command terminated with non-zero exit code: command terminated with exit code 3',
      reason: 'NonZeroExitCode',
      details: { causes: [{ reason: 'ExitCode', message: '3' }] },
    })
    const old = await talk(path, undefined)
    expect(old.at(-1)).toBe('3:command terminated with non-zero exit code: command terminated with exit code 3')
  })

  test('over SPDY, as kubectl 1.30 asks: a stream each', async () => {
    const path = '/api/v1/namespaces/default/pods/a/exec?command=cat&stdin=1&stdout=1'
    const spdy = openSpdy(await upgradeToSpdy(connection, path, 'v4.channel.k8s.io'))
    const stream = (streamtype: string) => spdy.open(new Map([['streamtype', streamtype]]))
    const [error, stdin, stdout] = await Promise.all(['error', 'stdin', 'stdout'].map(stream))
    stdin!.end('typed')
    expect(await text(stdout!)).toBe('typed')
    expect(JSON.parse(await text(error!))).toEqual({ metadata: {}, status: 'Success' })
    await spdy.closed
  })

  test.each([
    ['zz/exec?command=say&stdout=1', 404, 'pods "zz" not found'],
    ['a/exec?command=say&stdout=1&container=x', 400, 'container x is not valid for pod a'],
    [
      'two/exec?command=say&stdout=1',
      400,
      'a container name must be specified for pod two, choose one of: [main asleep]',
    ],
    ['homeless/exec?command=say&stdout=1', 400, 'pod homeless does not have a host assigned'],
    ['a/exec?command=say', 400, 'you must specify at least 1 of stdin, stdout, stderr'],
    ['two/exec?command=say&stdout=1&container=asleep', 500, 'container not found ("asleep")'],
    ['homeless/portforward?ports=80', 400, 'pod homeless does not have a host assigned'],
    ['a/portforward?ports=0', 400, 'unable to parse "0" as a port'],
  ])('%s is refused before the connection changes: %d', async (path, code, message) => {
    const socket = rawSocket(path, 'v4.channel.k8s.io')
    socket.on('error', () => {})
    const [, response] = await once(socket, 'unexpected-response')
    expect(response.statusCode).toBe(code)
    expect(JSON.parse(await text(response)).message).toBe(message)
  })

  test('without asking for an upgrade is told so', async () => {
    const path = '/api/v1/namespaces/default/pods/a/exec?command=say&stdout=1'
    const headers = { Authorization: `Bearer ${pki.adminToken}` }
    const asked = httpsRequest({ host: '127.0.0.1', port, path, ca: pki.ca, headers, agent: false }).end()
    const [response] = await once(asked, 'response')
    expect(response.statusCode).toBe(400)
    expect(JSON.parse(await text(response)).message).toBe('Upgrade request required')
  })

  test('is not for who may only read: a WebSocket begins with a GET', async () => {
    const rules = [{ apiGroups: [''], resources: ['pods/exec'], verbs: ['get', 'list', 'watch'] }]
    const metadata = { name: 'reader', namespace: 'default' }
    const api = 'rbac.authorization.k8s.io'
    await server.api.create({ apiVersion: `${api}/v1`, kind: 'Role', metadata, rules } as KubeObject)
    await server.api.create({
      apiVersion: `${api}/v1`,
      kind: 'RoleBinding',
      metadata,
      roleRef: { apiGroup: api, kind: 'Role', name: 'reader' },
      subjects: [{ kind: 'ServiceAccount', name: 'default', namespace: 'default' }],
    } as KubeObject)
    const made = await server.api.create<KubeObject & { status: { token: string } }>(
      {
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'TokenRequest',
        metadata: { name: 'default', namespace: 'default' },
        spec: {},
      } as KubeObject,
      { subresource: 'token' },
    )
    const reader = { ...connection, token: made.status.token }
    const options = { command: ['say'], stdin: false, stdout: true, stderr: true, tty: false }
    await expect(openPodSession(reader, POD, options)).rejects.toThrow('cannot create resource "pods/exec"')
    const socket = rawSocket('a/exec?command=say&stdout=1&watch=true', 'v5.channel.k8s.io', made.status.token)
    socket.on('error', () => {})
    const [, response] = await once(socket, 'unexpected-response')
    expect(response.statusCode, 'whatever else the query says').toBe(403)
    response.resume()
  })
})

describe('clients that are slow or gone', () => {
  const closing = async (act: () => void): Promise<void> => {
    const before = closedSessions
    act()
    while (closedSessions === before) await new Promise(resolve => setTimeout(resolve, 5))
  }

  test('a client that vanishes takes its command along', async () => {
    const socket = rawSocket('a/exec?command=wait&stdout=1&stdin=1', 'v5.channel.k8s.io')
    await once(socket, 'open')
    await closing(() => socket.terminate())
    const spdy = await upgradeToSpdy(
      connection,
      '/api/v1/namespaces/default/pods/a/exec?command=wait&stdout=1',
      'v4.channel.k8s.io',
    )
    // In the middle of its streams, too.
    await closing(() => spdy.destroy())
  })

  test('a connection that ends before its command is no exit code', async () => {
    const found = await open(['wait'])
    const gone = expect(found.ended).rejects.toMatchObject({ code: 'ECONNRESET' })
    found.close()
    await gone
  })

  test('a client that does not read holds its command up, and this server keeps little', async () => {
    flood.written = 0
    const socket = rawSocket('a/exec?command=flood&stdout=1', 'v5.channel.k8s.io')
    await once(socket, 'open')
    socket.pause()
    let before = -1
    while (before !== flood.written) {
      before = flood.written
      await new Promise(resolve => setTimeout(resolve, 50))
    }
    // What the two kernels hold, and no more.
    expect(flood.written).toBeLessThan(32 << 20)
    const found = await open(['say'])
    expect(await found.ended, 'others go on').toBe(3)
    await closing(() => socket.terminate())
  })

  test('input that nobody reads is not taken', async () => {
    const found = await open(['wait'], { stdin: true })
    let sent = 0
    const pump = new Duplex({
      read() {
        sent += 65_536
        this.push(Buffer.alloc(65_536))
      },
    })
    pump.pipe(found.stdin!)
    let before = -1
    while (before !== sent) {
      before = sent
      await new Promise(resolve => setTimeout(resolve, 50))
    }
    expect(sent).toBeLessThan(32 << 20)
    pump.unpipe()
    found.ended.catch(() => {})
    found.close()
  })
})

describe('port-forward', () => {
  test('over SPDY: many connections, each with its own end', async () => {
    const forward = await openPortForward(connection, POD)
    const through = async (words: string): Promise<string> => {
      const local = new PassThrough()
      const remote = new PassThrough()
      const socket = Duplex.from({ readable: local, writable: remote })
      const said = text(remote)
      void forward.join(socket, echoPort())
      local.end(words)
      return said
    }
    const all = await Promise.all(['one', 'two', 'x'.repeat(300_000)].map(through))
    expect(all).toEqual(['one', 'two', 'x'.repeat(300_000)])
    forward.close()
  })

  test('over SPDY: what went wrong with a connection is told on its error stream', async () => {
    const forward = await openPortForward(connection, POD)
    const problem = await forward.join(new PassThrough(), 1)
    expect(problem).toMatch(/^error forwarding port 1 to pod a, uid [0-9a-f-]+: connect: connection refused$/)
    forward.close()
  })

  test('over SPDY: a client that left while the connection was being made leaves none behind', async () => {
    const path = '/api/v1/namespaces/default/pods/a/portforward'
    const spdy = openSpdy(await upgradeToSpdy(connection, path, 'portforward.k8s.io'))
    const pair = async (id: string, wanted: number) => {
      const headers = Object.entries({ port: String(wanted), requestid: id })
      const error = await spdy.open(new Map([['streamtype', 'error'], ...headers] as const))
      return { error, data: await spdy.open(new Map([['streamtype', 'data'], ...headers] as const)) }
    }
    const slow = await pair('0', SLOW_PORT)
    slow.data.reset()
    // The server takes one thing after the other: when it has answered this, it knows of the other.
    expect(await text((await pair('1', 1)).error)).toContain('connection refused')
    const target = new PassThrough()
    connectSlowly!(target)
    await once(target, 'close')
    spdy.close()
  })

  test("over a WebSocket's channels: two a port, which begin with its number", async () => {
    const wanted = echoPort()
    const socket = rawSocket(`a/portforward?ports=${wanted},1`, 'v4.channel.k8s.io')
    const heard: Buffer[] = []
    socket.on('message', (data: Buffer) => heard.push(data))
    await once(socket, 'open')
    socket.send(Buffer.from('\0hello'))
    const has = (channel: number, words: string): boolean =>
      heard.some(bytes => bytes[0] === channel && bytes.subarray(1).toString().includes(words))
    while (!(has(0, 'hello') && has(3, 'connection refused'))) await once(socket, 'message')
    const name = Buffer.alloc(2)
    name.writeUInt16LE(wanted)
    expect(heard.find(bytes => bytes[0] === 0)!.subarray(1)).toEqual(name)
    expect(heard.find(bytes => bytes[0] === 1)!.subarray(1)).toEqual(name)
    socket.close()
  })
})
