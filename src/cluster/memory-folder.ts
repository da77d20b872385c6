/**
 * A folder of this cluster's own on a file system in memory. Every pod makes and removes a dozen small files (token, names, links); on a
 * disk with a journal each costs up to a millisecond whenever the store syncs beside it.
 */
import { createHash } from 'node:crypto'
import { lstatSync, mkdirSync, realpathSync, statfsSync } from 'node:fs'
import { join } from 'node:path'

const SHARED_MEMORY = '/dev/shm'
/** statfs(2)'s f_type of tmpfs. */
const TMPFS = 0x01021994

/** Where it is, whether there is one or not. */
export function memoryFolderOf(state: string): string | undefined {
  try {
    const name = createHash('sha256').update(realpathSync(state)).digest('hex').slice(0, 12)
    return join(SHARED_MEMORY, `solvent-${name}`)
  } catch {
    return undefined
  }
}

/** Undefined where there is no such file system, or where somebody else sits on the name. */
export function memoryFolder(state: string): string | undefined {
  try {
    const folder = memoryFolderOf(state)
    if (folder === undefined || statfsSync(SHARED_MEMORY).type !== TMPFS) return undefined
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    // Everybody may write in /dev/shm: a folder that waits there under our name is ours only if we own it and nobody else enters.
    const found = lstatSync(folder)
    const isOurs = found.isDirectory() && found.uid === process.getuid?.() && (found.mode & 0o077) === 0
    return isOurs ? folder : undefined
  } catch {
    return undefined
  }
}
