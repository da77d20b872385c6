/** Who runs on this machine and what each uses, from /proc (proc_pid_stat(5)): one look at all of them, then sums over families. */
import { readdirSync, readFileSync } from 'node:fs'

export interface ProcessEntry {
  readonly pid: number
  readonly parent: number
  /** Own time, and that of children that it has buried. */
  readonly cpuSeconds: number
  /** Resident; pages that several share count for each. */
  readonly residentBytes: number
}

export type ProcessTable = ReadonlyMap<number, ProcessEntry>

/** USER_HZ, which is 100 wherever Node runs. */
const TICKS_PER_SECOND = 100
const PAGE_BYTES = 4096

/** Empty where there is no /proc. */
export function readProcessTable(): ProcessTable {
  const table = new Map<number, ProcessEntry>()
  for (const name of numbersIn('/proc')) {
    const entry = parseStat(textOf(`/proc/${name}/stat`))
    if (entry) table.set(entry.pid, entry)
  }
  return table
}

/** The name in field 2 may hold anything, even `)`. */
export function parseStat(stat: string): ProcessEntry | undefined {
  const end = stat.lastIndexOf(')')
  if (end < 0) return undefined
  const fields = stat.slice(end + 2).split(' ')
  const numberAt = (field: number): number => Number(fields[field - 3] ?? 0)
  const ticks = numberAt(14) + numberAt(15) + numberAt(16) + numberAt(17)
  return {
    pid: Number.parseInt(stat, 10),
    parent: numberAt(4),
    cpuSeconds: ticks / TICKS_PER_SECOND,
    residentBytes: numberAt(24) * PAGE_BYTES,
  }
}

/** The process and all below it. */
export function familyOf(pid: number, table: ProcessTable): readonly ProcessEntry[] {
  const head = table.get(pid)
  if (!head) return []
  const children = new Map<number, ProcessEntry[]>()
  for (const entry of table.values()) {
    const siblings = children.get(entry.parent)
    if (siblings) siblings.push(entry)
    else children.set(entry.parent, [entry])
  }
  const family = [head]
  for (let i = 0; i < family.length; i++) family.push(...(children.get(family[i]?.pid ?? 0) ?? []))
  return family
}

/** What is resident, each page divided by those who share it; what the kernel does not tell us is counted whole. */
export function proportionalBytes({ pid, residentBytes }: ProcessEntry): number {
  const kilobytes = /^Pss:\s+(\d+) kB$/m.exec(textOf(`/proc/${pid}/smaps_rollup`))?.[1]
  return kilobytes === undefined ? residentBytes : Number(kilobytes) * 1024
}

export const threadsOf = (pid: number): readonly number[] => numbersIn(`/proc/${pid}/task`)

function numbersIn(folder: string): readonly number[] {
  try {
    return readdirSync(folder).map(Number).filter(Number.isInteger)
  } catch {
    return []
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}
