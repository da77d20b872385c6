/**
 * Paths as absolute `file://` URIs and back, without Node, since the planner runs in a browser too. Percent-encoded as Node's
 * `pathToFileURL` does it: a `?` of a pattern is `%3F`, and `fileURLToPath` gives the pattern back.
 */

export const isFileUri = (text: string): boolean => text.startsWith('file:///')

/** `path` relative to the absolute `folder`, with `.` and `..` taken out. A closing slash stays: it says "a folder". */
export function absolutePath(path: string, folder: string): string {
  const whole = path.startsWith('/') ? path : `${folder}/${path}`
  const steps: string[] = []
  for (const step of whole.split('/')) {
    if (step === '..') steps.pop()
    else if (step !== '' && step !== '.') steps.push(step)
  }
  const closing = /(^|\/)\.{0,2}$/.test(path) && steps.length > 0 ? '/' : ''
  return `/${steps.join('/')}${closing}`
}

/** A URI stays one (its `?`, `#` and spaces encoded); a path becomes absolute first. */
export function fileUri(path: string, folder: string): string {
  if (isFileUri(path)) return `file://${encode(absolutePath(decode(path.slice('file://'.length)), '/'))}`
  return `file://${encode(absolutePath(path, folder))}`
}

export const pathOfUri = (uri: string): string => decode(uri.replace(/^file:\/\//, ''))

/** `encodeURI` leaves these two alone, since they mean something in a URI. In a path they mean nothing. */
const encode = (path: string): string => encodeURI(path).replaceAll('?', '%3F').replaceAll('#', '%23')

function decode(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    // A `%` that is no escape stands for itself.
    return path
  }
}
