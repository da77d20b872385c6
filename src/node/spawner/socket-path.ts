/**
 * Where the spawner listens. A Unix socket's path may have about 100 bytes (sun_path: 108 on Linux, 104 on macOS), so a long state folder
 * has its socket in a private folder below the system's temporary one, under a name that follows from the state folder.
 */
import { createHash } from 'node:crypto'
import { lstatSync, mkdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

const MAX_PATH_BYTES = 100

/** The spawner's own unless another name is given. */
export function socketPath(stateDir: string, socket = 'socket'): string {
  const near = join(spawnerFolder(stateDir), socket)
  if (Buffer.byteLength(near) <= MAX_PATH_BYTES) return near
  const name = createHash('sha256')
    .update(socket === 'socket' ? resolve(stateDir) : join(resolve(stateDir), socket))
    .digest('hex')
    .slice(0, 16)
  return join(tmpdir(), `solvent-${process.getuid?.() ?? 0}`, name)
}

/** Holds the socket, the FIFO that containers listen to, and their wrapper. */
export const spawnerFolder = (stateDir: string): string => join(resolve(stateDir), 'spawner')

/** Makes the folder of a socket ours alone; throws where somebody else made it. */
export function makePrivate(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const { uid, mode } = lstatSync(folder)
  if (uid !== process.getuid?.() || (mode & 0o077) !== 0) {
    throw new Error(`${folder} must belong to this user alone (mode 0700)`)
  }
}
