/**
 * The words that a spawner is started with. It writes them down, so that whoever notices its end starts another one like it; parts are
 * started with them too, and take what is theirs.
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { spawnerFolder } from './socket-path.ts'

export interface SpawnerArguments {
  /** Programs of dist/ that it keeps running. When the first one means to end, all do. */
  readonly parts: readonly string[]
  /** The cluster's other nodes, whose spawners it keeps running. */
  readonly nodes: readonly string[]
  readonly graceSeconds: number
  /** For the parts. */
  readonly rest: readonly string[]
}

const DEFAULT_GRACE_SECONDS = 15

/** `[--part NAME …] [--node NAME …] [--no-server] [--grace SECONDS] [ARGUMENT OF THE PARTS …]` */
export function parseArguments(words: readonly string[]): SpawnerArguments {
  const parts: string[] = []
  const nodes: string[] = []
  const rest: string[] = []
  let [hasParts, graceSeconds] = [true, DEFAULT_GRACE_SECONDS]
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!
    if (word === '--part') parts.push(words[++i] ?? '')
    else if (word === '--node') nodes.push(words[++i] ?? '')
    else if (word === '--no-server') hasParts = false
    else if (word === '--grace') graceSeconds = Number(words[++i])
    else rest.push(word)
  }
  return { parts: !hasParts ? [] : parts.length > 0 ? parts : ['server'], nodes, graceSeconds, rest }
}

/** What a part is told of its siblings, beside what was meant for it. */
export const wordsForParts = ({ parts, nodes, rest }: SpawnerArguments): readonly string[] => [
  ...(parts.length > 1 ? parts.flatMap(part => ['--part', part]) : []),
  ...nodes.flatMap(node => ['--node', node]),
  ...rest,
]

const fileOf = (state: string): string => join(spawnerFolder(state), 'arguments')

export function writeWords(state: string, words: readonly string[]): void {
  const draft = `${fileOf(state)}.${process.pid}`
  writeFileSync(draft, JSON.stringify(words), { mode: 0o600 })
  renameSync(draft, fileOf(state))
}

/** Those of the last spawner of the folder. */
export function readWords(state: string): readonly string[] {
  try {
    return JSON.parse(readFileSync(fileOf(state), 'utf8')) as readonly string[]
  } catch {
    return []
  }
}
