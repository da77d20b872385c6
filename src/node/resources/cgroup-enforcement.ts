/** Limits by control groups: `solvent-HASH/POD/CONTAINER`. */
import { promises as fs } from 'node:fs'
import { availableParallelism } from 'node:os'
import type { Clock } from '../../base/clock.ts'
import { containerBounds, podBounds, sharesOf } from './bounds-of.ts'
import type { Cgroup } from './cgroup.ts'
import { ownProcesses } from './cgroup-place.ts'
import type { ContainerGroup, Enforcement, PodGroup } from './enforcement.ts'

export interface CgroupEnforcementOptions {
  readonly version: 1 | 2
  readonly root: Cgroup
  readonly clock: Clock
  readonly log: (message: string) => void
  /** The place of the groups need not be remembered any more. */
  readonly onClosed: () => void
}

/** A process that was killed is in its group until it has been buried. */
const REMOVE_AGAIN_MS = 50
const REMOVE_TRIES = 40

export function createCgroupEnforcement(options: CgroupEnforcementOptions): Enforcement {
  const { version, root, clock, log, onClosed } = options
  root.make('parent')
  // Beside everything else on the machine that wants the processor.
  root.bound({ cpuShares: sharesOf(availableParallelism() * 1000) })

  function removeSoon(group: Cgroup, tries = REMOVE_TRIES): void {
    if (group.remove()) return
    if (tries === REMOVE_TRIES / 2) killAll(group)
    if (tries > 0) clock.after(REMOVE_AGAIN_MS, () => removeSoon(group, tries - 1))
    else log(`control group ${group.joins[0]} cannot be removed`)
  }

  function open(name: string): PodGroup {
    const group = root.child(name)
    const containers = new Map<string, ContainerGroup>()
    const make = (): void => group.make('parent')
    return {
      name,
      bound(pod) {
        make()
        return group.bound(podBounds(pod))
      },
      container(life) {
        const known = containers.get(life) ?? containerGroup(group.child(life), make)
        containers.set(life, known)
        return known
      },
      drop(life) {
        containers.delete(life)
        removeSoon(group.child(life))
      },
      remove: () => removeSoon(group),
    }
  }

  return {
    description: {
      memory: `limits by cgroups v${version}`,
      cpu: `limits and weights by cgroups v${version}`,
      processes: `bounded by cgroups v${version}`,
    },
    open,
    total: () => usageOf(root),
    expectStart: () => warmUp(version),
    recover(keep) {
      for (const name of root.children()) {
        if (keep.includes(name)) continue
        const group = root.child(name)
        killAll(group)
        removeSoon(group)
      }
    },
    close() {
      for (const name of root.children()) {
        const group = root.child(name)
        killAll(group)
        group.remove()
      }
      if (root.remove()) onClosed()
    },
  }
}

function containerGroup(group: Cgroup, makeParent: () => void): ContainerGroup {
  const make = (): void => {
    makeParent()
    group.make('leaf')
  }
  return {
    get joins() {
      make()
      return group.joins
    },
    bound(container) {
      make()
      return group.bound(containerBounds(container))
    },
    began() {},
    usage: () => usageOf(group),
    wasOutOfMemory: () => group.oomKills() > 0,
  }
}

function usageOf(group: Cgroup) {
  const [cpuSeconds, memoryBytes] = [group.cpuSeconds(), group.memoryBytes()]
  return cpuSeconds === undefined || memoryBytes === undefined ? undefined : { cpuSeconds, memoryBytes }
}

/** Our own groups: whoever is there is a pod's. */
function killAll(group: Cgroup): void {
  for (const pid of group.processes()) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // It has ended.
    }
  }
}

/**
 * Moving a process waits for all processors to have passed a quiet point (RCU, up to 20 ms), unless another move was made just now. So this
 * process is moved to where it is. Beside our own work, on a thread of libuv's.
 */
function warmUp(version: 1 | 2): void {
  const file = ownProcesses(version)
  if (file !== undefined) void fs.writeFile(file, String(process.pid)).catch(() => {})
}
