/** This machine's files as the pure planners of mounts ask for them. */
import { readdirSync, readFileSync, realpathSync, statSync } from 'node:fs'
import type { HostView } from './mount-plan.ts'
import { parseMountPoints, type RootFacts } from './pod-root.ts'

export const hostView: HostView = {
  kindOf(path) {
    try {
      return statSync(path).isDirectory() ? 'folder' : 'file'
    } catch {
      return undefined
    }
  },
  realPath: path => realpathSync(path),
  entriesIn: path =>
    readdirSync(path, { withFileTypes: true }).map(entry => ({
      name: entry.name,
      kind: entry.isSymbolicLink() ? 'link' : entry.isDirectory() ? 'folder' : 'file',
    })),
  mountPoints: () => parseMountPoints(readFileSync('/proc/self/mountinfo', 'utf8')),
}

export const rootFacts = (ownNetwork: boolean): RootFacts => ({
  top: hostView.entriesIn('/'),
  mountPoints: hostView.mountPoints(),
  ownNetwork,
})
