/** Where this package lies on the disk, from a source file, a bundle in dist/ or an installed copy alike. */
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'

let found: string | undefined

/** The folder that holds our package.json. */
export function packageRoot(): string {
  if (found === undefined) {
    found = import.meta.dirname
    while (!existsSync(join(found, 'package.json')) && dirname(found) !== found) found = dirname(found)
  }
  return found
}

/** A bundle of ours, such as `spawner.cjs`. */
export const programPath = (name: string): string => join(packageRoot(), 'dist', name)

/** A program of ours as it is started, such as `server.js`: bin/ runs its bundle from V8's code cache. */
export const entryPath = (name: string): string => join(packageRoot(), 'bin', name)
