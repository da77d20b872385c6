/**
 * Patterns of input files: `*` and `?` within a name, `**` across folders; a folder stands for every file below it. As in a shell, `*`
 * does not match a leading dot; and below a folder names that begin with `.` or `_` are left out, as Hadoop's input formats do, so that
 * the output of one job (with its `_SUCCESS`) can be the input of the next.
 */
import { pathOfUri } from './file-uri.ts'

/** Whether the file at `uri` is one that `pattern` (a URI too) asks for. */
export function matchesPattern(pattern: string, uri: string): boolean {
  const [wanted, path] = [pathOfUri(pattern), pathOfUri(uri)]
  if (regexpOf(wanted).test(path)) return true
  const folder = wanted.replace(/\/+$/, '')
  if (/[*?]/.test(folder) || !path.startsWith(`${folder}/`)) return false
  return path
    .slice(folder.length + 1)
    .split('/')
    .every(name => !/^[._]/.test(name))
}

export const hasWildcard = (pattern: string): boolean => /[*?]/.test(pathOfUri(pattern))

/** The folder above the first wildcard: where a search has to begin. */
export function fixedFolder(pattern: string): string {
  const path = pathOfUri(pattern)
  const wildcard = path.search(/[*?]/)
  return wildcard < 0 ? path : path.slice(0, path.lastIndexOf('/', wildcard)) || '/'
}

const regexps = new Map<string, RegExp>()

function regexpOf(path: string): RegExp {
  const known = regexps.get(path)
  if (known) return known
  const names = path.split('/').slice(1)
  const regexp = new RegExp(`^${names.map((name, i) => nameSource(name, i === names.length - 1)).join('')}$`)
  regexps.set(path, regexp)
  return regexp
}

const VISIBLE = '/(?!\\.)'

function nameSource(name: string, isLast: boolean): string {
  if (name === '**') return isLast ? `(?:${VISIBLE}[^/]+)+` : `(?:${VISIBLE}[^/]+)*`
  const source = name.replace(/\*+|\?|[.+^${}()|[\]\\]/g, found =>
    found === '?' ? '[^/]' : found.startsWith('*') ? '[^/]*' : `\\${found}`,
  )
  return `${/^[*?]/.test(name) ? VISIBLE : '/'}${source}`
}
