/** Commands inside running pods: real processes under a real spawner. */

import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { buffer, text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ApiServer, createApiServer } from '../../apiserver/server.ts'
import { memoryStore } from '../../apiserver/store/open-store.ts'
import { systemClock } from '../../base/clock.ts'
import type { ExecOptions, NodeStreams, Session } from '../../client/node-api.ts'
import type { Pod } from '../../kube/core.ts'
import type { KubeObject } from '../../kube/object.ts'
import { type NodeAgent, startNodeAgent } from '../agent/agent.ts'
import { findProgram } from '../runtimes/find-program.ts'
import { createTestbed, type Testbed, until } from '../testbed.ts'

const serviceAccountKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
const canMakeTerminals = process.platform === 'linux' && 'path' in findProgram('script', '/usr/bin:/bin', '/', '/')

let bed: Testbed
let server: ApiServer
let agent: NodeAgent
let streams: NodeStreams
let pod: Pod

beforeAll(async () => {
  bed = await createTestbed()
  const pki = { ca: '', serverKey: '', serverCertificate: '', adminToken: 'x', serviceAccountKey }
  server = createApiServer({ store: memoryStore(), pki })
  for (const name of ['default', 'kube-node-lease']) {
    await server.api.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })
  }
  await server.api.create({
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'default', namespace: 'default' },
  })
  agent = await startNodeAgent({
    api: server.api,
    spawner: bed.spawner,
    sandboxes: bed.sandboxes,
    clock: systemClock,
    stateDir: bed.stateDir,
    nodeName: 'n',
    apiPort: 6443,
    warmProcesses: 0,
    log: () => {},
  })
  streams = agent.streams!
  pod = await start('long', ['sleep', '1000'])
})
afterAll(async () => {
  await agent.stop({ podsGraceMs: 0 })
  await server.close()
  await bed.dispose()
})

async function start(name: string, command: readonly string[], more: object = {}): Promise<Pod> {
  await server.api.create({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default' },
    spec: {
      nodeName: 'n',
      restartPolicy: 'Never',
      automountServiceAccountToken: false,
      containers: [{ name: 'main', command, env: [{ name: 'GREETING', value: 'hello' }], ...more }],
    },
  } as KubeObject)
  const get = () => server.api.get<Pod>({ apiVersion: 'v1', kind: 'Pod', namespace: 'default', name })
  let found = await get()
  await until(() => {
    void get().then(next => {
      found = next
    })
    return found.status?.phase === 'Running'
  })
  return found
}

const exec = (command: readonly string[], options: Partial<ExecOptions> = {}): Promise<Session> =>
  streams.exec(pod, 'main', { command, stdin: false, stdout: true, stderr: true, tty: false, ...options })

const sh = (script: string, options?: Partial<ExecOptions>): Promise<Session> => exec(['sh', '-c', script], options)

const isRunning = (words: string): boolean =>
  readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .some(name => {
      try {
        return readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ').startsWith(words)
      } catch {
        return false
      }
    })

describe('a command', () => {
  test('has its own outputs, the variables of the container, and an exit code', async () => {
    const session = await sh('echo $GREETING; echo wrong >&2; exit 3')
    const said = await Promise.all([text(session.stdout!), text(session.stderr!), session.ended])
    expect(said).toEqual(['hello\n', 'wrong\n', 3])
    await until(() => readdirSync(join(bed.stateDir, 'streams')).length === 0)
  })

  test('reads what it is given to its end', async () => {
    const session = await exec(['cat'], { stdin: true })
    const bytes = Buffer.alloc(1 << 20, 'xyz')
    session.stdin!.end(bytes)
    expect((await buffer(session.stdout!)).equals(bytes)).toBe(true)
    expect(await session.ended).toBe(0)
  })

  test('without input it reads nothing', async () => {
    const session = await exec(['cat'])
    expect(await text(session.stdout!)).toBe('')
    expect(await session.ended).toBe(0)
  })

  test('its outputs are pipes that can be opened by name', async () => {
    const session = await sh('echo there > /dev/stdout; [ -p /dev/stderr ]')
    expect(await text(session.stdout!)).toBe('there\n')
    expect(await session.ended).toBe(0)
  })

  test('what it leaves behind holds nobody up', async () => {
    const session = await sh('setsid sleep 2 & echo done')
    expect(await session.ended).toBe(0)
    expect(await text(session.stdout!)).toBe('done\n')
  })

  test('that is not there is said in the words of container runtimes', async () => {
    await expect(exec(['no-such-program'])).rejects.toThrow(
      'error executing command in container: exec: "no-such-program": executable file not found in $PATH',
    )
  })

  test('in a container that does not run is refused', async () => {
    await expect(
      streams.exec(pod, 'other', { command: ['true'], stdin: false, stdout: true, stderr: true, tty: false }),
    ).rejects.toThrow('container not found ("other")')
  })
})

