/**
 * Starting a spawner, for whoever needs it: the command line (`up`), and a part whose spawner was killed. A second spawner for the same
 * state folder ends by itself, so starting one too many does no harm.
 */
import { spawn } from 'node:child_process'
import { closeSync, mkdirSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { programPath } from '../../base/package-root.ts'
import { readWords } from './arguments.ts'

export interface LaunchOptions {
  readonly stateDir: string
  /** `arguments.ts` says which. */
  readonly words?: readonly string[]
  readonly program?: string
}

/** Starting a process costs in proportion to the starter's memory, so the spawner's is capped. */
const HEAP_CAP = '--max-old-space-size=64'

/** Returns the process id, or undefined where it could not be started. Does not wait. */
export function launchSpawner({ stateDir, words = [], program }: LaunchOptions): number | undefined {
  const logs = join(stateDir, 'logs')
  mkdirSync(logs, { recursive: true, mode: 0o700 })
  const log = openSync(join(logs, 'cluster.log'), 'a', 0o600)
  const argv = [HEAP_CAP, program ?? programPath('spawner.cjs'), '--state', stateDir, ...words]
  const child = spawn(process.execPath, argv, { detached: true, stdio: ['ignore', log, log] })
  closeSync(log)
  child.on('error', () => {})
  child.unref()
  return child.pid
}

/** Another one like the last. */
export const relaunchSpawner = (stateDir: string, program?: string): number | undefined =>
  launchSpawner({ stateDir, words: readWords(stateDir), program })
