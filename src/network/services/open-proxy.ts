/**
 * Finds out by trying who forwards. Behind a router of our own: the kernel, or where there is no nft a process in the router's namespace; and one on
 * the machine for its own ports, since what the machine says to itself never comes by the router. Elsewhere: one process on loopback addresses.
 */
import type { Clock } from '../../base/clock.ts'
import type { HostCommands } from '../../base/host-commands.ts'
import { programPath } from '../../base/package-root.ts'
import type { Network } from '../address-range.ts'
import type { PodNetwork } from '../pod-network.ts'
import { createRemoteProxy } from '../process/remote-proxy.ts'
import type { Forwarding } from './forwarding.ts'
import { openNftProxy } from './nft-proxy.ts'
import type { ServiceProxy } from './service-proxy.ts'

export interface OpenProxyOptions {
  readonly commands: HostCommands
  readonly clock: Clock
  readonly network: PodNetwork
  readonly nodeRanges: () => ReadonlyMap<string, Network>
  readonly log: (message: string) => void
}

/** As kube-proxy's --nodeport-addresses, but narrow unless asked: a laptop's ports are nobody else's business. */
export const nodePortAddresses = (hostAddress: string | undefined): readonly string[] => [
  ...(process.env.SOLVENT_NODEPORT_ADDRESSES?.split(',') ?? ['127.0.0.1']),
  ...(hostAddress === undefined ? [] : [hostAddress]),
]

/** Names of the processes' files in the network's folder. */
export const SERVICES_PROXY = 'proxy'
export const NODE_PORTS_PROXY = 'node-ports'

/** The API server's own Service is not worth a process. */
const isOfOthers = ({ key }: Forwarding): boolean => key !== 'tcp/443/default/kubernetes'

export async function openProxy(options: OpenProxyOptions): Promise<ServiceProxy> {
  const { commands, clock, network, nodeRanges, log } = options
  const { folder } = network
  const switchPath = network.switchPath()
  const remote = { commands, clock, folder, program: programPath('proxy.js'), log }
  if (switchPath === undefined) {
    const nodeAddresses = nodePortAddresses(undefined)
    return createRemoteProxy({
      ...remote,
      name: SERVICES_PROXY,
      enter: [],
      atServices: true,
      nodeAddresses,
      concerns: isOfOthers,
    })
  }
  const nodePorts = createRemoteProxy({
    ...remote,
    name: NODE_PORTS_PROXY,
    enter: [],
    atServices: false,
    nodeAddresses: nodePortAddresses(network.hostAddress),
    concerns: ({ nodePort }) => nodePort !== undefined,
  })
  const place = () => ({ machine: network.layout.machine, nodeRanges: nodeRanges() })
  // For who wants to compare, or whose kernel has tables that do not work.
  const mayUseKernel = process.env.SOLVENT_PROXY !== 'process'
  const kernel = mayUseKernel
    ? await openNftProxy({ commands, clock, folder, switchPath, place, log })
    : { problem: 'SOLVENT_PROXY=process' }
  if (!('problem' in kernel)) return both(kernel, nodePorts)
  log(`Services are forwarded by a process: ${kernel.problem}`)
  const enter = ['nsenter', `--net=${switchPath}`]
  const services = createRemoteProxy({
    ...remote,
    name: SERVICES_PROXY,
    enter,
    atServices: true,
    nodeAddresses: [],
    concerns: isOfOthers,
  })
  return both(services, nodePorts)
}

function both(first: ServiceProxy, second: ServiceProxy): ServiceProxy {
  return {
    kind: first.kind,
    async apply(forwardings) {
      return (await Promise.all([first.apply(forwardings), second.apply(forwardings)])).flat()
    },
    async traffic() {
      const [a, b] = await Promise.all([first.traffic(), second.traffic()])
      return new Map([...new Set([...a.keys(), ...b.keys()])].map(key => [key, (a.get(key) ?? 0) + (b.get(key) ?? 0)]))
    },
    async close() {
      await Promise.all([first.close(), second.close()])
    },
  }
}
