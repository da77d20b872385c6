/** Where set-up.js left what it made, and the tests that a program of another language holds. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { type EmbeddedCluster, repository } from '../e2e/embedded-cluster.ts'

export const CACHE = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'solvent/clients')

/** The path of what was made; undefined where the machine cannot make it. */
export function made(name: string): string | undefined {
  const path = join(CACHE, name)
  return existsSync(path) ? path : undefined
}

/** What `pattern` captures in the sources of a folder, sorted; those that restart the server come last. */
export function testNames(folder: string, extension: string, pattern: RegExp): readonly string[] {
  const path = join(import.meta.dirname, folder)
  const sources = readdirSync(path).filter(file => file.endsWith(extension))
  const names = sources.flatMap(file =>
    [...readFileSync(join(path, file), 'utf8').matchAll(pattern)].map(([, name]) => name ?? ''),
  )
  const isLate = (name: string): boolean => /restart/i.test(name)
  return [...names.filter(name => !isLate(name)).sort(), ...names.filter(isLate).sort()]
}

/** For programs: the cluster by its kubeconfig, and the command that restarts its server. */
export const environmentOf = ({ state }: EmbeddedCluster): NodeJS.ProcessEnv => ({
  KUBECONFIG: join(state, 'kubeconfig'),
  RESTART: `${process.execPath} ${join(import.meta.dirname, 'restart.js')} ${join(repository, 'bin/solvent.js')} ${state}`,
})
