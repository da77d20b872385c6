/** Who runs a part (`spawner/part-NAME`: number and start time), for the next spawner, for `down` and for `status`. */
import { readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isAlive, type ProcessIdentity } from './process-identity.ts'
import { spawnerFolder } from './socket-path.ts'

const PREFIX = 'part-'

const fileOf = (state: string, part: string): string => join(spawnerFolder(state), `${PREFIX}${part}`)

export function writePart(state: string, part: string, { pid, startTime }: ProcessIdentity): void {
  const draft = join(spawnerFolder(state), `.${PREFIX}${part}.${process.pid}`)
  writeFileSync(draft, `${pid} ${startTime}\n`, { mode: 0o600 })
  renameSync(draft, fileOf(state, part))
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
  const names = namesIn(spawnerFolder(state)).filter(name => name.startsWith(PREFIX))
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
