/** Where in the user's own source an error arose: the first frame of its stack that lies in the bundle, by the bundle's source map. */
import { findSourceMap } from 'node:module'
import { dirname, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

/** `file:///…/map.ts:12:9`. Node has mapped the frames of `error.stack` already, when the bundle carries a map. */
export function userPlace(error: unknown, bundleUrl: string): string | undefined {
  if (!(error instanceof Error) || typeof error.stack !== 'string') return undefined
  const bundlePath = fileURLToPath(bundleUrl)
  const sources = sourcesOf(bundlePath)
  for (const line of error.stack.split('\n')) {
    const frame = /(?:\(|at (?:async )?)((?:file:\/\/)?\/[^()]*):(\d+):(\d+)\)?$/.exec(line)
    if (!frame) continue
    const path = toPath(frame[1]!)
    if (path === bundlePath || sources.has(path)) {
      return `${pathToFileURL(path).href}:${frame[2]}:${frame[3]}`
    }
  }
  return undefined
}

function sourcesOf(bundlePath: string): ReadonlySet<string> {
  const payload = findSourceMap(bundlePath)?.payload ?? findSourceMap(pathToFileURL(bundlePath).href)?.payload
  const root = dirname(bundlePath)
  return new Set(
    (payload?.sources ?? []).map(source => (source.startsWith('file:') ? toPath(source) : resolve(root, source))),
  )
}

function toPath(location: string): string {
  try {
    return location.startsWith('file:') ? fileURLToPath(location) : location
  } catch {
    return location
  }
}
