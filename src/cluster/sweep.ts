/**
 * What a cluster whose programs were all killed leaves behind: containers that wait for a spawner, sandboxes and a network that wait for an
 * agent, files in memory, control groups. All but files would end by itself 15 s later; `down` does not wait for that, and neither does the
 * next `up`.
 */
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { HostCommands } from '../base/host-commands.ts'
import { sweepCgroups } from '../node/resources/sweep-cgroups.ts'
import { killHolder, readHolder } from '../node/sandbox/holder.ts'
import { runHostCommand } from '../node/spawner/host-command.ts'
import { sendSignal } from '../node/spawner/process-identity.ts'
import { spawnerFolder } from '../node/spawner/socket-path.ts'
import { memoryFolderOf } from './memory-folder.ts'

const commands: HostCommands = { run: (argv, options = {}) => runHostCommand({ argv, ...options }) }

/** Nothing of the cluster may run any more. `nodes` are the state folders of its further nodes. */
export async function sweep(state: string, nodes: readonly string[]): Promise<void> {
  for (const each of [state, ...nodes]) {
    killContainers(each)
    for (const folder of sandboxFolders(each)) removeSandboxes(folder)
    sweepCgroups(each)
  }
  const network = join(state, 'network')
  if (!existsSync(network)) return
  const { sweepNetwork } = await import('../network/sweep-network.ts')
  await sweepNetwork(network, commands)
}

/** Whether there may be something: looking costs less than a millisecond. */
export const hasLeftovers = (state: string, nodes: readonly string[]): boolean =>
  [state, ...nodes].some(each => sandboxFolders(each).length > 0)

const sandboxFolders = (state: string): readonly string[] =>
  [memoryFolderOf(state), join(state, 'sandboxes')].flatMap(folder => (folder && existsSync(folder) ? [folder] : []))

/** Wrappers lead a group each, and name the script of their spawner. */
function killContainers(state: string): void {
  const script = join(spawnerFolder(state), 'container.sh')
  for (const pid of processes()) {
    if (commandOf(pid).includes(script)) sendSignal(-pid, 'SIGKILL')
  }
}

function processes(): readonly number[] {
  try {
    return readdirSync('/proc').map(Number).filter(Number.isInteger)
  } catch {
    return []
  }
}

function commandOf(pid: number): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1').split('\0')
  } catch {
    return []
  }
}

function removeSandboxes(folder: string): void {
  for (const id of readdirSync(folder)) {
    const holder = readHolder(join(folder, id))
    if (holder) killHolder(holder)
  }
  rmSync(folder, { recursive: true, force: true })
}
