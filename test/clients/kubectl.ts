/** A kubectl of a given release, out of the npm package that ships it, with a home of its own so that nothing of the user's is read. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { kubectlBinary, type Release } from './kubectl/release.ts'

export interface Outcome {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
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

class Following {
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
