/**
 * The two sides, each in a fresh folder, pinned to the servers' core: ours (one process), and etcd + kube-apiserver (two, built by the set-up of
 * `test/cluster`). Same keys, same authority, same kind of tokens. One that is not being measured is stopped (SIGSTOP), so that it takes
 * nothing from the other.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { createPublicKey } from 'node:crypto'
import { mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'
import { AS_COMMONJS } from '../../scripts/as-commonjs.js'
import { ensurePki } from '../../src/apiserver/pki/pki.ts'
import { packageRoot } from '../../src/base/package-root.ts'
import { type Endpoint, RawConnection } from './raw-client.ts'

export interface SideOptions {
  readonly folder: string
  readonly sync: boolean
  /** The core that the servers get. */
  readonly core: number
}

export interface Side {
  readonly name: string
  readonly admin: Endpoint
  /** Fresh: nothing is left of an earlier run. Returns the milliseconds until the first list was answered. */
  start(): Promise<number>
  pause(): void
  resume(): Promise<void>
  /** Proportional set size of all its processes, in bytes. */
  pssBytes(): number
  cpuSeconds(): number
  stop(): Promise<void>
}

const PORTS = { ours: 17443, apiserver: 17444, etcd: 17445, peer: 17446 }

class Processes {
  private children: ChildProcess[] = []
  private readonly core: number
  private readonly folder: string

  constructor(folder: string, core: number) {
    this.folder = folder
    this.core = core
    // Whatever ends the measuring ends what is measured: a stopped process would stay for ever.
    process.once('exit', () => this.signal('SIGKILL'))
  }

  start(name: string, program: string, args: readonly string[]): void {
    const log = openSync(join(this.folder, `${name}.log`), 'a')
    const pinned = ['-c', String(this.core), program, ...args]
    this.children.push(spawn('taskset', pinned, { stdio: ['ignore', log, log] }))
  }

  get pids(): readonly number[] {
    return this.children.flatMap(({ pid }) => pid ?? [])
  }

  signal(signal: NodeJS.Signals): void {
    for (const child of this.children) child.kill(signal)
  }

  async stop(): Promise<void> {
    this.signal('SIGCONT')
    for (const child of [...this.children].reverse()) {
      if (child.exitCode !== null || child.signalCode !== null) continue
      const gone = new Promise(resolve => child.once('exit', resolve))
      child.kill('SIGKILL')
      await gone
    }
    this.children = []
  }

  get hasEnded(): boolean {
    return this.children.some(({ exitCode, signalCode }) => exitCode !== null || signalCode !== null)
  }
}

/** Asks again and again, as `kubectl` in a script would, until the server lists the namespaces. */
async function firstList(processes: Processes, admin: Endpoint): Promise<void> {
  const deadline = performance.now() + 60_000
  while (performance.now() < deadline) {
    if (processes.hasEnded) throw new Error('a server ended while it started; its log is in the folder of the run')
    const connection = await RawConnection.open(admin).catch(() => undefined)
    const answer = await connection?.send({ method: 'GET', path: '/api/v1/namespaces' }).catch(() => undefined)
    connection?.close()
    if (answer?.status === 200) return
    await new Promise(resolve => setTimeout(resolve, 5))
  }
  throw new Error('no list was answered in a minute')
}

const fileOf = (pid: number, name: string): string => readFileSync(`/proc/${pid}/${name}`, 'utf8')

