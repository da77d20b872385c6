/** Starts the generator as a process, so that neither the harness nor what is measured shares its event loop. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { packageRoot } from '../../src/base/package-root.ts'
import type { Load, LoadReport } from './load.ts'

export interface StartedLoad {
  /** Remembers this moment (or the one given) under a name; the report says what was in flight then. */
  mark(name: string, at?: number): void
  /** No more requests; those in flight are waited for. */
  stop(): Promise<LoadReport>
  readonly finished: Promise<LoadReport>
}

/** `enter` goes before the command: `['nsenter', '--net=…']` asks from inside a pod's network. */
export function startLoad(load: Load, enter: readonly string[] = []): StartedLoad {
  const root = packageRoot()
  const program = [process.execPath, join(root, 'scripts/run-ts.js'), join(root, 'bench/load/main.ts')]
  const [command, ...rest] = [...enter, ...program, JSON.stringify(load)]
  const child = spawn(command!, rest, { stdio: ['pipe', 'pipe', 'inherit'], cwd: root })
  let text = ''
  child.stdout.setEncoding('utf8').on('data', chunk => {
    text += chunk
  })
  child.stdin.on('error', () => {})
  const finished = new Promise<LoadReport>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', code => {
      if (code !== 0) reject(new Error(`the load generator exited ${code}`))
      else resolve(JSON.parse(text) as LoadReport)
    })
  })
  return {
    mark: (name, at = performance.timeOrigin + performance.now()) => void child.stdin.write(`mark ${name} ${at}\n`),
    stop() {
      child.stdin.write('stop\n')
      return finished
    },
    finished,
  }
}

/** Runs a load to its end. */
export const runLoad = (load: Load, enter: readonly string[] = []): Promise<LoadReport> =>
  startLoad(load, enter).finished
