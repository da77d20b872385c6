/** Finds out by trying who forwards: the kernel where there is a router of our own and nft, a process elsewhere. */
import type { Clock } from '../../base/clock.ts'
import type { HostCommands } from '../../base/host-commands.ts'
import type { Network } from '../address-range.ts'
import type { PodNetwork } from '../pod-network.ts'
import { openNftProxy } from './nft-proxy.ts'
import type { ServiceProxy } from './service-proxy.ts'

export interface OpenProxyOptions {
  readonly commands: HostCommands
  readonly clock: Clock
  readonly network: PodNetwork
  readonly nodeRanges: () => ReadonlyMap<string, Network>
  readonly log: (message: string) => void
}

export async function openProxy(options: OpenProxyOptions): Promise<ServiceProxy | undefined> {
  const { commands, clock, network, nodeRanges, log } = options
  const switchPath = network.switchPath()
  if (switchPath === undefined) return undefined
  const place = () => ({ machine: network.layout.machine, nodeRanges: nodeRanges() })
  const proxy = await openNftProxy({ commands, clock, folder: network.folder, switchPath, place, log })
  if (!('problem' in proxy)) return proxy
  log(`Services: ${proxy.problem}`)
  return undefined
}
