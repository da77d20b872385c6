/** The best way of holding pods to their limits that this machine allows, found by trying. */
import type { Clock } from '../../base/clock.ts'
import type { HostCommands } from '../../base/host-commands.ts'
import { createCgroupEnforcement } from './cgroup-enforcement.ts'
import { findPlace, forgetPlace } from './cgroup-place.ts'
import type { Enforcement } from './enforcement.ts'
import { createWatchingEnforcement } from './watching-enforcement.ts'

export interface EnforcementOptions {
  readonly stateDir: string
  readonly commands: HostCommands
  readonly clock: Clock
  readonly log: (message: string) => void
  /** As the environment of `solvent up` may ask for. */
  readonly atMost?: 'cgroups' | 'watching'
}

export async function createEnforcement(options: EnforcementOptions): Promise<Enforcement> {
  const { stateDir, commands, clock, log, atMost = 'cgroups' } = options
  if (atMost === 'watching') return createWatchingEnforcement({ clock, limitation: 'asked for' })
  const place = await findPlace(stateDir, commands)
  if (!place.ok) return createWatchingEnforcement({ clock, limitation: place.because })
  const { version, root } = place
  return createCgroupEnforcement({ version, root, clock, log, onClosed: () => forgetPlace(stateDir) })
}
