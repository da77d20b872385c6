/**
 * Writes a payload so that a reader sees all of the old files or all of the new ones (the kubelet's AtomicWriter, pkg/volume/util): the
 * files lie in a folder of their own, `..data` points to it and is swapped by one rename, and the visible names are links through `..data`.
 */
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import type { Payload, VolumeFile } from './payload.ts'

const DATA = '..data'

const FIRST = '..1'

export interface WriteOptions {
  /** The version that was there first stays: somebody was shown one file of it for good. */
  readonly keepsFirst?: boolean
}

/** Returns whether anything changed. Synchronous: a few small files cost less than the turns of the event loop that they would take. */
export function writePayload(folder: string, payload: Payload, { keepsFirst = false }: WriteOptions = {}): boolean {
  const before = currentVersion(folder)
  if (before !== undefined && isSame(join(folder, before), payload)) return false
  const version = nextVersion(folder, before)
  for (const [path, { data, mode }] of payload) {
    const file = join(folder, version, path)
    makeFolders(join(folder, version), dirname(path))
    writeFileSync(file, data, { mode })
    // Past the mask of this process, which forbids writing by others.
    if ((mode & ~process.umask()) !== mode) chmodSync(file, mode)
  }
  const swap = join(folder, '..data_tmp')
  rmSync(swap, { force: true })
  symlinkSync(version, swap)
  renameSync(swap, join(folder, DATA))
  linkNames(folder, new Set([...payload.keys()].map(path => path.split('/')[0]!)))
  if (before !== undefined && !(keepsFirst && before === FIRST))
    rmSync(join(folder, before), { recursive: true, force: true })
  return true
}

function currentVersion(folder: string): string | undefined {
  try {
    return readlinkSync(join(folder, DATA))
  } catch {
    return undefined
  }
}

function nextVersion(folder: string, before: string | undefined): string {
  const version = `..${Number(before?.slice(2) ?? 0) + 1}`
  rmSync(join(folder, version), { recursive: true, force: true })
  makeFolders(folder, version)
  return version
}

/** All may enter them, whatever the mask of this process. */
function makeFolders(folder: string, below: string): void {
  mkdirSync(join(folder, below), { recursive: true })
  if ((process.umask() & 0o055) === 0) return
  for (let at = below; at !== '.'; at = dirname(at)) chmodSync(join(folder, at), 0o755)
}

function linkNames(folder: string, names: ReadonlySet<string>): void {
  const present = new Set(readdirSync(folder).filter(name => !name.startsWith('..')))
  for (const name of names) if (!present.has(name)) symlinkSync(join(DATA, name), join(folder, name))
  for (const name of present) if (!names.has(name)) rmSync(join(folder, name), { recursive: true, force: true })
}

function isSame(folder: string, payload: Payload): boolean {
  const present = readdirSync(folder, { recursive: true, withFileTypes: true }).filter(entry => entry.isFile())
  return present.length === payload.size && [...payload].every(([path, file]) => isSameFile(join(folder, path), file))
}

function isSameFile(path: string, { data, mode }: VolumeFile): boolean {
  try {
    return (statSync(path).mode & 0o777) === mode && readFileSync(path).equals(Buffer.from(data))
  } catch {
    return false
  }
}
