/** Sandboxes as pods meet them, with real namespaces where this machine allows them. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { systemClock } from '../../base/clock.ts'
import { createPodNetwork, wireName } from '../../network/pod-network.ts'
import { createSandboxes } from './create-sandboxes.ts'
import { hostView } from './host-view.ts'
import type { Isolation, Sandbox, Sandboxes } from './sandbox.ts'
import { childCommands } from './testdata/child-commands.ts'

interface Place {
  readonly sandboxes: Sandboxes
  readonly state: string
}

const newState = (): string => realpathSync(mkdtempSync(join(tmpdir(), 'solvent-sandbox-')))

async function open(atMost: Isolation, state = newState()): Promise<Place> {
  const network = createPodNetwork({ commands: childCommands, folder: join(state, 'network') })
  const folder = join(state, 'sandboxes')
  const sandboxes = await createSandboxes({ commands: childCommands, folder, clock: systemClock, network, atMost })
  return { sandboxes, state }
}

async function close({ sandboxes, state }: Place): Promise<void> {
  await sandboxes.close()
  rmSync(state, { recursive: true, force: true })
}

/** What this machine allows, found out once. */
const possible = await (async () => {
  const best = await open('full')
  const mount = await open('mount')
  const found = new Set([best.sandboxes.isolation, mount.sandboxes.isolation])
  const why = { full: best.sandboxes.limitation, mount: mount.sandboxes.limitation }
  await Promise.all([close(best), close(mount)])
  return { found, why }
})()

const inside = (sandbox: Sandbox, script: string) =>
  childCommands.run([...sandbox.enter, 'sh', '-c', script]).then(({ code, stdout, stderr }) => {
    expect(stderr).toBe('')
    expect(code).toBe(0)
    return stdout.trim()
  })

/** A process inside that says a line when it is ready. */
async function start(sandbox: Sandbox, ...argv: readonly string[]): Promise<ChildProcess> {
  const [program = '', ...args] = [...sandbox.enter, 'sh', '-c', '"$@" & wait $!', 'wrapper', ...argv]
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(child.stdout!, 'data')
  return child
}

const node = (program: string): readonly string[] => [process.execPath, '-e', program]

interface Life {
  readonly state: string
  readonly isolation: Isolation
  readonly limitation?: string
  readonly made: readonly Sandbox[]
  kill(): Promise<void>
  /** Tells it to close its sandboxes, and waits for its end. */
  close(): Promise<void>
}

/** A process of its own with sandboxes. `before` is put before its command. */
async function startLife({
  isolation,
  count,
  before = [],
  state = newState(),
  patience = 15,
}: LifeOptions): Promise<Life> {
  const [program = '', ...args] = [
    ...before,
    process.execPath,
    lifeProgram,
    state,
    isolation,
    String(count),
    String(patience),
  ]
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  const ended = once(child, 'exit')
  const end = async (act: () => void): Promise<void> => {
    act()
    await ended
  }
  return {
    state,
    ...(JSON.parse(String(line)) as Pick<Life, 'isolation' | 'limitation' | 'made'>),
    kill: () => end(() => child.kill('SIGKILL')),
    close: () => end(() => child.stdin.end('close')),
  }
}

interface LifeOptions {
  readonly isolation: Isolation
  readonly count: number
  readonly before?: readonly string[]
  readonly patience?: number
  readonly state?: string
}

const lifeFolder = mkdtempSync(join(tmpdir(), 'solvent-life-'))
chmodSync(lifeFolder, 0o755)
const lifeProgram = join(lifeFolder, 'life.mjs')
await build({
  entryPoints: [join(import.meta.dirname, '../../../test/sandbox/life.ts')],
  outfile: lifeProgram,
  bundle: true,
  platform: 'node',
  format: 'esm',
})
afterAll(() => rmSync(lifeFolder, { recursive: true, force: true }))

