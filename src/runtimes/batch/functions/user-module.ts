/** The user's functions: unpacked from the code ConfigMap, imported, called, and blamed with their own file and line. */
import { readFileSync, realpathSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { shortened, UserError } from '../failure.ts'
import { userPlace } from './user-place.ts'

export type MapFunction = (record: unknown) => Iterable<readonly [unknown, unknown]>
export type ReduceFunction = (key: unknown, values: Iterable<unknown>) => unknown

export interface UserModule {
  readonly url: string
  readonly map?: MapFunction
  readonly reduce?: ReduceFunction
}

/** Imports the bundle. What it throws while it loads is the user's error. */
export async function loadUserModule(codePath: string | undefined, folder: string): Promise<UserModule> {
  if (codePath === undefined) {
    throw new UserError('the job names a module but has no code: bundle it with `solvent run` or `solvent compile`')
  }
  // A volume may be a link; Node names a module, and finds its source map, by its real path.
  const file = join(realpathSync(folder), 'user-code.mjs')
  writeFileSync(file, gunzipSync(readFileSync(codePath)))
  // Before the import: Node reads the source map of a module when it compiles it.
  process.setSourceMapsEnabled(true)
  const url = pathToFileURL(file).href
  try {
    return { url, ...((await import(url)) as Omit<UserModule, 'url'>) }
  } catch (error) {
    throw blame(error, url, 'the module does not load: ')
  }
}

export function functionOf<R extends 'map' | 'reduce'>(
  module: UserModule,
  role: R,
  ref: { readonly module: string; readonly export: string },
): NonNullable<UserModule[R]> {
  const found = module[role]
  if (typeof found !== 'function') {
    throw new UserError(`${ref.module} exports no function "${ref.export}"; it is ${shortened(found)}`)
  }
  return found
}

/** An error out of the user's code as a `UserError` with its place. */
export function blame(error: unknown, url: string, prefix = ''): UserError {
  if (error instanceof UserError) return error
  const message = error instanceof Error ? `${error.name}: ${error.message}` : `threw ${shortened(error)}`
  return new UserError(prefix + message, { place: userPlace(error, url) }, { cause: error })
}
