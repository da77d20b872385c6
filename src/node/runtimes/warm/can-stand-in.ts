/**
 * Which commands a Node process that already runs can stand in for: `node FILE …` without options of Node's own, and the programs that were
 * loaded ahead. Pure, but for looking up the program.
 */
import { basename } from 'node:path'
import { findProgram, isSameFile } from '../find-program.ts'
import type { HandOver, Preload } from './hand-over.ts'

export interface Command {
  readonly argv: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
  readonly root: string
}

/** Read by Node, V8, ICU, OpenSSL or the C library when a process starts: too late for one that runs. */
const READ_AT_START = /^(NODE_|UV_|V8_|LD_|DYLD_|OPENSSL_|SSL_|ICU_|LC_|LANG$|LANGUAGE$|MALLOC_|GLIBC_)/

/** By its shape alone, before the environment is known. */
export function looksWarm(argv: readonly string[], preloads: readonly Preload[]): boolean {
  const [program = '', file] = argv
  if (preloads.some(({ command }) => command === basename(program))) return true
  return basename(program) === 'node' && file !== undefined && file !== '' && !file.startsWith('-')
}

export function standIn(command: Command, preloads: readonly Preload[]): HandOver | undefined {
  const { argv, env, cwd, root } = command
  const [program = '', file = '', ...args] = argv
  if (!looksWarm(argv, preloads) || Object.keys(env).some(name => READ_AT_START.test(name))) return undefined
  const preload = preloads.find(each => each.command === basename(program))
  if (preload) return { run: preload, args: argv.slice(1), env, cwd }
  const found = findProgram(program, env.PATH ?? '', cwd, root)
  if (!('path' in found) || !isSameFile(found.path, process.execPath)) return undefined
  return { run: { file }, args, env, cwd }
}
