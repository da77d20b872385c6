/**
 * Who a process is, past its number: numbers are used again, so a process is named by its number and the time it started. Linux tells
 * both, and whether it is a zombie, in /proc; elsewhere `ps` does.
 */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

export interface ProcessIdentity {
  readonly pid: number
  /** In the words of the system; empty where it is not known, which then matches any. */
  readonly startTime: string
}

/** Undefined where no such process lives. A zombie has ended. */
export function startTimeOf(pid: number): string | undefined {
  return process.platform === 'linux' ? fromProc(pid) : fromPs(pid)
}

/** Field 22 of /proc/PID/stat, in clock ticks since the boot (proc_pid_stat(5)). The name in field 2 may hold anything, even `)`. */
function fromProc(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19]
  } catch {
    return undefined
  }
}

function fromPs(pid: number): string | undefined {
  try {
    const line = execFileSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim()
    const [state = '', ...time] = line.split(/\s+/)
    return line === '' || state.startsWith('Z') ? undefined : time.join('-')
  } catch {
    return undefined
  }
}

export function isAlive({ pid, startTime }: ProcessIdentity): boolean {
  if (!exists(pid)) return false
  const found = startTimeOf(pid)
  return found !== undefined && (startTime === '' || startTime === found)
}

export const ownIdentity = (): ProcessIdentity => ({ pid: process.pid, startTime: startTimeOf(process.pid) ?? '' })

/** Sends to one process, or with a negative number to a group. False where there is none. */
export function sendSignal(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(pid, signal)
    return true
  } catch {
    return false
  }
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
