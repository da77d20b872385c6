/** Finds the program that a command names, as execvp does. */
import { accessSync, constants, realpathSync, statSync } from 'node:fs'
import { delimiter, isAbsolute, join, resolve } from 'node:path'

/** Its path, or why it cannot be started, in the words that people know from container runtimes. */
export type FoundProgram = { readonly path: string } | { readonly problem: string }

/** `root` is where the pod's volumes lie: a program may come from one. */
export function findProgram(name: string, path: string, cwd: string, root: string): FoundProgram {
  if (name.includes('/')) {
    const place = isAbsolute(name) ? name : resolve(cwd, name)
    const found = [place, join(root, place)].map(problemOf)
    if (found.includes(undefined)) return { path: place }
    const problem = found.find(each => each !== 'no such file or directory') ?? 'no such file or directory'
    return { problem: `exec: "${name}": ${problem}` }
  }
  for (const folder of path.split(delimiter)) {
    const place = join(folder || cwd, name)
    if (problemOf(place) === undefined) return { path: place }
  }
  return { problem: `exec: "${name}": executable file not found in $PATH` }
}

export function isSameFile(a: string, b: string): boolean {
  try {
    return realpathSync(a) === realpathSync(b)
  } catch {
    return false
  }
}

function problemOf(path: string): string | undefined {
  try {
    if (statSync(path).isDirectory()) return 'is a directory'
    accessSync(path, constants.X_OK)
    return undefined
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EACCES' ? 'permission denied' : 'no such file or directory'
  }
}