describe('nothing outlives who asked for it', () => {
  test('when the caller leaves, the command and all below it are killed, whatever they ignore', async () => {
    const session = await sh("trap '' HUP TERM; setsid sleep 4402 & sleep 4403 & echo up; wait")
    await once(session.stdout!, 'data')
    await until(() => isRunning('sleep 4402'))
    session.close()
    expect(await session.ended).toBe(137)
    await until(() => !isRunning('sleep 4402') && !isRunning('sleep 4403'))
  })

  test('when the container ends, so do the commands in it', async () => {
    const short = await start('short', ['sleep', '1001'])
    const options = { command: ['sleep', '4404'], stdin: false, stdout: true, stderr: true, tty: false }
    const session = await streams.exec(short, 'main', options)
    await server.api.delete(
      { apiVersion: 'v1', kind: 'Pod', namespace: 'default', name: 'short' },
      { gracePeriodSeconds: 0 },
    )
    expect(await session.ended).toBe(137)
  })

  test('a caller that does not read holds the command up, not this process', async () => {
    const session = await sh('head -c 50000000 /dev/zero; echo end >&2')
    session.stderr!.resume()
    session.stdout!.once('readable', () => {})
    await until(() => session.stdout!.readableLength > 0)
    expect(session.stdout!.readableLength).toBeLessThan(1 << 20)
    session.close()
    expect(await session.ended).toBe(137)
  })
})

describe.runIf(canMakeTerminals)('a terminal', () => {
  const inTerminal = (script: string) => sh(script, { stdin: true, stderr: false, tty: true })

  test('is one to the command, of the size that was said first', async () => {
    const session = await inTerminal('[ -t 0 ] && [ -t 1 ] && [ -t 2 ] && stty size; exit 7')
    session.resize({ width: 91, height: 31 })
    expect(await text(session.stdout!)).toBe('31 91\r\n')
    expect(await session.ended).toBe(7)
  })

  test('tells the command of another size', async () => {
    const session = await inTerminal('trap "stty size; exit 0" WINCH; echo up; while :; do sleep 0.02; done')
    session.resize({ width: 80, height: 24 })
    await once(session.stdout!, 'data')
    session.resize({ width: 100, height: 50 })
    expect(await text(session.stdout!)).toContain('50 100')
    expect(await session.ended).toBe(0)
  })

  test('passes keys on, ^C among them, and echoes', async () => {
    const session = await inTerminal(
      'trap "echo caught; exit 9" INT; echo up; read -r line; echo "got $line"; sleep 1000',
    )
    session.resize({ width: 80, height: 24 })
    let said = ''
    session.stdout!.on('data', chunk => {
      said += chunk
    })
    await until(() => said.includes('up'))
    session.stdin!.write('typed\r')
    await until(() => said.includes('got typed'))
    session.stdin!.write('\x03')
    expect(await session.ended).toBe(9)
    expect(said).toContain('typed\r\ngot typed')
  })

  test('goes with all that runs in it when the caller leaves', async () => {
    const session = await inTerminal("trap '' HUP; sleep 4405 & echo up; wait")
    session.resize({ width: 80, height: 24 })
    await once(session.stdout!, 'data')
    session.close()
    await session.ended
    await until(() => !isRunning('sleep 4405'))
  })
})

