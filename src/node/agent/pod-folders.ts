/**
 * The folders of pods in the state folder, which outlive every process of ours: `pods/UID/pod.json` and `pods/UID/CONTAINER/LIFE/` with the
 * log and the record of each life of a container. The last two lives are kept.
 */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'

export interface PodNote {
  readonly namespace: string
  readonly name: string
  /** Id of its sandbox. */
  readonly sandbox: string
  /** Name of the group that bounds it. */
  readonly group: string
}

export interface Life {
  readonly number: number
  readonly folder: string
}

export interface PodFolders {
  uids(): readonly string[]
  note(uid: string): PodNote | undefined
  writeNote(uid: string, note: PodNote): void
  lifeFolder(uid: string, container: string, life: number): string
  /** Oldest first. */
  lives(uid: string, container: string): readonly Life[]
  /** Names of containers that have been started. */
  containers(uid: string): readonly string[]
  /** Makes room for a life: what is older than the one before it goes, and what a failed start left there. */
  clearFor(uid: string, container: string, life: number): void
  remove(uid: string): Promise<void>
}

const NOTE = 'pod.json'

export function podFolders(stateDir: string): PodFolders {
  const home = join(stateDir, 'pods')
  mkdirSync(home, { recursive: true, mode: 0o700 })
  const folderOf = (uid: string): string => join(home, uid)
  const lifeFolder = (uid: string, container: string, life: number): string =>
    join(folderOf(uid), container, String(life))

  function lives(uid: string, container: string): readonly Life[] {
    return foldersIn(join(folderOf(uid), container))
      .map(Number)
      .filter(Number.isInteger)
      .sort((a, b) => a - b)
      .map(number => ({ number, folder: lifeFolder(uid, container, number) }))
  }

  return {
    uids: () => foldersIn(home),
    note(uid) {
      try {
        return JSON.parse(readFileSync(join(folderOf(uid), NOTE), 'utf8')) as PodNote
      } catch {
        return undefined
      }
    },
    writeNote(uid, note) {
      mkdirSync(folderOf(uid), { recursive: true, mode: 0o700 })
      const path = join(folderOf(uid), NOTE)
      writeFileSync(`${path}.new`, JSON.stringify(note), { mode: 0o600 })
      renameSync(`${path}.new`, path)
    },
    lifeFolder,
    lives,
    containers: uid => foldersIn(folderOf(uid)),
    clearFor(uid, container, life) {
      if (life === 0) return
      for (const { number, folder } of lives(uid, container)) {
        if (number < life - 1 || number >= life) rmSync(folder, { recursive: true, force: true })
      }
    },
    remove: uid => rm(folderOf(uid), { recursive: true, force: true }),
  }
}

function foldersIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter(entry => entry.isDirectory())
      .map(entry => entry.name)
  } catch {
    return []
  }
}
