/** URIs of this machine's files as a person at this prompt would type them. */
import { isAbsolute, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

/** `file:///home/me/job/out/` -> `out/` in /home/me/job, the whole path elsewhere. A suffix such as `:12:9` stays. */
export function placeText(uri: string, folder: string = process.cwd()): string {
  if (!uri.startsWith('file:')) return uri
  const [, bare = uri, place = ''] = /^(.*?)((?::\d+){0,2})$/s.exec(uri) ?? []
  let path: string
  try {
    // `*` and `?` of patterns are no part of a URI's syntax.
    path = fileURLToPath(bare.replaceAll('?', '%3F').replaceAll('#', '%23'))
  } catch {
    return uri
  }
  const near = relative(folder, path)
  const closest = near !== '' && !near.startsWith(`..${sep}..`) && !isAbsolute(near) ? near : path
  return `${closest}${path.endsWith(sep) && !closest.endsWith(sep) ? sep : ''}${place}`
}
