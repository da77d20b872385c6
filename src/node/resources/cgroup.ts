/** One control group: folders under the same path in each hierarchy. Everything here is a file of the kernel: microseconds, no disk. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Bounds, CgroupFiles, Setting } from './cgroup-files.ts'
import { CONTROLLERS, type Controller } from './cgroup-layout.ts'

/** A folder for each controller; for version 2 all are the same one. */
export type CgroupFolders = Readonly<Partial<Record<Controller, string>>>

export interface Cgroup {
  /** Makes it where it is missing. One that is to have children must say so (version 2 hands controllers down one by one). */
  make(kind: 'leaf' | 'parent'): void
  exists(): boolean
  /** A process that writes `0` to each of them is in the group, and so is all that it starts. */
  readonly joins: readonly string[]
  /** Returns what the kernel refuses, `memory.max` say: used already, or more than a group around this one allows. */
  bound(bounds: Bounds): readonly string[]
  child(name: string): Cgroup
  children(): readonly string[]
  /** Processes in it and in its children. */
  processes(): readonly number[]
  cpuSeconds(): number | undefined
  /** The working set: what is used, without files that nobody has looked at for a while. */
  memoryBytes(): number | undefined
  /** How often the kernel killed one of its processes for want of memory. */
  oomKills(): number
  /** False while a process is in it. */
  remove(): boolean
}

/** Of version 2, whose `cpu` counts time as well. */
export const HANDED_DOWN = '+cpu +memory +pids'

export function cgroupAt(files: CgroupFiles, folders: CgroupFolders): Cgroup {
  const places = [...new Set(Object.values(folders))]
  const pathOf = (controller: Controller, file: string): string | undefined => {
    const folder = folders[controller]
    return folder === undefined ? undefined : join(folder, file)
  }
  const read = (controller: Controller, file: string): string | undefined => {
    const path = pathOf(controller, file)
    return path === undefined ? undefined : readText(path)
  }
  const child = (name: string): Cgroup =>
    cgroupAt(files, Object.fromEntries(Object.entries(folders).map(([key, folder]) => [key, join(folder, name)])))

  function write({ controller, file, text, isOptional = false }: Setting): boolean {
    const path = pathOf(controller, file)
    if (path === undefined) return true
    try {
      writeFileSync(path, text)
      return true
    } catch (error) {
      if (isOptional && !existsSync(path)) return true
      if (isRefused(error)) return false
      throw error
    }
  }

  return {
    make(kind) {
      for (const place of places) mkdirSync(place, { recursive: true })
      if (kind === 'parent' && files.version === 2) {
        for (const place of places) writeFileSync(join(place, 'cgroup.subtree_control'), HANDED_DOWN)
      }
    },
    exists: () => places.every(place => existsSync(place)),
    joins: places.map(place => join(place, 'cgroup.procs')),
    bound(bounds) {
      // Memory and memory with swap bound each other: which must be written first depends on what was there.
      const refused = files.settings(bounds).filter(setting => !write(setting))
      const again = refused.reverse().filter(setting => !write(setting))
      return again.filter(setting => !write(setting)).map(({ file }) => file)
    },
    child,
    children: () => subfolders(places[0]),
    processes: () =>
      [places[0], ...subfolders(places[0]).map(name => join(places[0] ?? '', name))].flatMap(processesIn),
    cpuSeconds() {
      const { controller, file, seconds } = files.cpuTime
      const text = read(controller, file)
      return text === undefined ? undefined : seconds(text)
    },
    memoryBytes() {
      const used = read('memory', files.memoryNow)
      if (used === undefined) return undefined
      const inactive = files.inactiveFile.exec(read('memory', 'memory.stat') ?? '')?.[1] ?? 0
      return Math.max(0, Number(used) - Number(inactive))
    },
    oomKills: () => Number(/^oom_kill (\d+)$/m.exec(read('memory', files.oomFile) ?? '')?.[1] ?? 0),
    remove() {
      for (const place of places) {
        for (const name of subfolders(place)) if (!removeFolder(join(place, name))) return false
        if (!removeFolder(place)) return false
      }
      return true
    },
  }
}

/** For version 2: one folder for all. */
export const oneFolder = (folder: string): CgroupFolders =>
  Object.fromEntries(CONTROLLERS.map(controller => [controller, folder]))

/** A value that a bound around it or beside it does not allow now. */
const isRefused = (error: unknown): boolean =>
  ['EINVAL', 'EBUSY', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return undefined
  }
}

const processesIn = (folder: string | undefined): readonly number[] =>
  (readText(join(folder ?? '', 'cgroup.procs')) ?? '').split('\n').filter(Boolean).map(Number)

function subfolders(folder: string | undefined): readonly string[] {
  if (folder === undefined) return []
  try {
    return readdirSync(folder, { withFileTypes: true }).flatMap(entry => (entry.isDirectory() ? [entry.name] : []))
  } catch {
    return []
  }
}

function removeFolder(folder: string): boolean {
  try {
    rmdirSync(folder)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT'
  }
}
