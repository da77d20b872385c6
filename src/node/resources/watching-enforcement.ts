/**
 * Limits where there are no control groups that we may write. Memory is looked at while somebody has a limit, and whoever is over it is killed:
 * later than the kernel would, so that a fast program may get beyond it. The processor is shared by nice values; a cpu limit holds nobody.
 */
import { setPriority } from 'node:os'
import type { Clock } from '../../base/clock.ts'
import { containerBounds } from './bounds-of.ts'
import type { Bounds } from './cgroup-files.ts'
import type { ContainerGroup, Enforcement, PodGroup, RunningLife } from './enforcement.ts'
import { familyOf, type ProcessTable, proportionalBytes, readProcessTable, threadsOf } from './process-table.ts'

export interface WatchingOptions {
  readonly clock: Clock
  /** Why not control groups. */
  readonly limitation: string
  readonly readTable?: () => ProcessTable
  readonly hasProc?: boolean
}

interface Watched {
  life: RunningLife | undefined
  pid?: number
  bounds: Bounds
  wasOutOfMemory: boolean
}

const LOOK_MS = 500
/** Somebody is over this part of its limit: look more often. */
const NEAR = 0.8
const LOOK_CLOSELY_MS = 50

export function createWatchingEnforcement(options: WatchingOptions): Enforcement {
  const { clock, limitation, readTable = readProcessTable, hasProc = process.platform === 'linux' } = options
  const watched = new Set<Watched>()
  let isLooking = false

  function lookAfter(ms: number): void {
    if (isLooking || !hasProc) return
    isLooking = true
    clock.after(ms, () => {
      isLooking = false
      look()
    })
  }

  function look(): void {
    const limited = [...watched].filter(({ life, bounds }) => life && bounds.memoryBytes !== undefined)
    if (limited.length === 0) return
    const table = readTable()
    const uses = limited.map(each => judge(each, table))
    lookAfter(Math.max(...uses) > NEAR ? LOOK_CLOSELY_MS : LOOK_MS)
  }

  function open(name: string): PodGroup {
    const containers = new Map<string, Watched & { group: ContainerGroup }>()
    const forget = (life: string): void => {
      const entry = containers.get(life)
      containers.delete(life)
      if (entry) watched.delete(entry)
    }
    return {
      name,
      bound: () => [],
      container(life) {
        const known = containers.get(life)
        if (known) return known.group
        const entry: Watched = { life: undefined, bounds: {}, wasOutOfMemory: false }
        const group = watchedGroup(entry, readTable, () => {
          watched.add(entry)
          if (entry.bounds.memoryBytes !== undefined) lookAfter(LOOK_CLOSELY_MS)
        })
        containers.set(life, Object.assign(entry, { group }))
        return group
      },
      drop: forget,
      remove() {
        for (const life of [...containers.keys()]) forget(life)
      },
    }
  }

  return {
    description: {
      memory: hasProc ? 'limits by watching: over it is killed within half a second' : 'no limits',
      cpu: 'weights by nice values, no limits',
      processes: 'no bound',
      limitation,
    },
    open,
    total: () => undefined,
    expectStart() {},
    recover() {},
    close: () => watched.clear(),
  }
}

function watchedGroup(entry: Watched, readTable: () => ProcessTable, changed: () => void): ContainerGroup {
  return {
    joins: [],
    bound(container) {
      entry.bounds = containerBounds(container)
      if (entry.life) changed()
      return []
    },
    began(life) {
      entry.life = life
      beNice(pidOf(entry), niceOf(entry.bounds.cpuShares ?? 2), readTable)
      changed()
    },
    usage() {
      if (!entry.life) return undefined
      const family = familyOf(pidOf(entry), readTable())
      return {
        cpuSeconds: family.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0),
        memoryBytes: family.reduce((sum, each) => sum + proportionalBytes(each), 0),
      }
    },
    wasOutOfMemory: () => entry.wasOutOfMemory,
  }
}

/** 0, which is no process, while nobody knows. */
function pidOf(entry: Watched): number {
  entry.pid ??= entry.life?.wrapperPid()
  return entry.pid ?? 0
}

/** Returns the part of its limit that it uses; over it, it is killed. */
function judge(entry: Watched, table: ProcessTable): number {
  const { life, bounds } = entry
  if (!life || bounds.memoryBytes === undefined) return 0
  const family = familyOf(pidOf(entry), table)
  const resident = family.reduce((sum, { residentBytes }) => sum + residentBytes, 0)
  if (resident <= bounds.memoryBytes) return resident / bounds.memoryBytes
  // Only now is the dearer question worth it: pages that they share were counted for each.
  const used = family.reduce((sum, each) => sum + proportionalBytes(each), 0)
  if (used > bounds.memoryBytes) {
    entry.wasOutOfMemory = true
    entry.life = undefined
    life.kill()
  }
  return used / bounds.memoryBytes
}

/** Each step is worth a factor of 1.25 to the kernel: a core is 0, a tenth of one 10; without a request the last. */
export const niceOf = (shares: number): number =>
  Math.min(19, Math.max(0, Math.round(Math.log(1024 / shares) / Math.log(1.25))))

function beNice(wrapperPid: number, nice: number, readTable: () => ProcessTable): void {
  if (nice === 0) return
  for (const { pid } of familyOf(wrapperPid, readTable())) {
    for (const thread of [pid, ...threadsOf(pid)]) {
      try {
        setPriority(thread, nice)
      } catch {
        // It has ended.
      }
    }
  }
}