/** What of the machine a sandbox could leave behind: top-level names, folders that pods mount in, mounts, interfaces. */
const traces = () => ({
  names: ['/', '/etc', '/run', '/var', '/var/lib', '/mnt'].map(folder => readdirSync(folder).sort()),
  // Not those of other tests, which work in folders of their own.
  mounts: hostView.mountPoints().filter(point => !point.startsWith(tmpdir()) || point.includes('solvent-sandbox-')),
})

const interfacesOf = ({ state }: { readonly state: string }): readonly string[] => {
  const wire = wireName(join(state, 'network'))
  return interfaces().filter(name => name === wire)
}
const interfaces = (): readonly string[] => readdirSync('/sys/class/net')

describe.each<Isolation>(['none', 'mount', 'full'])('with isolation %s', isolation => {
  const isHere = isolation === 'none' || possible.found.has(isolation)
  if (!isHere) {
    test.skip(`not on this machine: ${possible.why[isolation as 'full' | 'mount']}`, () => {})
    return
  }
  let place: Place
  beforeAll(async () => {
    place = await open(isolation)
  })
  afterAll(() => close(place))
  const make = async (): Promise<Sandbox> => {
    const sandbox = await place.sandboxes.create()
    onTestFinished(() => sandbox.destroy())
    return sandbox
  }

  test('says what it is, and why it is no better', () => {
    expect(place.sandboxes.isolation).toBe(isolation)
    if (isolation === 'full') expect(place.sandboxes.limitation).toBeUndefined()
    else expect(place.sandboxes.limitation).toBe(`limited to ${isolation}`)
  })

  test('two pods have addresses and folders of their own', async () => {
    const [a, b] = [await make(), await make()]
    if (process.platform === 'linux') expect(a.address).not.toBe(b.address)
    expect(a.root).not.toBe(b.root)
  })

  test('host name and names are in its hosts file, and change in place', async () => {
    const sandbox = await make()
    await sandbox.setHosts('pod-a', [])
    await sandbox.setHosts('pod-a', [{ address: '10.9.8.7', names: ['b.svc', 'b'] }])
    const text = readFileSync(join(sandbox.root, 'etc/hosts'), 'utf8')
    expect(text).toContain(`${sandbox.address}\tpod-a\n`)
    expect(text).toContain('10.9.8.7\tb.svc b\n')
    expect(text).toContain(`${sandbox.apiHost}\tkubernetes kubernetes.default `)
    expect(readFileSync(join(sandbox.root, 'etc/hostname'), 'utf8')).toBe('pod-a\n')
  })

  test('one that comes after another finds nothing of it', async () => {
    const other = await open(isolation)
    onTestFinished(() => close(other))
    const first = await other.sandboxes.create()
    await first.setHosts('old', [{ address: '10.9.8.7', names: ['secret'] }])
    mkdirSync(join(first.root, 'data'))
    writeFileSync(join(first.root, 'var/run/secrets/kubernetes.io/serviceaccount/token'), 'old')
    await first.destroy()
    const second = await other.sandboxes.create()
    // With namespaces it is the same one, emptied.
    expect(second.id === first.id).toBe(isolation !== 'none')
    expect(existsSync(join(second.root, 'data'))).toBe(false)
    expect(readFileSync(join(second.root, 'etc/hosts'), 'utf8')).toBe('')
    expect(readdirSync(join(second.root, 'var/run/secrets/kubernetes.io/serviceaccount'))).toEqual([])
  })

  test('destroying twice is destroying once', async () => {
    const sandbox = await place.sandboxes.create()
    await Promise.all([sandbox.destroy(), sandbox.destroy()])
    const [a, b] = [await make(), await make()]
    expect(a.id).not.toBe(b.id)
  })
})

test('without mount namespaces a mount is refused with the reason', async () => {
  const place = await open('none')
  onTestFinished(() => close(place))
  const sandbox = await place.sandboxes.create()
  expect(sandbox.enter).toEqual([])
  expect(await sandbox.mount([{ source: '/tmp', target: '/data', readOnly: false }])).toEqual({
    ok: false,
    message: 'no mount namespaces on this machine: limited to none',
  })
})

