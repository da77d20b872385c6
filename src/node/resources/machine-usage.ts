/** What the whole machine uses and has (proc_stat(5), proc_meminfo(5)); elsewhere than on Linux what Node tells. */
import { readFileSync } from 'node:fs'
import { cpus, freemem, totalmem, uptime } from 'node:os'
import type { Instant } from '../../base/clock.ts'
import type { ResourceUsage } from '../../client/node-api.ts'

export interface Memory {
  readonly totalBytes: number
  /** What could be had without swapping. */
  readonly availableBytes: number
}

const TICKS_PER_SECOND = 100

export function machineUsage(now: Instant): ResourceUsage {
  const { totalBytes, availableBytes } = machineMemory()
  return {
    startedAt: Math.round(now - uptime() * 1000),
    cpuSeconds: busySeconds(),
    memoryBytes: totalBytes - availableBytes,
  }
}

export function machineMemory(): Memory {
  const text = textOf('/proc/meminfo')
  const bytes = (name: string): number | undefined => {
    const kilobytes = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1]
    return kilobytes === undefined ? undefined : Number(kilobytes) * 1024
  }
  return { totalBytes: bytes('MemTotal') ?? totalmem(), availableBytes: bytes('MemAvailable') ?? freemem() }
}

/** Of all processors together: user, nice, system, irq, softirq, steal; not idle and iowait. */
export function parseBusySeconds(stat: string): number | undefined {
  const line = /^cpu +(.*)$/m.exec(stat)?.[1]
  if (line === undefined) return undefined
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = line.split(' ').map(Number)
  return (user + nice + system + irq + softirq + steal) / TICKS_PER_SECOND
}

const busySeconds = (): number =>
  parseBusySeconds(textOf('/proc/stat')) ??
  cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0) / 1000

function textOf(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}
