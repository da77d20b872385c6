/** All processes below one, by /proc: those that left its process group (a terminal's, `setsid`) are none the less its own. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { isAlive, type ProcessIdentity, sendSignal } from '../spawner/process-identity.ts'

/** Whoever stands below it now goes after it: until it has ended nobody of them can have got another parent. */
export async function killWithDescendants(pid: number, killIt: () => Promise<boolean>): Promise<void> {
  const below = descendantsOf(pid)
  if (!(await killIt().catch(() => false))) return
  for (const each of below) if (isAlive(each)) sendSignal(each.pid, 'SIGKILL')
}

/** The terminal that a process below `pid` has for its input: `/dev/pts/3`. */
export function terminalBelow(pid: number): string | undefined {
  for (const each of descendantsOf(pid)) {
    try {
      const input = readlinkSync(`/proc/${each.pid}/fd/0`)
      if (input.startsWith('/dev/pts/')) return input
    } catch {
      // It has ended meanwhile.
    }
  }
  return undefined
}

/** Empty where there is no /proc. */
function descendantsOf(pid: number): readonly ProcessIdentity[] {
  const children = new Map<number, ProcessIdentity[]>()
  for (const name of processes()) {
    const found = parentAndIdentity(name)
    if (found) children.set(found.parent, [...(children.get(found.parent) ?? []), found.identity])
  }
  const below: ProcessIdentity[] = []
  for (const wanted = [pid]; wanted.length > 0; ) {
    const next = children.get(wanted.pop()!) ?? []
    below.push(...next)
    wanted.push(...next.map(each => each.pid))
  }
  return below
}

function processes(): readonly string[] {
  try {
    return readdirSync('/proc').filter(name => /^\d+$/.test(name))
  } catch {
    return []
  }
}

/** Fields 4 and 22 of proc_pid_stat(5). */
function parentAndIdentity(name: string): { parent: number; identity: ProcessIdentity } | undefined {
  try {
    const stat = readFileSync(`/proc/${name}/stat`, 'latin1')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return { parent: Number(fields[1]), identity: { pid: Number(name), startTime: fields[19] ?? '' } }
  } catch {
    return undefined
  }
}
