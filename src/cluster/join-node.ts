/**
 * A node of the cluster on this machine: sandboxes, the pods' network and names, and the agent, which are joined here because none of them
 * knows the others. The first node may live in the server's process, others have one of their own; both come here. What must be known
 * before the API server listens (its addresses) is there at once; the rest waits for the spawner.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock } from '../base/clock.ts'
import type { HostCommands } from '../base/host-commands.ts'
import { packageRoot, programPath } from '../base/package-root.ts'
import type { KubeApi } from '../client/kube-api.ts'
import type { Pod } from '../kube/core.ts'
import { formatNetwork, type Slice, sliceOf } from '../network/address-range.ts'
import { createPodNetwork, type PodNetwork } from '../network/pod-network.ts'
import { startNetwork } from '../network/start-network.ts'
import { type NodeAgent, startNodeAgent } from '../node/agent/agent.ts'
import { hostnameOf } from '../node/agent/surroundings.ts'
import { createEnforcement } from '../node/resources/create-enforcement.ts'
import { createSandboxes } from '../node/sandbox/create-sandboxes.ts'
import { createNameBoard, type OwnNames } from '../node/sandbox/name-board.ts'
import { ownEntries, resolverText } from '../node/sandbox/pod-resolver.ts'
import type { Isolation, Sandbox } from '../node/sandbox/sandbox.ts'
import type { Spawner } from '../node/spawner/spawner-client.ts'
import { memoryFolder } from './memory-folder.ts'
import { poolSize, shareOfMachine } from './share-of-machine.ts'

export interface NodeOptions {
  /** The cluster's state folder. */
  readonly cluster: string
  /** The node's own, which is the cluster's for the first. */
  readonly state: string
  readonly name: string
  /** Which part of the addresses and of the machine it has. */
  readonly slice: Slice
  /** The owner of the network makes it and ends it. */
  readonly role: 'owner' | 'member'
  readonly spawner: Promise<Spawner>
  readonly clock: Clock
  readonly log: (line: string) => void
  /** The best isolation that is tried; what the machine allows unless given. */
  readonly isolation?: Isolation
}

export interface JoinedNode {
  /** Where pods reach the API server. */
  readonly apiHost: string
  readonly agent: NodeAgent
  /** Ends the agent with its pods. */
  stop(): Promise<void>
  /** Then: sandboxes and network. */
  close(): Promise<void>
}

export interface ComingNode {
  readonly network: PodNetwork
  readonly commands: HostCommands
  /** `onApiHost` comes before any pod: whoever is asked there must answer then. */
  join(api: KubeApi, port: number, onApiHost?: (host: string) => Promise<unknown>): Promise<JoinedNode>
}

export const LOOPBACK = '127.0.0.1'
/** What pods get to end in when the whole cluster does: nobody wants to wait for a `down`. */
const POD_GRACE_MS = 2_000
/** With others beside it a node must be missed soon; alone it is missed by nobody who could do something. */
const LEASE_AMONG_OTHERS = { renewMs: 1_000, durationSeconds: 4 }

export function comingNode(options: NodeOptions): ComingNode {
  const { state, name, slice, spawner, clock, log, isolation } = options
  const commands: HostCommands = { run: async (argv, what) => (await spawner).run(argv, what) }
  const network = clusterNetwork(options, commands)
  const names = createNameBoard(log)
  const hasOthers = slice.of > 1

  return {
    network,
    commands,
    async join(api, port, onApiHost) {
      const live = await spawner
      const folder = memoryFolder(state) ?? join(state, 'sandboxes')
      const bulk = join(state, 'volumes')
      const [sandboxes, enforcement] = await Promise.all([
        createSandboxes({ commands, folder, bulk, clock, network, log, atMost: isolation }),
        createEnforcement({ stateDir: state, commands, clock, log, atMost: process.env.SOLVENT_LIMITS }),
      ])
      // Where pods have a network of their own, names are DNS's; elsewhere they are in a hosts file.
      const isRouted = sandboxes.isolation === 'full'
      const apiHost = (isRouted ? network.hostAddress : undefined) ?? LOOPBACK
      if (apiHost !== LOOPBACK) await onApiHost?.(apiHost)
      const naming = isRouted
        ? undefined
        : startNetwork({ api, clock, names, onError: error => log(`names: ${error}`) })
      const resolving = { nameservers: network.nameservers, machine: machineResolver() }
      const ownNames = (pod: Pod, { address }: Sandbox): OwnNames => ({
        entries: ownEntries(pod, hostnameOf(pod), address),
        ...(isRouted && { resolver: resolverText(pod, resolving) }),
      })
      const agent = await startNodeAgent({
        api,
        spawner: live,
        sandboxes,
        enforcement,
        clock,
        stateDir: state,
        nodeName: name,
        nodeAddress: (isRouted ? network.nodeAddress : undefined) ?? LOOPBACK,
        apiPort: port,
        ...(hasOthers && {
          capacity: shareOfMachine(slice.of),
          lease: LEASE_AMONG_OTHERS,
          podCIDR: formatNetwork(sliceOf(network.layout.pods, slice)),
          readySandboxes: poolSize(slice.of),
          warmProcesses: poolSize(slice.of),
        }),
        warmPreload: [
          { command: 'solvent-batch', module: programPath('batch.js') },
          { command: 'solvent-serve', module: programPath('serve.js') },
        ],
        commands: {
          'solvent-batch': join(packageRoot(), 'bin', 'solvent-batch.js'),
          'solvent-serve': join(packageRoot(), 'bin', 'solvent-serve.js'),
        },
        onSandbox: (pod, sandbox) => {
          const { uid = '', namespace = '' } = pod.metadata
          return names.assign(uid, namespace, hostnameOf(pod), sandbox, ownNames(pod, sandbox))
        },
        onSandboxGone: uid => names.release(uid),
        log,
      })
      return {
        apiHost,
        agent,
        async stop() {
          await agent.stop({ podsGraceMs: POD_GRACE_MS })
          await naming?.stop()
        },
        close: () => sandboxes.close(),
      }
    },
  }
}

/** The network of the whole cluster, as one of its nodes or its owner has it. */
export function clusterNetwork(
  { cluster, role, slice, isolation }: Pick<NodeOptions, 'cluster' | 'role' | 'slice' | 'isolation'>,
  commands: HostCommands,
): PodNetwork {
  const mayRoute = isolation === undefined || isolation === 'full'
  return createPodNetwork({
    commands,
    folder: join(cluster, 'network'),
    role,
    slice,
    ...(!mayRoute && { isRoot: false }),
  })
}

function machineResolver(): string {
  try {
    return readFileSync('/etc/resolv.conf', 'utf8')
  } catch {
    return ''
  }
}