function side(name: string, options: SideOptions, port: number, launch: (processes: Processes) => void): Side {
  const processes = new Processes(options.folder, options.core)
  const folder = join(options.folder, 'pki')
  // Made beforehand for both: who starts is measured, not who makes keys.
  const pki = ensurePki(folder, ['10.96.0.1'])
  const admin: Endpoint = { host: '127.0.0.1', port, ca: pki.ca, token: pki.adminToken }
  return {
    name,
    admin,
    start: async () => {
      for (const rest of ['store', 'etcd']) rmSync(join(options.folder, rest), { recursive: true, force: true })
      const started = performance.now()
      launch(processes)
      await firstList(processes, admin)
      return performance.now() - started
    },
    pause: () => processes.signal('SIGSTOP'),
    resume: async () => {
      processes.signal('SIGCONT')
      await new Promise(resolve => setTimeout(resolve, 500))
    },
    pssBytes: () =>
      processes.pids.reduce(
        (sum, pid) => sum + Number(/^Pss:\s+(\d+)/m.exec(fileOf(pid, 'smaps_rollup'))?.[1]) * 1024,
        0,
      ),
    cpuSeconds: () =>
      processes.pids.reduce((sum, pid) => {
        const [, rest = ''] = fileOf(pid, 'stat').split(') ')
        const fields = rest.split(' ')
        return sum + (Number(fields[11]) + Number(fields[12])) / 100
      }, 0),
    stop: () => processes.stop(),
  }
}

/** As bin/server.js: what the first start compiled is there for the next. */
const STARTER = `const { load } = require(${JSON.stringify(join(packageRoot(), 'bin/bundle.js'))})
const { keep } = load(require('node:path').join(__dirname, 'server.cjs'))
setTimeout(keep, 1_000).unref()
`

export async function ourSide(options: SideOptions): Promise<Side> {
  mkdirSync(options.folder, { recursive: true })
  // Where node_modules is found; bundled, and started from V8's code cache, as the shipped server is.
  const made = join(packageRoot(), 'node_modules/.cache/bench-apiserver')
  const outfile = join(made, 'server.cjs')
  await build({
    entryPoints: [join(packageRoot(), 'bench/apiserver/our-server.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20.19',
    packages: 'external',
    ...AS_COMMONJS,
    logLevel: 'warning',
  })
  const starter = join(made, 'start.cjs')
  writeFileSync(starter, STARTER)
  return side('solvent', options, PORTS.ours, processes =>
    processes.start('solvent', process.execPath, [
      ...(process.env.SOLVENT_BENCH_NODE?.split(' ') ?? []),
      starter,
      options.folder,
      String(PORTS.ours),
      options.sync ? 'sync' : 'no-sync',
    ]),
  )
}

export function upstreamSide(options: SideOptions & { readonly kubernetes: string }): Side {
  const { folder, sync, kubernetes } = options
  mkdirSync(folder, { recursive: true })
  const pki = ensurePki(join(folder, 'pki'), ['10.96.0.1'])
  const write = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text, { mode: 0o600 })
    return join(folder, name)
  }
  const certificate = write('tls.crt', pki.serverCertificate)
  const key = write('tls.key', pki.serverKey)
  const accountKey = write('sa.key', pki.serviceAccountKey.export({ type: 'pkcs8', format: 'pem' }).toString())
  const publicKey = write(
    'sa.pub',
    createPublicKey(pki.serviceAccountKey).export({ type: 'spki', format: 'pem' }).toString(),
  )
  const tokens = write('tokens.csv', `${pki.adminToken},admin,admin,"system:masters"\n`)
  return side('kube-apiserver + etcd', options, PORTS.apiserver, processes => {
    processes.start('etcd', kubernetes, [
      'etcd',
      `--data-dir=${join(folder, 'etcd')}`,
      `--client-url=http://127.0.0.1:${PORTS.etcd}`,
      `--peer-url=http://127.0.0.1:${PORTS.peer}`,
      `--fsync=${sync}`,
    ])
    processes.start('kube-apiserver', kubernetes, [
      'kube-apiserver',
      `--etcd-servers=http://127.0.0.1:${PORTS.etcd}`,
      '--bind-address=127.0.0.1',
      '--endpoint-reconciler-type=none',
      `--secure-port=${PORTS.apiserver}`,
      `--tls-cert-file=${certificate}`,
      `--tls-private-key-file=${key}`,
      `--token-auth-file=${tokens}`,
      '--authorization-mode=RBAC',
      '--service-account-issuer=https://kubernetes.default.svc',
      `--service-account-key-file=${publicKey}`,
      `--service-account-signing-key-file=${accountKey}`,
      '--service-cluster-ip-range=10.96.0.0/16',
    ])
  })
}
