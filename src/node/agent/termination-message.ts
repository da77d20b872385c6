/**
 * A container's last words: what it wrote to its `terminationMessagePath`, or, where its policy says so and it failed, the end of its log
 * (the kubelet's kuberuntime_container.go). Read once, when it has ended.
 */
import { closeSync, openSync, readSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Instant } from '../../base/clock.ts'
import type { Container } from '../../kube/core.ts'
import type { Sandbox } from '../sandbox/sandbox.ts'
import { LOG_FILE } from '../spawner/container-record.ts'

const MAX_FILE = 4096
const MAX_LOG = 2048
const MAX_LINES = 80
const DEFAULT_PATH = '/dev/termination-log'

export interface LifeFacts {
  readonly sandbox: Sandbox | undefined
  readonly startedAt: Instant
  /** With its log. */
  readonly folder: string
}

/** File systems stamp with a clock that lags a few milliseconds behind. */
const LAG_MS = 5

export function terminationMessage(
  { terminationMessagePath = DEFAULT_PATH, terminationMessagePolicy }: Container,
  exitCode: number,
  { sandbox, startedAt, folder }: LifeFacts,
): string | undefined {
  const path = sandbox && join(sandbox.root, terminationMessagePath)
  // What a life before has left there is not taken away: it may lie in a folder of this machine.
  const written = path && readEnd(path, MAX_FILE, startedAt - LAG_MS)
  if (written || terminationMessagePolicy !== 'FallbackToLogsOnError' || exitCode === 0) return written || undefined
  const log = readEnd(join(folder, LOG_FILE), MAX_LOG)
  const lines = log?.replace(/\n$/, '').split('\n').slice(-MAX_LINES)
  return lines?.join('\n') || undefined
}

function readEnd(path: string, max: number, since = 0): string | undefined {
  try {
    const { size: length, mtimeMs } = statSync(path)
    if (mtimeMs < since) return undefined
    const bytes = Buffer.alloc(Math.min(max, length))
    const file = openSync(path, 'r')
    try {
      readSync(file, bytes, 0, bytes.length, length - bytes.length)
    } finally {
      closeSync(file)
    }
    return bytes.toString()
  } catch {
    return undefined
  }
}
