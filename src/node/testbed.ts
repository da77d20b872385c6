/**
 * For tests of this room: a state folder with a real spawner, whose programs are bundled from the sources as they stand, and sandboxes
 * without namespaces. Everything that was started is gone after `dispose`.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import { systemClock } from '../base/clock.ts'
import type { Sandbox, Sandboxes } from './sandbox/sandbox.ts'
import { launchSpawner } from './spawner/launch.ts'
import { lockOwner } from './spawner/lock.ts'
import { connectSpawner, type ProcessEnd, type Spawner } from './spawner/spawner-client.ts'

export interface Testbed {
  readonly stateDir: string
  readonly programs: { readonly spawner: string; readonly warm: string }
  readonly spawner: Spawner
  readonly sandboxes: Sandboxes
  /** Another client, as a restarted server has. */
  connect(): Promise<Spawner>
  /** Runs a command in a folder of its own. */
  start(argv: readonly string[], env?: Readonly<Record<string, string>>): Promise<StartedProcess>
  dispose(): Promise<void>
}

export interface StartedProcess {
  readonly pid: number
  readonly folder: string
  readonly ended: Promise<ProcessEnd>
  log(): string
}

const folderOf = (): string => mkdtempSync(join(tmpdir(), 'solvent-node-'))

async function bundle(folder: string): Promise<Testbed['programs']> {
  const source = import.meta.dirname
  await build({
    entryPoints: { spawner: join(source, 'spawner/main.ts'), warm: join(source, 'runtimes/warm-main.ts') },
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20.19',
    logLevel: 'warning',
  })
  return { spawner: join(folder, 'spawner.mjs'), warm: join(folder, 'warm.mjs') }
}

export async function createTestbed({ graceSeconds = 15 } = {}): Promise<Testbed> {
  const stateDir = folderOf()
  const programs = await bundle(join(stateDir, 'programs'))
  const clients: Spawner[] = []
  const launch = (): void => {
    launchSpawner({ stateDir, words: ['--no-server', '--grace', String(graceSeconds)], program: programs.spawner })
  }
  const connect = async (): Promise<Spawner> => {
    const client = await connectSpawner({ stateDir, clock: systemClock, launch, log: () => {} })
    clients.push(client)
    return client
  }
  launch()
  const spawner = await connect()
  let serial = 0

  return {
    stateDir,
    programs,
    spawner,
    sandboxes: bareSandboxes(join(stateDir, 'sandboxes')),
    connect,
    async start(argv, env = {}) {
      const folder = join(stateDir, `process-${serial++}`)
      mkdirSync(folder)
      let end: (end: ProcessEnd) => void = () => {}
      const ended = new Promise<ProcessEnd>(resolve => {
        end = resolve
      })
      const what = { process: folder, argv, env: { PATH: process.env.PATH ?? '', ...env }, cwd: '/', enter: [], folder }
      const { pid } = await spawner.start(what, end)
      return { pid, folder, ended, log: () => readFileSync(join(folder, 'log'), 'utf8') }
    },
    async dispose() {
      await spawner.shutdown(0).catch(() => {})
      for (const client of clients) client.close()
      await until(() => lockOwner(stateDir) === undefined)
      rmSync(stateDir, { recursive: true, force: true })
    },
  }
}

/** Isolation `none`, as small as it can be. */
function bareSandboxes(home: string): Sandboxes {
  let serial = 0
  const at = (id: string): Sandbox => {
    const root = join(home, id, 'root')
    const volumes = join(home, id, 'volumes')
    mkdirSync(join(root, 'etc'), { recursive: true })
    mkdirSync(volumes, { recursive: true })
    return {
      id,
      address: `127.77.0.${Number(id.slice(2)) + 1}`,
      apiHost: '127.0.0.1',
      enter: [],
      root,
      volumes,
      mount: async () => ({ ok: false, message: 'no mount namespaces' }),
      isCurrent: () => true,
      setHosts: async (hostname, entries) => {
        const lines = entries.map(({ address, names }) => `${address} ${names.join(' ')}`)
        writeFileSync(join(root, 'etc/hosts'), `${[`127.0.0.1 ${hostname}`, ...lines].join('\n')}\n`)
      },
      destroy: async () => rmSync(join(home, id), { recursive: true, force: true }),
    }
  }
  return {
    isolation: 'none',
    limitation: 'a test',
    create: async () => at(`s-${serial++}`),
    recover: async keep => keep.map(at),
    close: async () => {},
  }
}

/** Asks every 10 ms. For what gives no event; a test that waits too long fails by its own time-out. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise(resolve => setTimeout(resolve, 10))
}
