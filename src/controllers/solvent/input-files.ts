/**
 * The files that a BatchJob reads, found on the disk and handed to the planner as values; and what its output folder holds. The one place
 * of this room that looks at a disk. Used by the controller and, for `solvent plan`, by the command line.
 */
import type { Dirent } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Problem } from '../../base/problem.ts'
import type { InputFile } from '../../planner/batch/plan.ts'
import type { BatchJob } from '../../spec/kinds.ts'
import { fileUri, pathOfUri } from '../../spec/resolve/file-uri.ts'
import { fixedFolder, hasWildcard, matchesPattern } from '../../spec/resolve/pattern.ts'

export interface FoundFiles {
  readonly files: readonly InputFile[]
  /** What could not be looked at. A pattern that matches nothing is the planner's to tell. */
  readonly problems: readonly Problem[]
}

export interface InputLister {
  /** Every file that the job's patterns match. */
  listInputs(job: BatchJob): Promise<FoundFiles>
  /** Why nothing may be written to the job's output folder; none: it is absent or empty. */
  checkOutput(job: BatchJob): Promise<readonly Problem[]>
}

export const diskInputs: InputLister = { listInputs, checkOutput }

async function listInputs({ spec: { input } }: BatchJob): Promise<FoundFiles> {
  const found = await Promise.all(
    Object.entries(input).flatMap(([format, patterns]) =>
      (patterns ?? []).map((pattern, i) => listPattern(pattern, `spec.input.${format}[${i}]`)),
    ),
  )
  const files = new Map(found.flatMap(each => each.files).map(file => [file.uri, file]))
  return { files: [...files.values()], problems: found.flatMap(each => each.problems) }
}

async function listPattern(pattern: string, field: string): Promise<FoundFiles> {
  try {
    const paths = hasWildcard(pattern) ? await searched(pattern) : await named(pathOfUri(pattern))
    return { files: await inTurn(paths, toInputFile), problems: [] }
  } catch (error) {
    const { code = '', path } = error as NodeJS.ErrnoException
    const why = `${path ?? pathOfUri(pattern)} cannot be read (${code || (error as Error).message})`
    return { files: [], problems: [{ field, what: `is ${JSON.stringify(pattern)}`, why }] }
  }
}

/** A file, or all that lies below a folder. */
async function named(path: string): Promise<readonly string[]> {
  const found = await statOf(path)
  if (found === undefined) return []
  return found.isDirectory() ? await below(path, isPlain, Number.POSITIVE_INFINITY) : [path]
}

async function searched(pattern: string): Promise<readonly string[]> {
  const start = fixedFolder(pattern)
  const path = pathOfUri(pattern)
  const depth = path.includes('**') ? Number.POSITIVE_INFINITY : stepsOf(path) - stepsOf(start)
  // A shell's wildcards pass over what begins with a dot, unless the pattern itself says it.
  const mayBegin = path.slice(start.length).includes('/.') ? () => true : (name: string) => !name.startsWith('.')
  const paths = await below(start, mayBegin, depth)
  return paths.filter(each => matchesPattern(pattern, fileUri(each, '/')))
}

const stepsOf = (path: string): number => path.split('/').filter(Boolean).length

/** Names that begin with `.` or `_` are not data (Hadoop's FileInputFormat): another job's `_SUCCESS` lies among its files. */
const isPlain = (name: string): boolean => !/^[._]/.test(name)

async function below(folder: string, wanted: (name: string) => boolean, depth: number): Promise<readonly string[]> {
  if (depth <= 0) return []
  const entries = (await entriesOf(folder)).filter(({ name }) => wanted(name))
  const found = await inTurn(entries, async entry => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return below(path, wanted, depth - 1)
    if (entry.isFile()) return [path]
    // A link to a file is that file; one to a folder is not followed, since links can go in circles.
    return entry.isSymbolicLink() && (await statOf(path))?.isFile() ? [path] : []
  })
  return found.flat()
}

async function entriesOf(folder: string): Promise<readonly Dirent[]> {
  try {
    return await readdir(folder, { withFileTypes: true })
  } catch (error) {
    if (isAbsent(error)) return []
    throw error
  }
}

async function statOf(path: string) {
  try {
    return await stat(path)
  } catch (error) {
    if (isAbsent(error)) return undefined
    throw error
  }
}

const isAbsent = (error: unknown): boolean =>
  ['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')

async function toInputFile(path: string): Promise<InputFile> {
  return { uri: fileUri(path, '/'), bytes: (await stat(path)).size, splittable: !path.endsWith('.gz') }
}

/** Many at once, but not so many that file descriptors or memory run out. */
async function inTurn<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<readonly R[]> {
  const results: R[] = []
  for (let start = 0; start < items.length; start += 64) {
    results.push(...(await Promise.all(items.slice(start, start + 64).map(work))))
  }
  return results
}

async function checkOutput({ spec: { output } }: BatchJob): Promise<readonly Problem[]> {
  const [format, uri = ''] = Object.entries(output)[0] ?? []
  const path = pathOfUri(uri)
  const problem = { field: `spec.output.${format}`, what: `is ${JSON.stringify(uri)}` }
  const found = await statOf(path)
  if (found === undefined) return []
  if (!found.isDirectory()) return [{ ...problem, why: 'that is a file', fix: 'Name a folder.' }]
  const { length } = await readdir(path)
  if (length === 0) return []
  const why = `the folder is not empty (${length === 1 ? '1 entry' : `${length} entries`})`
  return [{ ...problem, why, fix: `Empty it (rm -r ${path}) or name another folder.` }]
}
