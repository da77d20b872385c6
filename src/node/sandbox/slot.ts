/**
 * The folder of one sandbox on the host. Its `root` is $SOLVENT_ROOT; the files that a mount namespace shows under /etc, and the folder of
 * the pod's token, are made ahead, keep their inodes, and are only filled and emptied.
 */
import {
  chmodSync,
  closeSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { SERVICE_ACCOUNT_DIR } from '../../kube/names.ts'

export interface Slot {
  readonly id: string
  readonly folder: string
  readonly root: string
  readonly volumes: string
  /** Where a sandbox with namespaces mounts the pod's root, out of sight for everybody else. */
  readonly rootfs: string
  /** What a later life of this state folder must know of it (JSON). */
  readonly record: string
}

/** Where the sandboxes of a cluster lie. */
export interface SlotHome {
  /** Many small files that come and go with every pod: best on a file system in memory. */
  readonly folder: string
  /** What volumes hold, gigabytes perhaps: on a disk. */
  readonly bulk: string
}

export const slotAt = ({ folder: parent, bulk }: SlotHome, id: string): Slot => {
  const folder = join(parent, id)
  return {
    id,
    folder,
    root: join(folder, 'root'),
    volumes: join(bulk, id),
    rootfs: join(folder, 'rootfs'),
    record: join(folder, 'sandbox.json'),
  }
}

export const HOSTS = '/etc/hosts'
export const HOST_NAME = '/etc/hostname'
export const RESOLVER = '/etc/resolv.conf'
export const NAME_SWITCH = '/etc/nsswitch.conf'
/** Where containers leave a message at their end, unless they say otherwise (`terminationMessagePath`). */
export const LAST_WORDS = '/dev/termination-log'
const FILES = [HOSTS, HOST_NAME, RESOLVER, NAME_SWITCH, LAST_WORDS]

/** Before a pod's own is known: a process that waits in the sandbox may look at the servers once and never again. */
const resolverText = (nameservers: readonly string[]): string =>
  nameservers.map(address => `nameserver ${address}\n`).join('')

export function makeSlot(slot: Slot, nameservers: readonly string[] = []): void {
  mkdirSync(join(slot.root, 'etc'), { recursive: true, mode: 0o755 })
  mkdirSync(join(slot.root, SERVICE_ACCOUNT_DIR), { recursive: true, mode: 0o755 })
  mkdirSync(slot.volumes, { recursive: true, mode: 0o755 })
  mkdirSync(slot.rootfs)
  mkdirSync(join(slot.root, 'dev'))
  writeFileSync(join(slot.root, LAST_WORDS), '')
  chmodSync(join(slot.root, LAST_WORDS), 0o666)
  writeFileSync(join(slot.root, HOSTS), '')
  writeFileSync(join(slot.root, HOST_NAME), '')
  writeFileSync(join(slot.root, RESOLVER), resolverText(nameservers))
}

/** In place: the file is mounted, so its inode must stay. One write, then a cut: a reader never sees it empty. */
export function overwrite(slot: Slot, file: string, text: string): void {
  const handle = openSync(join(slot.root, file), 'r+')
  try {
    const length = writeSync(handle, text, 0)
    ftruncateSync(handle, length)
  } finally {
    closeSync(handle)
  }
}

/** Back to what `makeSlot` made, without touching what is mounted. */
export function emptySlot(slot: Slot): void {
  overwrite(slot, HOSTS, '')
  overwrite(slot, HOST_NAME, '')
  overwrite(slot, LAST_WORDS, '')
  const token = join(slot.root, SERVICE_ACCOUNT_DIR)
  for (const name of readdirSync(token)) rmSync(join(token, name), { recursive: true, force: true })
  for (const name of readdirSync(slot.volumes)) rmSync(join(slot.volumes, name), { recursive: true, force: true })
  const kept = [...FILES, SERVICE_ACCOUNT_DIR]
  prune(slot.root, '', kept)
}

/** Removes everything under `folder` but the ways to what is kept. Never follows a link. */
function prune(root: string, folder: string, kept: readonly string[]): void {
  for (const entry of readdirSync(join(root, folder))) {
    const path = `${folder}/${entry}`
    if (kept.includes(path)) continue
    if (kept.some(each => each.startsWith(`${path}/`))) prune(root, path, kept)
    else rmSync(join(root, path), { recursive: true, force: true })
  }
}

/** In the background: an emptyDir may hold gigabytes. Renamed first, so that no later life takes it for a sandbox. */
export async function removeSlot({ folder, volumes }: Slot): Promise<void> {
  await Promise.all([folder, volumes].map(removeFolder))
}

async function removeFolder(folder: string): Promise<void> {
  const doomed = join(dirname(folder), `${DOOMED}${basename(folder)}`)
  await rename(folder, doomed).catch(() => {})
  await rm(doomed, { recursive: true, force: true, maxRetries: 3, retryDelay: 50 })
}

const DOOMED = '.gone-'

/** What an earlier life was in the middle of removing. */
export async function removeDoomed({ folder, bulk }: SlotHome): Promise<void> {
  const doomed = [folder, bulk].flatMap(parent =>
    entriesOf(parent).flatMap(name => (name.startsWith(DOOMED) ? [join(parent, name)] : [])),
  )
  await Promise.all(doomed.map(path => rm(path, { recursive: true, force: true })))
}

/** Of earlier lives; of one that a restart of the machine took from memory only the volumes are left. */
export function slotsIn(home: SlotHome): readonly Slot[] {
  const ids = new Set([...entriesOf(home.folder), ...entriesOf(home.bulk)].filter(name => !name.startsWith(DOOMED)))
  return [...ids].map(id => slotAt(home, id))
}

/** Names of the folders in it. */
function entriesOf(parent: string): readonly string[] {
  try {
    return readdirSync(parent, { withFileTypes: true }).flatMap(entry => (entry.isDirectory() ? [entry.name] : []))
  } catch {
    return []
  }
}
