/** An independent plain count of words: shares no code with what it judges. */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** Every file below `folder` whose name ends in `ending`. */
export function filesBelow(folder: string, ending: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map(name => join(folder, name))
    .filter(path => path.endsWith(ending) && statSync(path).isFile())
}

/** `word` is what the job's function counts, as a global regular expression. */
export function countWords(files: readonly string[], word: RegExp): Map<string, number> {
  const counts = new Map<string, number>()
  for (const file of files) {
    for (const [found] of readFileSync(file, 'utf8').toLowerCase().matchAll(word)) {
      counts.set(found, (counts.get(found) ?? 0) + 1)
    }
  }
  return counts
}
