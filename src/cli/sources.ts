/** What `-f` names: files, folders (their YAML and JSON files, by name) and standard input, as texts. */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { EXIT, Exit, usageError } from './exit.ts'
import type { Flags } from './flags.ts'

export interface Source {
  /** As the user named it, for messages; relative paths inside start at its folder. */
  readonly file: string
  readonly text: string
}

/** Files given by `-f` or, where a command allows it, as plain arguments. */
export function sourcesFrom(flags: Flags, args: readonly string[] = []): readonly Source[] {
  const names = [...flags.list('filename'), ...args]
  if (names.length === 0) throw usageError('name a file: -f FILE')
  return names.flatMap(readSource)
}

function readSource(name: string): readonly Source[] {
  if (name === '-') return [{ file: 'stdin', text: readFileSync(0, 'utf8') }]
  if (/^https?:\/\//.test(name))
    throw usageError(`${name} is an address; fetch it and pass it on: curl -s ${name} | … -f -`)
  try {
    if (!statSync(name).isDirectory()) return [{ file: name, text: readFileSync(name, 'utf8') }]
    const files = readdirSync(name)
      .filter(file => /\.(ya?ml|json)$/.test(file))
      .sort()
    if (files.length === 0) throw usageError(`the folder ${name} holds no .yaml, .yml or .json file`)
    return files.map(file => ({ file: join(name, file), text: readFileSync(join(name, file), 'utf8') }))
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') throw new Exit(EXIT.usage, `there is no file or folder ${name}`)
    if (code) throw new Exit(EXIT.usage, `${name} cannot be read: ${message}`)
    throw error
  }
}
