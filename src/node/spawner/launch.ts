/**
 * Starting a spawner and ending one, for whoever needs it: the command line (`up`, `down`) and a server whose spawner was killed.
 * A second spawner for the same state folder ends by itself, so starting one too many does no harm.
 */
import { spawn } from 'node:child_process'
import { closeSync, mkdirSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { programPath } from '../../base/package-root.ts'

export interface LaunchOptions {
  readonly stateDir: string
  /** The server that runs already; without it the spawner starts one. */
  readonly adopt?: number
  /** Arguments for the servers that it starts: `--port`, `--idle-timeout`. */
  readonly serverArguments?: readonly string[]
  /** For tests: without a server, and with another time to wait than 15 s. */
  readonly server?: boolean
  readonly graceSeconds?: number
  readonly program?: string
}

/** Starting a process costs in proportion to the starter's memory, so the spawner's is capped. */
const HEAP_CAP = '--max-old-space-size=64'

/** Returns the process id, or undefined where it could not be started. Does not wait. */
export function launchSpawner(options: LaunchOptions): number | undefined {
  const { stateDir, adopt, serverArguments = [], server = true, graceSeconds } = options
  const logs = join(stateDir, 'logs')
  mkdirSync(logs, { recursive: true, mode: 0o700 })
  const log = openSync(join(logs, 'cluster.log'), 'a', 0o600)
  const words = [
    HEAP_CAP,
    options.program ?? programPath('spawner.cjs'),
    '--state',
    stateDir,
    ...(adopt === undefined ? [] : ['--adopt', String(adopt)]),
    ...(server ? [] : ['--no-server']),
    ...(graceSeconds === undefined ? [] : ['--grace', String(graceSeconds)]),
    ...serverArguments,
  ]
  const child = spawn(process.execPath, words, { detached: true, stdio: ['ignore', log, log] })
  closeSync(log)
  child.on('error', () => {})
  child.unref()
  return child.pid
}
