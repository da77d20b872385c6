/** Removes what a cluster's network left on the machine when everything of it was killed at once: for `down` and the next `up`. */
import { readFileSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import type { HostCommands } from '../base/host-commands.ts'
import { closeOutside } from './outside.ts'
import { wireName } from './pod-network.ts'
import { endProxy } from './process/remote-proxy.ts'
import { NODE_PORTS_PROXY, SERVICES_PROXY } from './services/open-proxy.ts'

/** `folder`: the network's, in the state folder. All of this but what is changed on the machine itself would go by itself a little later. */
export async function sweepNetwork(folder: string, commands: HostCommands): Promise<void> {
  const place = resolved(folder)
  await Promise.all([SERVICES_PROXY, NODE_PORTS_PROXY].map(name => endProxy(place, name)))
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return
  const wire = wireName(place)
  await closeOutside({ commands, wire })
  killKeeper(place)
  await commands.run(['ip', 'link', 'del', wire])
}

/** It leads a group with what it waits by; a number that became somebody else's is not its any more. */
function killKeeper(folder: string): void {
  try {
    const pid = Number(readFileSync(join(folder, 'keeper'), 'utf8'))
    const command = readFileSync(`/proc/${pid}/cmdline`, 'latin1').split('\0')
    if (pid > 1 && command.includes(join(folder, 'lifeline'))) process.kill(-pid, 'SIGKILL')
  } catch {
    // It is gone.
  }
}

function resolved(folder: string): string {
  try {
    return realpathSync(folder)
  } catch {
    return folder
  }
}
