/** Starting and stopping one further node of a running cluster (`up --node`, `down --node`). The first node is the cluster's own. */
import { existsSync } from 'node:fs'
import { basename } from 'node:path'
import { lockOwner } from '../node/spawner/lock.ts'
import { livingParts } from '../node/spawner/part-record.ts'
import { EXIT, Exit } from './exit.ts'
import { bringUp, nodeFolder, nodeFolders, takeDown } from './node-folders.ts'

const PATIENCE_MS = 15_000
const LOOK_MS = 20

export async function startNode(state: string, name: string): Promise<void> {
  const node = folderOf(state, name)
  bringUp(node)
  await until(() => livingParts(node).size > 0, `node ${name} has not started`)
}

export async function stopNode(state: string, name: string): Promise<void> {
  const node = folderOf(state, name)
  takeDown(node)
  await until(() => !lockOwner(node) && livingParts(node).size === 0, `node ${name} has not ended`)
}

function folderOf(state: string, name: string): string {
  if (!lockOwner(state)) throw new Exit(EXIT.error, `no embedded cluster runs in ${state}`)
  const node = nodeFolder(state, name)
  if (existsSync(node)) return node
  const known = nodeFolders(state).map(folder => basename(folder))
  const which = known.length > 0 ? `it has ${known.join(', ')} beside the first` : 'it has only its first one'
  throw new Exit(EXIT.error, `the cluster has no node ${name} that could be started and stopped by itself: ${which}`)
}

async function until(holds: () => boolean, otherwise: string): Promise<void> {
  const end = performance.now() + PATIENCE_MS
  while (!holds()) {
    if (performance.now() > end) throw new Exit(EXIT.error, `${otherwise} after ${PATIENCE_MS / 1000} s`)
    await new Promise(resume => setTimeout(resume, LOOK_MS))
  }
}
