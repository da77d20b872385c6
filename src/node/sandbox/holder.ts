/** The process that holds a sandbox's namespaces, as the machine sees it: by id and start time, so that a reused id is never taken for it. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Holder {
  readonly pid: number
  /** Clock ticks after the machine's start (proc(5), field 22). */
  readonly startTime: string
}

export function parseHolder(text: string): Holder | undefined {
  const [, pid, startTime] = /^(\d+) (\d+)$/.exec(text.trim()) ?? []
  return pid === undefined || startTime === undefined ? undefined : { pid: Number(pid), startTime }
}

export function readHolder(slotFolder: string): Holder | undefined {
  try {
    return parseHolder(readFileSync(join(slotFolder, 'holder'), 'utf8'))
  } catch {
    return undefined
  }
}

/** PF_EXITING of field 9: it was killed and waits until everything inside has ended too. */
const EXITING = 4

export function isAlive({ pid, startTime }: Holder): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[19] === startTime && fields[0] !== 'Z' && (Number(fields[6]) & EXITING) === 0
  } catch {
    return false
  }
}

/** The kernel ends everything inside with it. */
export function killHolder(holder: Holder): void {
  if (!isAlive(holder)) return
  try {
    process.kill(holder.pid, 'SIGKILL')
  } catch {
    // Gone in between.
  }
}
