/**
 * The record of one life of a container: a file `status` in its folder, appended to line by line, by the wrapper (`pid`, `exited`) and by
 * the spawner (`started`). A line counts once its line feed is there.
 */
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { ProcessIdentity } from './process-identity.ts'

export const LOG_FILE = 'log'
export const STATUS_FILE = 'status'

export interface ContainerRecord {
  /** The wrapper, which leads the container's process group. Undefined: it never started. */
  readonly wrapper?: ProcessIdentity
  readonly exitCode?: number
  /** When the last line was written. */
  readonly writtenAt: number
}

export function readRecord(folder: string): ContainerRecord | undefined {
  try {
    const path = join(folder, STATUS_FILE)
    return { ...parseRecord(readFileSync(path, 'utf8')), writtenAt: statSync(path).mtimeMs }
  } catch {
    return undefined
  }
}

export function parseRecord(text: string): Omit<ContainerRecord, 'writtenAt'> {
  const lines = text.split('\n').slice(0, -1)
  const words = new Map(lines.map(line => [line.slice(0, line.indexOf(' ')), line.slice(line.indexOf(' ') + 1)]))
  const [pid, startTime = ''] = (words.get('started') ?? words.get('pid') ?? '').split(' ')
  const exited = words.get('exited')
  return {
    ...(Number(pid) > 0 ? { wrapper: { pid: Number(pid), startTime } } : {}),
    ...(exited === undefined ? {} : { exitCode: Number(exited) }),
  }
}

export const startedLine = ({ pid, startTime }: ProcessIdentity): string => `started ${pid} ${startTime}\n`
