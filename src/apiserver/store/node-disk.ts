/** The real disk: a private folder, through asynchronous file handles, so that a slow fsync never blocks the event loop. */
import { type FileHandle, mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Disk, DiskFile } from './disk.ts'

/** Makes the folder where it is missing. */
export async function nodeDisk(folder: string): Promise<Disk> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const at = (name: string): string => join(folder, name)
  return {
    list: () => readdir(folder),
    read: name => readFile(at(name)),
    create: async name => diskFile(await open(at(name), 'ax', 0o600)),
    open: async name => diskFile(await open(at(name), 'a')),
    rename: (from, to) => rename(at(from), at(to)),
    remove: name => rm(at(name)),
    async syncFolder() {
      const handle = await open(folder, 'r')
      await handle.sync().finally(() => handle.close())
    },
  }
}

function diskFile(handle: FileHandle): DiskFile {
  return {
    async append(bytes) {
      // A nearly full disk takes a part and only refuses the rest.
      for (let written = 0; written < bytes.length; ) {
        written += (await handle.write(bytes, written, bytes.length - written)).bytesWritten
      }
    },
    truncate: length => handle.truncate(length),
    // The length is part of what fdatasync makes safe; times are not, and nobody reads them.
    sync: () => handle.datasync(),
    close: () => handle.close(),
  }
}
