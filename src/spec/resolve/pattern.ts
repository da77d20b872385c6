/**
 * Patterns of input files: `*` and `?` within a name, `**` across folders; a folder stands for every file below it. As in a shell, `*`
 * does not match a leading dot; and below a folder names that begin with `.` or `_` are left out, as Hadoop's input formats do, so that
 * the output of one job (with its `_SUCCESS`) can be the input of the next.
 */
import { pathOfUri } from './file-uri.ts'

/** Whether a file is one that `pattern` asks for; both are URIs. */
export function fileMatcher(pattern: string): (uri: string) => boolean {
  const wanted = pathOfUri(pattern)
  const regexp = regexpOf(wanted)
  const folder = /[*?]/.test(wanted) ? undefined : `${wanted.replace(/\/+$/, '')}/`
  return uri => {
    const path = pathOfUri(uri)
    return (
      regexp.test(path) || (folder !== undefined && path.startsWith(folder) && isVisible(path.slice(folder.length)))
    )
  }
}

const isVisible = (path: string): boolean => path.split('/').every(name => !/^[._]/.test(name))

export const matchesPattern = (pattern: string, uri: string): boolean => fileMatcher(pattern)(uri)

export const hasWildcard = (pattern: string): boolean => /[*?]/.test(pathOfUri(pattern))

/** The folder above the first wildcard: where a search has to begin. */
export function fixedFolder(pattern: string): string {
  const path = pathOfUri(pattern)
  const wildcard = path.search(/[*?]/)
  return wildcard < 0 ? path : path.slice(0, path.lastIndexOf('/', wildcard)) || '/'
}

function regexpOf(path: string): RegExp {
  const names = path.split('/').slice(1)
  return new RegExp(`^${names.map((name, i) => nameSource(name, i === names.length - 1)).join('')}$`)
}

const VISIBLE = '/(?!\\.)'

function nameSource(name: string, isLast: boolean): string {
  if (name === '**') return isLast ? `(?:${VISIBLE}[^/]+)+` : `(?:${VISIBLE}[^/]+)*`
  const source = name.replace(/\*+|\?|[.+^${}()|[\]\\]/g, found =>
    found === '?' ? '[^/]' : found.startsWith('*') ? '[^/]*' : `\\${found}`,
  )
  return `${/^[*?]/.test(name) ? VISIBLE : '/'}${source}`
}
