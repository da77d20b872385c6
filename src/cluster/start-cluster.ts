/**
 * Puts an embedded cluster together: store, API server, controllers, scheduler, network and node agent in one process (kubeadm's part), or
 * the API server alone where the others run apart. The API answers first, since everybody waits for it; whatever it does not need comes
 * after. Starting programs is the spawner's work.
 */
import { join } from 'node:path'
import { signRequest } from '../apiserver/pki/sign-request.ts'
import type { ApiServer } from '../apiserver/server.ts'
import { type Clock, systemClock } from '../base/clock.ts'
import type { KubeApi } from '../client/kube-api.ts'
import type { NodeLookUp } from '../client/node-api.ts'
import { startControllers } from '../controllers/start-controllers.ts'
import type { Pod } from '../kube/core.ts'
import { defaultNodeName } from '../node/agent/node-object.ts'
import type { Spawner } from '../node/spawner/spawner-client.ts'
import { startScheduler } from '../scheduler/start-scheduler.ts'
import { bootstrapAccess, publishApi } from './bootstrap.ts'
import { forgetNodes } from './forget-nodes.ts'
import { endWhenIdle } from './idle.ts'
import { type ComingNode, comingNode, LOOPBACK } from './join-node.ts'
import { startServicesLater } from './late-services.ts'
import { listenPatiently } from './listen.ts'
import { remoteNode } from './node-channel/remote-node.ts'
import type { PartArguments } from './part-arguments.ts'
import { type RunningApi, startApi } from './start-api.ts'
import { type ClusterFile, withdraw } from './state-files.ts'

export interface ClusterOptions extends PartArguments {
  /** The cluster calls `onIdle` when it had nothing to do for so long. */
  readonly onIdle: () => void
  readonly spawner: Promise<Spawner>
  readonly log: (line: string) => void
  readonly clock?: Clock
}

export interface Cluster extends ClusterFile {
  /** Ends all parts in the reverse order of their start. Pods go on; whoever ends the cluster has the spawner end them. */
  stop(): Promise<void>
}

/** What runs in this process beside the API. */
interface Rest {
  readonly apiHost: string
  stop(): Promise<void>
}

/** Between a few roles and the next: the first pods go before them. */
const PAUSE_MS = 10

export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const { state, nodes, spawner, log, clock = systemClock } = options
  const name = defaultNodeName()
  const isWhole = options.parts.length === 0
  const role = isWhole ? 'owner' : 'member'
  const node = comingNode({ ...options, name, role, spawner, clock, log })
  const remoteNodes = isWhole ? nodes : [name, ...nodes]
  const api = await startApi({ ...options, remoteNodes, network: node.network, clock })
  const { server, port } = api
  const remote = lookUpOf(state, name, remoteNodes)
  server.setNodeApi(remote)

  const rest = await (isWhole ? startRest(api, node, name, remote, options, clock) : reachable(api, node, options))
  await publishApi(server.api, { service: server.serviceAddress, host: rest.apiHost, port })
  const pause = (): Promise<void> => new Promise(resume => clock.after(PAUSE_MS, resume))
  const access = bootstrapAccess(server.api, pause)
    .then(() => forgetNodes(server.api, name, nodes))
    .catch(error => log(`roles: ${error.message}`))
  const fakeNodes = startFakeNodesLater(options, server.api, clock)
  const forgetIdle = watchIdleness(options, server, clock)

  return {
    ...api.file,
    async stop() {
      forgetIdle()
      withdraw(state)
      await access
      await (await fakeNodes)?.stop()
      await rest.stop()
      await api.close()
    },
  }
}

/** The other parts, in this process. */
async function startRest(
  { server, pki, port }: RunningApi,
  node: ComingNode,
  name: string,
  remote: NodeLookUp,
  { log }: ClusterOptions,
  clock: Clock,
): Promise<Rest> {
  const { api } = server
  const joining = node.join(api, port, host => server.listen([host], port))
  const controllers = startControllers({
    api,
    clock,
    log,
    rootCa: pki.ca,
    sign: (request, expirationSeconds) => signRequest(pki, { request, expirationSeconds, now: clock.now() }),
  })
  const scheduler = startScheduler({ api, clock, log })
  const { agent, apiHost, ...joined } = await joining
  server.setNodeApi(asked => (asked === name ? agent : remote(asked)))
  const { network, commands } = node
  const services = startServicesLater({ after: agent.ready, api, clock, commands, network, log })
  return {
    apiHost,
    async stop() {
      await joined.stop()
      await services.stop()
      await joined.close()
      await scheduler.stop()
      await controllers.stop()
    },
  }
}

/** The network's own process makes the address at which pods reach us; until then nothing of this cluster runs in a pod. */
async function reachable(
  { server, port }: RunningApi,
  { network }: ComingNode,
  { log }: ClusterOptions,
): Promise<Rest> {
  const { hostAddress } = network
  const isReached = hostAddress !== undefined && (await listenPatiently(server, hostAddress, port))
  if (hostAddress !== undefined && !isReached) log(`there is no ${hostAddress}: pods reach the API at ${LOOPBACK}`)
  return { apiHost: isReached ? hostAddress : LOOPBACK, stop: async () => {} }
}

/** Agents in other processes, by the name of their node. The first node's folder is the cluster's. */
function lookUpOf(state: string, first: string, names: readonly string[]): NodeLookUp {
  const remotes = new Map(
    names.map(name => [name, remoteNode(name, name === first ? state : join(state, 'nodes', name))]),
  )
  return name => remotes.get(name)
}

/** Loaded only where they are asked for. */
async function startFakeNodesLater(
  { fakeNodes, log }: ClusterOptions,
  api: KubeApi,
  clock: Clock,
): Promise<{ stop(): Promise<void> } | undefined> {
  if (fakeNodes === undefined) return undefined
  const { parseFakeNodes } = await import('../node/fake/parse-fake-nodes.ts')
  const wanted = parseFakeNodes(fakeNodes)
  if (!wanted.ok) {
    log(`no simulated nodes: ${wanted.problems.map(({ why }) => why).join('; ')}`)
    return undefined
  }
  const { startFakeNodes } = await import('../node/fake/start-fake-nodes.ts')
  return startFakeNodes({ api, clock, log, ...wanted.value })
}

/** Nothing asked from outside and no pod that goes on: then the cluster may end. */
function watchIdleness(
  { idleTimeoutMs, onIdle }: ClusterOptions,
  { api, traffic }: ApiServer,
  clock: Clock,
): () => void {
  if (idleTimeoutMs === undefined) return () => {}
  return endWhenIdle(clock, idleTimeoutMs, async () => ({ ...traffic, livePods: await countLivePods(api) }), onIdle)
}

async function countLivePods(api: KubeApi): Promise<number> {
  const { items } = await api.list<Pod>({ apiVersion: 'v1', kind: 'Pod' })
  return items.filter(({ status }) => status?.phase !== 'Succeeded' && status?.phase !== 'Failed').length
}