test('attach shows what the main process writes from now on, until it ends', async () => {
  const talker = await start('talker', ['sh', '-c', 'echo before; until [ -e go ]; do sleep 0.02; done; echo after'])
  const session = await streams.attach(talker, 'main', { stdin: false, stdout: true, stderr: true, tty: false })
  const go = await streams.exec(talker, 'main', {
    command: ['touch', 'go'],
    stdin: false,
    stdout: true,
    stderr: true,
    tty: false,
  })
  await go.ended
  expect(await text(session.stdout!)).toBe('after\n')
  expect(await session.ended).toBe(0)
})

test('attach feeds a container that has an input; with stdinOnce its end is the end', async () => {
  const reader = await start('reader', ['cat'], { stdin: true, stdinOnce: true })
  const session = await streams.attach(reader, 'main', { stdin: true, stdout: true, stderr: true, tty: false })
  session.stdin!.end('typed')
  expect(await text(session.stdout!)).toBe('typed')
  expect(await session.ended).toBe(0)
})

test('without stdinOnce the next one goes on typing', async () => {
  const lines = await start('lines', ['sh', '-c', 'read -r a; read -r b; echo $a $b'], { stdin: true })
  const options = { stdin: true, stdout: true, stderr: true, tty: false }
  const first = await streams.attach(lines, 'main', options)
  first.stdin!.end('one\n')
  first.close()
  await first.ended
  const second = await streams.attach(lines, 'main', options)
  second.stdin!.write('two\n')
  expect(await text(second.stdout!)).toBe('one two\n')
})

test.runIf(canMakeTerminals)('a container with a terminal has its size from who is attached, and keys', async () => {
  const wait = 'until [ "$(stty size)" = "30 99" ]; do sleep 0.02; done; read -r a; echo "got $a"'
  const shell = await start('shell', ['sh', '-c', wait], { stdin: true, tty: true })
  const session = await streams.attach(shell, 'main', { stdin: true, stdout: true, stderr: false, tty: true })
  session.resize({ width: 99, height: 30 })
  session.stdin!.write('typed\r')
  expect(await text(session.stdout!)).toContain('got typed\r\n')
})

test('a container that is added to a pod that runs is attached to like any other', async () => {
  const target = await start('target', ['sleep', '1000'])
  const look = {
    name: 'look',
    image: 'busybox',
    stdin: true,
    command: ['sh', '-c', 'read -r a; echo "saw $a"; exit 4'],
  }
  const ref = { apiVersion: 'v1', kind: 'Pod', namespace: 'default', name: 'target' }
  await server.api.patch(
    ref,
    'strategic',
    { spec: { ephemeralContainers: [look] } },
    { subresource: 'ephemeralcontainers' },
  )
  let found = target
  const state = () => found.status?.ephemeralContainerStatuses?.[0]?.state
  const untilItIs = (kind: 'running' | 'terminated') =>
    until(() => {
      void server.api.get<Pod>(ref).then(next => {
        found = next
      })
      return state()?.[kind] !== undefined
    })
  await untilItIs('running')
  const session = await streams.attach(found, 'look', { stdin: true, stdout: true, stderr: true, tty: false })
  session.stdin!.write('this\n')
  expect(await text(session.stdout!)).toBe('saw this\n')
  await untilItIs('terminated')
  expect([state()?.terminated?.exitCode, found.status?.phase]).toEqual([4, 'Running'])
})

describe('a port of a pod', () => {
  test('is reached, and what nobody listens on is said', async () => {
    const listener = createServer(socket => socket.end('welcome')).listen(0, '127.0.0.1')
    await once(listener, 'listening')
    const { port } = listener.address() as { port: number }
    const connection = await streams.portForward(pod, port)
    expect(await text(connection)).toBe('welcome')
    listener.close()
    await once(listener, 'close')
    await expect(streams.portForward(pod, port)).rejects.toThrow(
      `failed to connect to localhost:${port} inside the pod: connect: connection refused`,
    )
  })
})
