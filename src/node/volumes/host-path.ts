/** hostPath volumes: what must be there, and what may be made when its type says so (the kubelet's pkg/volume/hostpath). */
import { closeSync, mkdirSync, openSync, type Stats, statSync } from 'node:fs'

type Check = (stats: Stats) => boolean

const CHECKS: Readonly<Record<string, { readonly is: Check; readonly noun: string }>> = {
  Directory: { is: stats => stats.isDirectory(), noun: 'a directory' },
  DirectoryOrCreate: { is: stats => stats.isDirectory(), noun: 'a directory' },
  File: { is: stats => stats.isFile(), noun: 'a file' },
  FileOrCreate: { is: stats => stats.isFile(), noun: 'a file' },
  Socket: { is: stats => stats.isSocket(), noun: 'a socket file' },
  CharDevice: { is: stats => stats.isCharacterDevice(), noun: 'a character device' },
  BlockDevice: { is: stats => stats.isBlockDevice(), noun: 'a block device' },
}

/** Makes it if its type allows; a sentence where it is not there or something else. Only these two types ever create, as declared. */
export function checkHostPath(path: string, type = ''): string | undefined {
  try {
    if (type === 'DirectoryOrCreate') mkdirSync(path, { recursive: true, mode: 0o755 })
    if (type === 'FileOrCreate') closeSync(openSync(path, 'a', 0o644))
    const check = CHECKS[type]
    return !check || check.is(statSync(path))
      ? exists(path)
      : `hostPath type check failed: ${path} is not ${check.noun}`
  } catch (error) {
    return `hostPath type check failed: ${path}: ${(error as Error).message}`
  }
}

/** Upstream's container runtime makes a missing path of no type; nothing of a host is made here unless it is asked for. */
function exists(path: string): string | undefined {
  try {
    statSync(path)
    return undefined
  } catch {
    return `hostPath ${path} does not exist; set type to DirectoryOrCreate if it should be made`
  }
}
