/**
 * Who runs a part (`spawner/part-NAME`: number and start time), for the next spawner, for `down` and for `status`. It is a lock as well: two
 * servers would write into one store. Spawner and part both take it for the part, whichever comes first; a spawner that is killed between the
 * two must not leave a part that nobody knows.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { takeFor } from './lock.ts'
import { isAlive, ownIdentity, type ProcessIdentity } from './process-identity.ts'
import { spawnerFolder } from './socket-path.ts'

const PREFIX = 'part-'

const fileOf = (state: string, part: string): string => join(spawnerFolder(state), `${PREFIX}${part}`)

/** False where another living process runs the part. */
export function claimPart(state: string, part: string, identity: ProcessIdentity = ownIdentity()): boolean {
  const taken = takeFor(fileOf(state, part), identity)
  return taken.ok || (taken.owner.pid === identity.pid && taken.owner.startTime === identity.startTime)
}

/** The living process of the part, if there is one. */
export function livingPart(state: string, part: string): ProcessIdentity | undefined {
  try {
    const [pid, startTime = ''] = readFileSync(fileOf(state, part), 'utf8').trim().split(' ')
    const found = { pid: Number(pid), startTime }
    return found.pid > 0 && isAlive(found) ? found : undefined
  } catch {
    return undefined
  }
}

/** All living parts by their names. */
export function livingParts(state: string): ReadonlyMap<string, ProcessIdentity> {
  const names = namesIn(spawnerFolder(state)).filter(name => /^part-[a-z]+$/.test(name))
  return new Map(
    names.flatMap(name => {
      const part = name.slice(PREFIX.length)
      const found = livingPart(state, part)
      return found ? [[part, found] as const] : []
    }),
  )
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}
