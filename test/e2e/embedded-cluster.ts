/** A whole embedded cluster of a test's own, driven as a user drives it: by the command line, in a state folder that goes with the test. */
import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createHttpApi, type HttpApi } from '../../src/client/http-api.ts'
import { readKubeconfig } from '../../src/client/kubeconfig.ts'

export const repository = resolve(import.meta.dirname, '../..')

export interface Outcome {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export interface CommandOptions {
  readonly cwd?: string
  readonly env?: NodeJS.ProcessEnv
  readonly input?: string
}

/** Runs a program to its end; never throws for an exit code. */
export function runProgram(argv: readonly string[], options: CommandOptions = {}): Promise<Outcome> {
  return new Promise((done, failed) => {
    const child = spawn(argv[0]!, argv.slice(1), {
      cwd: options.cwd ?? repository,
      env: { ...process.env, NO_COLOR: '1', ...options.env },
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    let stdout = ''
    let stderr = ''
    child.stdout.setEncoding('utf8').on('data', text => (stdout += text))
    child.stderr.setEncoding('utf8').on('data', text => (stderr += text))
    child.on('error', failed)
    child.on('close', (code, signal) => done({ code: code ?? (signal ? 128 : -1), stdout, stderr }))
    child.stdin.end(options.input ?? '')
  })
}

export class EmbeddedCluster {
  readonly folder: string
  readonly state: string
  private readonly env: NodeJS.ProcessEnv

  constructor(env: NodeJS.ProcessEnv = {}) {
    this.folder = mkdtempSync(join(tmpdir(), 'solvent-e2e-'))
    this.state = join(this.folder, 'state')
    this.env = env
  }

  static async up(env: NodeJS.ProcessEnv = {}): Promise<EmbeddedCluster> {
    const cluster = new EmbeddedCluster(env)
    const { code, stderr } = await cluster.solvent(['up'])
    if (code !== 0) throw new Error(`solvent up exited ${code}: ${stderr}`)
    return cluster
  }

  /** `solvent ARGS --state …`. */
  solvent(args: readonly string[], options: CommandOptions = {}): Promise<Outcome> {
    return runProgram([process.execPath, join(repository, 'bin/solvent.js'), ...args, '--state', this.state], {
      cwd: this.folder,
      ...options,
      env: { ...this.env, ...options.env },
    })
  }

  async json<T>(args: readonly string[]): Promise<T> {
    const { code, stdout, stderr } = await this.solvent([...args, '-o', 'json'])
    if (code !== 0) throw new Error(`solvent ${args.join(' ')} exited ${code}: ${stderr}`)
    return JSON.parse(stdout) as T
  }

  /** The cluster's API as any client reaches it, by its kubeconfig. */
  async api(): Promise<HttpApi> {
    const connection = await readKubeconfig({ file: join(this.state, 'kubeconfig') })
    if (!connection.ok) throw new Error(JSON.stringify(connection.problems))
    return createHttpApi(connection.value)
  }

  /** Process ids whose command line or environment names this cluster's state folder: all that belongs to it (Linux). */
  processes(): readonly { readonly pid: number; readonly command: string }[] {
    return readdirSync('/proc')
      .filter(name => /^\d+$/.test(name) && Number(name) !== process.pid)
      .flatMap(name => {
        try {
          const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
          const environment = readFileSync(`/proc/${name}/environ`, 'utf8')
          const belongs = command.includes(this.state) || environment.includes(this.state)
          return belongs && command !== '' ? [{ pid: Number(name), command }] : []
        } catch {
          return [] // ended while we looked
        }
      })
  }

  async down(): Promise<void> {
    await this.solvent(['down'])
    rmSync(this.folder, { recursive: true, force: true })
  }
}

export interface Row {
  readonly key: string
  readonly value: number
}

/** All rows of an output folder of JSON lines. */
export const rowsIn = (folder: string): Row[] =>
  readdirSync(folder)
    .filter(name => name.endsWith('.jsonl'))
    .flatMap(name => readFileSync(join(folder, name), 'utf8').split('\n').filter(Boolean))
    .map(line => JSON.parse(line) as Row)

/** Resolves when `holds` does, asking again every 50 ms; rejects with `what` after `timeoutMs`. */
export async function eventually(
  what: string,
  timeoutMs: number,
  holds: () => boolean | Promise<boolean>,
): Promise<void> {
  const end = performance.now() + timeoutMs
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`${what}: not so after ${timeoutMs} ms`)
    await new Promise(resume => setTimeout(resume, 50))
  }
}