describe.each<Isolation>(['mount', 'full'])('inside isolation %s', isolation => {
  if (!possible.found.has(isolation)) {
    test.skip(`not on this machine: ${possible.why[isolation as 'full' | 'mount']}`, () => {})
    return
  }
  let place: Place
  let before: ReturnType<typeof traces>
  beforeAll(async () => {
    before = traces()
    place = await open(isolation)
  })
  afterEach(() => expect(traces()).toEqual(before))
  afterAll(() => close(place))
  const make = async (): Promise<Sandbox> => {
    const sandbox = await place.sandboxes.create()
    onTestFinished(() => sandbox.destroy())
    return sandbox
  }

  test('names resolve by getaddrinfo, unknown ones fail, and the host name is the pod’s', async () => {
    const sandbox = await make()
    await sandbox.setHosts('pod-a', [{ address: '10.9.8.7', names: ['other.svc'] }])
    expect(await inside(sandbox, 'hostname')).toBe('pod-a')
    const look = `require('dns').lookup(process.argv[1], (error, address) => console.log(error?.code ?? address))`
    const lookup = (name: string) =>
      childCommands
        .run([...sandbox.enter, 'sh', '-c', '"$@"; :', 'sh', ...node(look), name])
        .then(({ stdout }) => stdout.trim())
    expect(await lookup('other.svc')).toBe('10.9.8.7')
    expect(await lookup('pod-a')).toBe(sandbox.address)
    expect(await lookup('kubernetes.default.svc')).toBe(sandbox.apiHost)
    // In place: what runs already sees it.
    await sandbox.setHosts('pod-a', [{ address: '10.9.8.6', names: ['other.svc'] }])
    expect(await lookup('other.svc')).toBe('10.9.8.6')
    if (isolation === 'full') expect(await lookup('nobody.example')).toMatch(/^E/)
  })

  test('programs and files of the machine are there, under their own paths', async () => {
    const sandbox = await make()
    const own = join(place.state, 'own.txt')
    writeFileSync(own, 'mine')
    expect(await inside(sandbox, `cat ${own}`)).toBe('mine')
    expect(await inside(sandbox, `'${process.execPath}' -p 1+1 && /bin/sh -c 'echo ok'`)).toBe('2\nok')
    expect(
      await inside(sandbox, 'echo x >/dev/null && head -c1 /dev/zero | wc -c && [ -d /dev/shm ] && [ -d /sys/class ]'),
    ).toBe('1')
  })

  test('what it writes reaches the host, and what the host makes later is visible', async () => {
    const sandbox = await make()
    await inside(sandbox, `mkdir ${place.state}/made && echo pod >${place.state}/made/file`)
    expect(readFileSync(join(place.state, 'made/file'), 'utf8')).toBe('pod\n')
    writeFileSync(join(place.state, 'made/later'), 'host')
    expect(await inside(sandbox, `cat ${place.state}/made/later`)).toBe('host')
  })

  test('the processes of other pods and of the machine are hidden', async () => {
    const [a, b] = [await make(), await make()]
    const sleeper = await start(a, ...node('console.log("up"); setInterval(() => {}, 1e9)'))
    onTestFinished(() => void sleeper.kill('SIGKILL'))
    const seen = await inside(b, 'for each in /proc/[0-9]*; do echo $each; done')
    // The holder, and the shell that looks.
    expect(seen.split('\n').length).toBeLessThanOrEqual(2)
    expect(seen).toContain('/proc/1')
  })

  test('the token’s folder is mounted ahead', async () => {
    const sandbox = await make()
    const folder = '/var/run/secrets/kubernetes.io/serviceaccount'
    writeFileSync(join(sandbox.root, folder, 'token'), 'abc')
    expect(await inside(sandbox, `cat ${folder}/token`)).toBe('abc')
  })

  test('mounts appear where nothing was, beside what is there, and read-only where asked', async () => {
    const sandbox = await make()
    const [plan, data, top] = ['plan', 'data', 'top'].map(name => join(sandbox.volumes, name)) as [
      string,
      string,
      string,
    ]
    for (const folder of [plan, data, top]) mkdirSync(folder)
    writeFileSync(join(plan, 'launcher.sh'), 'echo launched')
    await sandbox.setHosts('pod-a', [])
    const mounted = await sandbox.mount([
      { source: plan, target: '/etc/solvent/plan', readOnly: true },
      { source: data, target: '/var/solvent/scratch', readOnly: false },
      { source: top, target: '/solvent-top/deep', readOnly: false },
      { source: join(plan, 'launcher.sh'), target: '/solvent-file', readOnly: false },
    ])
    expect(mounted).toEqual({ ok: true })
    expect(await inside(sandbox, 'sh /etc/solvent/plan/launcher.sh; sh /solvent-file')).toBe('launched\nlaunched')
    expect(await inside(sandbox, 'touch /etc/solvent/plan/x 2>/dev/null || echo refused')).toBe('refused')
    await inside(sandbox, 'echo 1 >/var/solvent/scratch/x; echo 2 >/solvent-top/deep/y')
    expect(readFileSync(join(data, 'x'), 'utf8')).toBe('1\n')
    expect(readFileSync(join(top, 'y'), 'utf8')).toBe('2\n')
    // The covers hide nothing: files, folders, and the hosts file that was mounted before.
    expect(await inside(sandbox, 'test -s /etc/passwd && test -d /var/lib && ls /etc | wc -l')).not.toBe('0')
    expect(await inside(sandbox, 'cat /etc/hosts')).toContain('pod-a')
    // And a mount of a mount.
    mkdirSync(join(data, 'sub'))
    expect(await sandbox.mount([{ source: plan, target: '/var/solvent/scratch/sub', readOnly: true }])).toEqual({
      ok: true,
    })
    expect(await inside(sandbox, 'ls /var/solvent/scratch/sub')).toBe('launcher.sh')
  })

  test('folders below a cover still reach the host', async () => {
    const sandbox = await make()
    const parent = join(place.state, 'parent')
    mkdirSync(join(parent, 'existing'), { recursive: true })
    const source = join(sandbox.volumes, 'v')
    mkdirSync(source)
    expect(await sandbox.mount([{ source, target: join(parent, 'missing/point'), readOnly: false }])).toEqual({
      ok: true,
    })
    await inside(sandbox, `echo kept >${parent}/existing/file; echo lost >${parent}/missing/file`)
    expect(readFileSync(join(parent, 'existing/file'), 'utf8')).toBe('kept\n')
    expect(readdirSync(parent)).toEqual(['existing'])
  })

  test('where nothing can be made the pod is told', async () => {
    const sandbox = await make()
    expect(await sandbox.mount([{ source: '/tmp', target: '/proc/solvent', readOnly: false }])).toEqual({
      ok: false,
      message: '/proc/solvent does not exist, and nothing can be made in /proc',
    })
  })

  test('everything inside dies with its holder, and with the sandbox; the wrapper outside learns it', async () => {
    const sandbox = await place.sandboxes.create()
    const child = await start(sandbox, ...node('console.log("up"); setInterval(() => {}, 1e9)'))
    const ended = once(child, 'exit')
    await sandbox.destroy()
    expect(await ended).toEqual([137, null])

    const other = await place.sandboxes.create()
    const stubborn = await start(
      other,
      ...node('process.on("SIGTERM", () => {}); console.log("up"); setInterval(() => {}, 1e9)'),
    )
    const died = once(stubborn, 'exit')
    process.kill(
      Number(readFileSync(join(place.state, 'sandboxes', other.id, 'holder'), 'utf8').split(' ')[0]),
      'SIGKILL',
    )
    expect(await died).toEqual([137, null])
    await other.destroy()
    expect(existsSync(join(place.state, 'sandboxes', other.id))).toBe(false)
  })

  test('one with mounts of its pod is not used again', async () => {
    const sandbox = await place.sandboxes.create()
    await sandbox.mount([{ source: '/tmp', target: '/solvent-data', readOnly: false }])
    await sandbox.destroy()
    expect((await make()).id).not.toBe(sandbox.id)
    expect(existsSync(sandbox.root)).toBe(false)
  })

  test.each([
    ['a file in the root', 'echo x >/left'],
    ['a file beside the token', 'echo x >/run/secrets/left'],
    ['a file in a covered folder', 'echo x >/run/left'],
    ['a mount of its own', 'mount -t tmpfs none /mnt'],
  ])('one that its pod left %s in is not used again', async (_, script) => {
    const sandbox = await place.sandboxes.create()
    await inside(sandbox, script)
    await sandbox.destroy()
    expect(existsSync(sandbox.root)).toBe(false)
  })

  test('after kill -9 a new life keeps the pods that it is told of, and frees the rest', async () => {
    const life = await startLife({ isolation, count: 2 })
    const [kept, lost] = life.made as [Sandbox, Sandbox]
    const child = await start(kept, ...node('console.log("up"); setInterval(() => {}, 1e9)'))
    const gone = await start(lost, ...node('console.log("up"); setInterval(() => {}, 1e9)'))
    const [keptEnd, lostEnd] = [once(child, 'exit'), once(gone, 'exit')]
    await life.kill()

    const second = await open(isolation, life.state)
    onTestFinished(() => close(second))
    const recovered = await second.sandboxes.recover([kept.id, 'unknown'])
    expect(recovered.map(sandbox => sandbox.id)).toEqual([kept.id])
    const again = recovered[0]!
    expect(again.address).toBe(kept.address)
    expect(await lostEnd).toEqual([137, null])
    expect(existsSync(lost.root)).toBe(false)
    expect(child.exitCode).toBe(null)
    expect(await inside(again, 'hostname')).toBe('pod-0')
    await again.setHosts('pod-0', [{ address: '10.9.8.7', names: ['new'] }])
    expect(await inside(again, 'cat /etc/hosts')).toContain('10.9.8.7\tnew')
    expect((await second.sandboxes.create()).address).not.toBe(kept.address)
    await again.destroy()
    expect(await keptEnd).toEqual([137, null])
  })

  test('after kill -9 and no new life, every holder ends by itself', async () => {
    const life = await startLife({ isolation, count: 2, patience: 1 })
    const child = await start(life.made[0]!, ...node('console.log("up"); setInterval(() => {}, 1e9)'))
    const ended = once(child, 'exit')
    await life.kill()
    expect(await ended).toEqual([137, null])
    await vi.waitFor(() => expect(interfacesOf(life)).toEqual([]), 10_000)
    rmSync(life.state, { recursive: true, force: true })
  })
})

