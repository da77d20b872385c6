/** Finds out by trying which isolation this machine allows, best first, and remembers why not a better one. */
import { randomBytes } from 'node:crypto'
import type { Clock } from '../../base/clock.ts'
import type { HostCommands } from '../../base/host-commands.ts'
import { createBareSandboxes } from './bare-sandboxes.ts'
import { createNamespacedSandboxes } from './namespaced-sandboxes.ts'
import type { Isolation, Sandboxes, SandboxNetwork } from './sandbox.ts'

export interface SandboxesOptions {
  readonly commands: HostCommands
  /** Small files of every sandbox; a file system in memory makes pods start sooner. */
  readonly folder: string
  /** What the pods' volumes hold; beside `folder` unless given. */
  readonly bulk?: string
  readonly clock: Clock
  readonly network: SandboxNetwork
  readonly log?: (message: string) => void
  /** The best that is tried; for tests, and for who wants less. */
  readonly atMost?: Isolation
  readonly platform?: string
  /** How long sandboxes outlive a server that is gone; as long as pods do. */
  readonly patienceSeconds?: number
}

const ORDER: readonly Isolation[] = ['full', 'mount', 'none']

/** Eight digits: short enough for interface names and paths, and never seen twice in one cluster's life. */
const newId = (): string => randomBytes(4).toString('hex')

export async function createSandboxes({
  commands,
  folder,
  bulk = `${folder}-volumes`,
  clock,
  network,
  log = () => {},
  atMost = 'full',
  platform = process.platform,
  patienceSeconds = 15,
}: SandboxesOptions): Promise<Sandboxes> {
  const reasons: string[] = []
  const home = { folder, bulk }
  const shared = { home, commands, clock, network, newId, patienceSeconds, log }
  const tried = platform === 'linux' ? ORDER.slice(ORDER.indexOf(atMost)) : []
  if (atMost !== 'full') reasons.push(`limited to ${atMost}`)

  if (tried.includes('full')) {
    const opened = await network.open()
    if (!opened.ok) reasons.push(`no network of their own: ${opened.message}`)
    else {
      try {
        return await createNamespacedSandboxes({ ...shared, isolation: 'full' })
      } catch (error) {
        reasons.push(`no network of their own: ${(error as Error).message}`)
        await network.close()
      }
    }
  }
  if (tried.includes('mount')) {
    try {
      return await createNamespacedSandboxes({ ...shared, isolation: 'mount', limitation: reasons.join('; ') })
    } catch (error) {
      reasons.push(`no mount namespaces: ${(error as Error).message}`)
    }
  }
  if (platform !== 'linux') reasons.push(`no namespaces on ${platform}`)
  return createBareSandboxes({ home, addresses: network.shared, newId, limitation: reasons.join('; ') })
}
