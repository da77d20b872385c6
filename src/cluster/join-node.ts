/**
 * This machine as the cluster's node: sandboxes, the pods' network and names, and the agent, which are joined here because none of them
 * knows the others. What must be known before the API server listens (its addresses) is there at once; the rest waits for the spawner.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ApiServer } from '../apiserver/server.ts'
import type { Clock } from '../base/clock.ts'
import type { HostCommands } from '../base/host-commands.ts'
import { packageRoot, programPath } from '../base/package-root.ts'
import type { Pod } from '../kube/core.ts'
import { createPodNetwork } from '../network/pod-network.ts'
import { startNetwork } from '../network/start-network.ts'
import type { RunningServices } from '../network/start-services.ts'
import { startNodeAgent } from '../node/agent/agent.ts'
import { defaultNodeName } from '../node/agent/node-object.ts'
import { hostnameOf } from '../node/agent/surroundings.ts'
import { createSandboxes } from '../node/sandbox/create-sandboxes.ts'
import { createNameBoard, type OwnNames } from '../node/sandbox/name-board.ts'
import { ownEntries, resolverText } from '../node/sandbox/pod-resolver.ts'
import type { Isolation, Sandbox } from '../node/sandbox/sandbox.ts'
import type { Spawner } from '../node/spawner/spawner-client.ts'
import { memoryFolder } from './memory-folder.ts'

export interface NodeOptions {
  readonly state: string
  readonly spawner: Promise<Spawner>
  readonly clock: Clock
  readonly log: (line: string) => void
  /** The best isolation that is tried; what the machine allows unless given. */
  readonly isolation?: Isolation
}

export interface JoinedNode {
  /** Where pods reach the API server. */
  readonly apiHost: string
  stop(): Promise<void>
}

export interface ComingNode {
  /** Addresses beside loopback that the server's certificate must name. */
  readonly apiAddresses: readonly string[]
  /** Where Services get their addresses from: this cluster's own, so that the machine can tell it from another's. */
  readonly serviceRange: string
  join(server: ApiServer, port: number): Promise<JoinedNode>
}

const LOOPBACK = '127.0.0.1'
/** What pods get to end in when the whole cluster does: nobody wants to wait for a `down`. */
const POD_GRACE_MS = 2_000

export function comingNode({ state, spawner, clock, log, isolation }: NodeOptions): ComingNode {
  const commands: HostCommands = { run: async (argv, options) => (await spawner).run(argv, options) }
  const mayRoute = isolation === undefined || isolation === 'full'
  const network = createPodNetwork({ commands, folder: join(state, 'network'), ...(!mayRoute && { isRoot: false }) })
  const names = createNameBoard(log)

  return {
    apiAddresses: network.hostAddress === undefined ? [] : [network.hostAddress],
    serviceRange: network.serviceRange,
    async join(server, port) {
      const live = await spawner
      const nodeName = defaultNodeName()
      const folder = memoryFolder(state) ?? join(state, 'sandboxes')
      const bulk = join(state, 'volumes')
      const sandboxes = await createSandboxes({ commands, folder, bulk, clock, network, log, atMost: isolation })
      const apiHost = sandboxes.isolation === 'full' ? (network.hostAddress ?? LOOPBACK) : LOOPBACK
      if (apiHost !== LOOPBACK) await server.listen([apiHost], port)
      // Where pods have a network of their own, names are DNS's; elsewhere they are in a hosts file.
      const isRouted = sandboxes.isolation === 'full'
      const naming = isRouted
        ? undefined
        : startNetwork({ api: server.api, clock, names, onError: error => log(`names: ${error}`) })
      const resolving = { nameservers: network.nameservers, machine: machineResolver() }
      const ownNames = (pod: Pod, { address }: Sandbox): OwnNames => ({
        entries: ownEntries(pod, hostnameOf(pod), address),
        ...(isRouted && { resolver: resolverText(pod, resolving) }),
      })
      const agent = await startNodeAgent({
        api: server.api,
        spawner: live,
        sandboxes,
        clock,
        stateDir: state,
        nodeName,
        nodeAddress: apiHost,
        apiPort: port,
        warmPreload: [{ command: 'solvent-batch', module: programPath('batch.js') }],
        commands: { 'solvent-batch': join(packageRoot(), 'bin', 'solvent-batch.js') },
        onSandbox: (pod, sandbox) => {
          const { uid = '', namespace = '' } = pod.metadata
          return names.assign(uid, namespace, hostnameOf(pod), sandbox, ownNames(pod, sandbox))
        },
        onSandboxGone: uid => names.release(uid),
        log,
      })
      let services: RunningServices | undefined
      let isStopped = false
      agent.ready
        .then(() => import('../network/start-services.ts'))
        .then(({ startServices }) => {
          if (!isStopped) services = startServices({ api: server.api, clock, commands, network, log })
        })
        .catch((error: Error) => log(`network: ${error.stack}`))
      server.setNodeApi(name => (name === nodeName ? agent : undefined))
      return {
        apiHost,
        async stop() {
          await agent.stop({ podsGraceMs: POD_GRACE_MS })
          isStopped = true
          await services?.stop()
          await naming?.stop()
          await sandboxes.close()
        },
      }
    },
  }
}

function machineResolver(): string {
  try {
    return readFileSync('/etc/resolv.conf', 'utf8')
  } catch {
    return ''
  }
}