describe('the network of full isolation', () => {
  if (!possible.found.has('full')) {
    test.skip(`not on this machine: ${possible.why.full}`, () => {})
    return
  }
  let place: Place
  beforeAll(async () => {
    place = await open('full')
  })
  afterAll(() => close(place))

  const serve = (text: string): readonly string[] =>
    node(`require('net').createServer(s => s.end('${text}')).listen(8080, '0.0.0.0', () => console.log('up'))`)
  const fetchFrom = (address: string): string =>
    `'${process.execPath}' -e "require('net').connect(8080, '${address}').on('data', d => console.log(String(d)))"`

  test('two pods both listen on 0.0.0.0:8080, and reach each other and the host', async () => {
    const [a, b] = [await place.sandboxes.create(), await place.sandboxes.create()]
    const servers = [await start(a, ...serve('from a')), await start(b, ...serve('from b'))]
    expect(await inside(a, fetchFrom(b.address))).toBe('from b')
    expect(await inside(b, fetchFrom(a.address))).toBe('from a')
    expect((await childCommands.run(['sh', '-c', fetchFrom(a.address)])).stdout).toBe('from a\n')
    const ends = servers.map(server => once(server, 'exit'))
    await Promise.all([a.destroy(), b.destroy()])
    await Promise.all(ends)
  })

  test('an open connection to a pod that is gone is reset at the next word, and a new one refused', async () => {
    const sandbox = await place.sandboxes.create()
    // A mount of its own: it is ended, not used again.
    expect(await sandbox.mount([{ source: place.state, target: '/solvent-gone', readOnly: true }])).toEqual({
      ok: true,
    })
    const server = await start(
      sandbox,
      ...node(`require('net').createServer(s => s.on('error', () => {})).listen(8080, () => console.log('up'))`),
    )
    const client = connect({ port: 8080, host: sandbox.address, allowHalfOpen: true })
    await once(client, 'connect')
    const end = once(server, 'exit')
    const failed = once(client, 'error') as Promise<[NodeJS.ErrnoException]>
    await sandbox.destroy()
    await end
    // Once the pod has said goodbye nobody listens for a reset: the next word meets it.
    const words = setInterval(() => client.write('anybody there?'), 20)
    expect((await failed.finally(() => clearInterval(words)))[0].code).toMatch(/ECONNRESET|EPIPE/)
    const again = connect(8080, sandbox.address)
    expect(((await once(again, 'error')) as [NodeJS.ErrnoException])[0].code).toBe('ECONNREFUSED')
  })

  test('only the pod’s own interfaces are inside', async () => {
    const sandbox = await place.sandboxes.create()
    expect(await inside(sandbox, 'ls /sys/class/net')).toBe('eth0\nlo')
    await sandbox.destroy()
  })

  test('a killed keeper of the network is started again, and nobody notices', async () => {
    const a = await place.sandboxes.create()
    const server = await start(a, ...serve('from a'))
    const keeper = () => Number(readFileSync(join(place.state, 'network/keeper'), 'utf8'))
    const first = keeper()
    process.kill(first, 'SIGKILL')
    const taken: Sandbox[] = []
    // More than wait to be used again: the last is new, and was wired after the death.
    while (taken.length < 18) taken.push(await place.sandboxes.create())
    expect(await inside(taken.at(-1)!, fetchFrom(a.address))).toBe('from a')
    await vi.waitFor(() => expect(keeper()).not.toBe(first), 10_000)
    const end = once(server, 'exit')
    await Promise.all([a, ...taken].map(sandbox => sandbox.destroy()))
    await end
  })

  test('with server and keeper killed at once the kernel removes everything by itself', async () => {
    const life = await startLife({ isolation: 'full', count: 2, patience: 1 })
    process.kill(Number(readFileSync(join(life.state, 'network/keeper'), 'utf8')), 'SIGKILL')
    await life.kill()
    await vi.waitFor(() => expect(interfacesOf(life)).toEqual([]), 10_000)
    rmSync(life.state, { recursive: true, force: true })
  })

  test('close leaves no interface behind', async () => {
    const other = await open('full')
    await other.sandboxes.create()
    expect(interfacesOf(other)).toHaveLength(1)
    await close(other)
    expect(interfacesOf(other)).toEqual([])
  })
})

