/** The embedded cluster as its state folder tells it: where it lies, whether it runs, how it is reached. Reads only. */
import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'

/** What `solvent up -o json` prints, and cluster.json holds. */
export interface ClusterInfo {
  readonly server: string
  readonly kubeconfig: string
  readonly pid: number
  readonly spawnerPid?: number
}

/** `--state`, else $SOLVENT_STATE, else the place that the XDG base directory specification gives. */
export function stateFolder(given: string | undefined, env: NodeJS.ProcessEnv = process.env): string {
  const chosen = given ?? env.SOLVENT_STATE
  if (chosen) return resolve(chosen)
  return join(env.XDG_STATE_HOME || join(homedir(), '.local', 'state'), 'solvent')
}

/** What is written there, running or not. */
export function writtenCluster(folder: string): ClusterInfo | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, 'cluster.json'), 'utf8')) as ClusterInfo
  } catch {
    return undefined
  }
}

/** The cluster of `folder` if a process of it lives. A server that is being restarted by its spawner counts as running. */
export function runningCluster(folder: string): ClusterInfo | undefined {
  const info = writtenCluster(folder)
  return info && [info.spawnerPid, info.pid].some(isAlive) ? info : undefined
}

export function isAlive(pid: number | undefined): boolean {
  if (pid === undefined) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
