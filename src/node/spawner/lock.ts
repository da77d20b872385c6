/**
 * One spawner a state folder. The lock file holds its owner's identity and comes into being whole, by `link`; that of a dead owner is
 * moved away first, and put back if it turns out that someone else was faster.
 */
import { linkSync, readFileSync, renameSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isAlive, ownIdentity, type ProcessIdentity } from './process-identity.ts'

export type LockResult =
  | { readonly ok: true; readonly release: () => void }
  | { readonly ok: false; readonly owner: ProcessIdentity }

const lockPath = (stateDir: string): string => join(stateDir, 'lock')

export const takeLock = (stateDir: string): LockResult => takeFor(lockPath(stateDir), ownIdentity())

/** For a process that may be another one than ours. */
export function takeFor(path: string, own: ProcessIdentity): LockResult {
  const draft = `${path}.${own.pid}.${process.pid}`
  writeFileSync(draft, `${own.pid} ${own.startTime}\n`, { mode: 0o600 })
  try {
    for (;;) {
      if (linked(draft, path)) return { ok: true, release: () => release(path, own) }
      const owner = readIdentity(path)
      if (owner && isAlive(owner)) return { ok: false, owner }
      moveAway(path, `${draft}.stale`)
    }
  } finally {
    unlinkSync(draft)
  }
}

/** The living owner of the lock, if there is one. */
export function lockOwner(stateDir: string): ProcessIdentity | undefined {
  const owner = readIdentity(lockPath(stateDir))
  return owner && isAlive(owner) ? owner : undefined
}

function linked(draft: string, path: string): boolean {
  try {
    linkSync(draft, path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

function moveAway(path: string, stale: string): void {
  try {
    renameSync(path, stale)
  } catch {
    return // Another one moved it.
  }
  const moved = readIdentity(stale)
  // Between our look and our move another spawner may have put its own lock there.
  if (moved && isAlive(moved)) linked(stale, path)
  unlinkSync(stale)
}

function release(path: string, own: ProcessIdentity): void {
  if (readIdentity(path)?.pid === own.pid) unlinkSync(path)
}

function readIdentity(path: string): ProcessIdentity | undefined {
  try {
    const [pid, startTime = ''] = readFileSync(path, 'utf8').trim().split(' ')
    return Number(pid) > 0 ? { pid: Number(pid), startTime } : undefined
  } catch {
    return undefined
  }
}
