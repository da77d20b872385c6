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
  /** $SOLVENT_LIMITS: `watching` asks for less than the machine allows. */
  readonly atMost?: string
}

export async function createEnforcement(options: EnforcementOptions): Promise<Enforcement> {
  const { stateDir, commands, clock, log, atMost } = options
  if (atMost === 'watching') return createWatchingEnforcement({ clock, limitation: 'SOLVENT_LIMITS=watching' })
  const place = await findPlace(stateDir, commands)
  if (!place.ok) return createWatchingEnforcement({ clock, limitation: place.because })
  const { version, root } = place
  return createCgroupEnforcement({ version, root, clock, log, onClosed: () => forgetPlace(stateDir) })
}
