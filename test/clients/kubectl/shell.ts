/** A folder in which a release of kubectl is used: the script's files, a home and a kubeconfig of its own, `kubectl` first on the PATH. */
import { spawn } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { kubectlBinary, type Release } from './release.ts'

/** `await PATTERN FILE`: until the file has such a line. `until COMMAND`s are bash's own. */
const PRELUDE = `
await() { for i in {1..200}; do grep -qE -- "$1" "$2" 2>/dev/null && return; sleep 0.1; done; echo "no $1 in $2:"; cat "$2"; return 1; }
`

export interface Printed {
  readonly output: string
  readonly code: number
}

export class Shell {
  readonly folder = mkdtempSync(join(tmpdir(), 'kubectl-'))
  readonly #environment: NodeJS.ProcessEnv

  constructor(release: Release, kubeconfig: string) {
    cpSync(join(import.meta.dirname, 'files'), this.folder, { recursive: true })
    cpSync(kubeconfig, join(this.folder, 'kubeconfig'))
    mkdirSync(join(this.folder, 'bin'))
    symlinkSync(kubectlBinary(release), join(this.folder, 'bin/kubectl'))
    this.#environment = {
      PATH: `${join(this.folder, 'bin')}:${process.env.PATH}`,
      HOME: this.folder,
      KUBECONFIG: join(this.folder, 'kubeconfig'),
      TZ: 'UTC',
    }
  }

  /** Runs a command to its end, and gives what a terminal would show. */
  run(command: string, timeoutMs = 60_000): Promise<Printed> {
    return new Promise((resolve, reject) => {
      const child = spawn(
        'timeout',
        ['-k', '1', String(timeoutMs / 1000), 'bash', '-c', `${PRELUDE}exec 2>&1\n${command}`],
        {
          cwd: this.folder,
          env: this.#environment,
          stdio: ['ignore', 'pipe', 'ignore'],
        },
      )
      let output = ''
      child.stdout.setEncoding('utf8').on('data', text => {
        output += text
      })
      child.on('error', reject)
      child.on('close', code => resolve({ output, code: code ?? -1 }))
    })
  }

  close(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }
}
