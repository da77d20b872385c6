/** Removes what a cluster's network left on the machine when everything of it was killed at once: for `down` and the next `up`. */
import { realpathSync } from 'node:fs'
import type { HostCommands } from '../base/host-commands.ts'
import { closeOutside } from './outside.ts'
import { wireName } from './pod-network.ts'

/** `folder`: the network's, in the state folder. The namespace with its rules goes by itself, and takes the wire along; this does not wait for it. */
export async function sweepNetwork(folder: string, commands: HostCommands): Promise<void> {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return
  const wire = wireName(resolved(folder))
  await closeOutside({ commands, wire })
  await commands.run(['ip', 'link', 'del', wire])
}

function resolved(folder: string): string {
  try {
    return realpathSync(folder)
  } catch {
    return folder
  }
}
