/**
 * Where the control groups of this node's pods are, found by trying: the innermost folder around our own in which groups can be made, bounded
 * and joined. So whatever bounds the shell that started the cluster bounds its pods. The place is noted in the state folder, since a later
 * life is started from elsewhere and must find the groups of pods that run on.
 */
import { createHash } from 'node:crypto'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { HostCommands } from '../../base/host-commands.ts'
import { type Cgroup, type CgroupFolders, cgroupAt, HANDED_DOWN, oneFolder } from './cgroup.ts'
import { type CgroupFiles, V1, V2 } from './cgroup-files.ts'
import { type CgroupLayout, foldersOutwards, parseLayout } from './cgroup-layout.ts'

export type PlaceResult =
  | { readonly ok: true; readonly version: 1 | 2; readonly root: Cgroup }
  /** For `describe node`. */
  | { readonly ok: false; readonly because: string }

interface Note {
  readonly version: 1 | 2
  readonly folders: CgroupFolders
}

const NOTE = 'cgroups.json'

export async function findPlace(stateDir: string, commands: HostCommands): Promise<PlaceResult> {
  if (process.platform !== 'linux') return { ok: false, because: `${process.platform} has no control groups` }
  const known = notedRoot(stateDir)
  if (known?.root.exists()) return { ok: true, ...known }
  const layout = readLayout()
  const reasons: string[] = []
  for (const note of candidates(layout, nameFor(stateDir))) {
    const root = cgroupAt(filesOf(note.version), note.folders)
    const problem = await tryOut(root, note.version, commands)
    if (problem === undefined) {
      writeFileSync(join(stateDir, NOTE), JSON.stringify(note), { mode: 0o600 })
      return { ok: true, version: note.version, root }
    }
    reasons.push(problem)
  }
  return { ok: false, because: reasons[0] ?? 'no hierarchy with the controllers cpu and memory is mounted' }
}

/** What an earlier life of this state folder noted. */
export function notedRoot(stateDir: string): { readonly version: 1 | 2; readonly root: Cgroup } | undefined {
  try {
    const { version, folders } = JSON.parse(readFileSync(join(stateDir, NOTE), 'utf8')) as Note
    return { version, root: cgroupAt(filesOf(version), folders) }
  } catch {
    return undefined
  }
}

export const forgetPlace = (stateDir: string): void => rmSync(join(stateDir, NOTE), { force: true })

const filesOf = (version: 1 | 2): CgroupFiles => (version === 1 ? V1 : V2)

const nameFor = (stateDir: string): string =>
  `solvent-${createHash('sha256').update(stateDir).digest('hex').slice(0, 12)}`

/** `cgroup.procs` of the group that this process is in. */
export function ownProcesses(version: 1 | 2): string | undefined {
  const { v1, v2 } = readLayout()
  const hierarchy = version === 2 ? v2 : v1.find(({ controllers }) => controllers.includes('cpu'))
  return hierarchy && join(hierarchy.mount, hierarchy.own, 'cgroup.procs')
}

function readLayout(): CgroupLayout {
  const read = (file: string): string => {
    try {
      return readFileSync(file, 'utf8')
    } catch {
      return ''
    }
  }
  return parseLayout(read('/proc/self/mountinfo'), read('/proc/self/cgroup'))
}

/** Version 2 first: where both are mounted, a controller belongs to one of them, and trying tells which. */
export function candidates({ v1, v2 }: CgroupLayout, name: string): readonly Note[] {
  const unified = v2
    ? foldersOutwards(v2).map(folder => ({ version: 2 as const, folders: oneFolder(join(folder, name)) }))
    : []
  const has = (controller: string): boolean =>
    v1.some(({ controllers }) => controllers.some(each => each === controller))
  if (!has('cpu') || !has('memory')) return unified
  const at = (place: 'own' | 'top'): Note => ({
    version: 1,
    folders: Object.fromEntries(
      v1.flatMap(({ controllers, mount, own }) =>
        controllers.map(controller => [controller, join(mount, place === 'own' ? own : '', name)]),
      ),
    ),
  })
  return [...unified, at('own'), at('top')]
}

/** Undefined: it works. Nothing of a failed try stays. */
async function tryOut(root: Cgroup, version: 1 | 2, commands: HostCommands): Promise<string | undefined> {
  const trial = root.child('trial')
  try {
    if (version === 2) handDown(root)
    root.make('parent')
    trial.make('leaf')
    const refused = trial.bound({ cpuShares: 2, cpuLimit: 1, memoryBytes: 1 << 30, maxProcesses: 100 })
    if (refused.length > 0) throw new Error(`${refused[0]} cannot be set`)
    const { code, stderr } = await commands.run(['/bin/sh', '-c', JOIN, 'sh', ...trial.joins])
    if (code !== 0) throw new Error(stderr.trim().split('\n')[0] ?? 'a process cannot join')
    trial.remove()
    return undefined
  } catch (error) {
    root.remove()
    return (error as Error).message
  }
}

/** Where nobody has done so yet, the folder around must hand its controllers down; one that holds processes itself cannot. */
function handDown(root: Cgroup): void {
  try {
    writeFileSync(join(dirname(dirname(root.joins[0] ?? '')), 'cgroup.subtree_control'), HANDED_DOWN)
  } catch {
    // Then what follows says why not.
  }
}

const JOIN = 'for file; do echo 0 >"$file" || exit; done'
