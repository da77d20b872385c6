/** Removes the network of a cluster whose programs are all gone, for `down`: the keeper of its namespace and the machine's end of its wire. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { HostCommands } from '../base/host-commands.ts'
import { wireName } from './pod-network.ts'

/** `folder` as `createPodNetwork` has it. */
export async function sweepNetwork(folder: string, commands: HostCommands): Promise<void> {
  killKeeper(folder)
  await commands.run(['ip', 'link', 'del', wireName(folder)])
}

/** By its command line: the number may be somebody else's by now. It leads a group, in which its alarm clock waits. */
function killKeeper(folder: string): void {
  try {
    const pid = Number(readFileSync(join(folder, 'keeper'), 'utf8'))
    const words = readFileSync(`/proc/${pid}/cmdline`, 'latin1').split('\0')
    if (pid > 1 && words.includes(join(folder, 'lifeline'))) process.kill(-pid, 'SIGKILL')
  } catch {
    // It has ended.
  }
}