describe('for a user who is not root', () => {
  const nobody = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups']
  const isHere = process.platform === 'linux' && process.getuid?.() === 0

  test.skipIf(!isHere)('mount isolation by user namespaces, where the machine allows them', async () => {
    const allowed = await childCommands.run([...nobody, 'unshare', '--user', '--map-root-user', '--mount', 'true'])
    const state = newState()
    chownSync(state, 65534, 65534)
    const life = await startLife({ isolation: 'full', count: 1, before: nobody, state })
    expect(life.isolation).toBe(allowed.code === 0 ? 'mount' : 'none')
    expect(life.limitation).toContain('no network of their own: not root')
    const { enter, address } = life.made[0]!
    const seen = await childCommands.run([
      ...nobody,
      ...enter,
      'sh',
      '-c',
      `hostname; cat /etc/hosts; echo x >${state}/made`,
    ])
    expect(seen.stderr).toBe('')
    if (life.isolation === 'mount') expect(seen.stdout.split('\n')[0]).toBe('pod-0')
    if (life.isolation === 'mount') expect(seen.stdout).toContain(`${address}\tpod-0`)
    expect(statSync(join(state, 'made')).uid).toBe(65534)
    await life.close()
    expect(existsSync(join(state, 'sandboxes'))).toBe(false)
    rmSync(state, { recursive: true, force: true })
  })
})
