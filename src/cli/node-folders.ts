/** The further nodes of a cluster as its state folder tells them: a folder each, with a file `off` in that of a node that is to be down. */
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { OFF } from '../node/spawner/node-supervisor.ts'

export const nodeFolder = (state: string, name: string): string => join(state, 'nodes', name)

export function nodeFolders(state: string): readonly string[] {
  try {
    return readdirSync(join(state, 'nodes')).map(name => nodeFolder(state, name))
  } catch {
    return []
  }
}

export const isOff = (node: string): boolean => existsSync(join(node, OFF))

/** The cluster's spawner looks at it four times a second. */
export const takeDown = (node: string): void => writeFileSync(join(node, OFF), '', { mode: 0o600 })

export const bringUp = (node: string): void => rmSync(join(node, OFF), { force: true })
