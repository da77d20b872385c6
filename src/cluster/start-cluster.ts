/**
 * Puts an embedded cluster together in one process: store, API server, controllers, scheduler, network and node agent (kubeadm's part).
 * The API answers first, since everybody waits for it; whatever it does not need comes after. Starting programs is the spawner's work.
 */
import { join } from 'node:path'
import { ensurePki } from '../apiserver/pki/pki.ts'
import { signRequest } from '../apiserver/pki/sign-request.ts'
import { type ApiServer, createApiServer, firstOf } from '../apiserver/server.ts'
import { nodeDisk } from '../apiserver/store/node-disk.ts'
import { openStore } from '../apiserver/store/open-store.ts'
import { type Clock, systemClock } from '../base/clock.ts'
import type { KubeApi } from '../client/kube-api.ts'
import { installKinds, OWN_KINDS } from '../controllers/solvent/install-kinds.ts'
import { startControllers } from '../controllers/start-controllers.ts'
import type { Pod } from '../kube/core.ts'
import type { Isolation } from '../node/sandbox/sandbox.ts'
import type { Spawner } from '../node/spawner/spawner-client.ts'
import { startScheduler } from '../scheduler/start-scheduler.ts'
import { bootstrap, bootstrapAccess, publishApi } from './bootstrap.ts'
import { endWhenIdle } from './idle.ts'
import { comingNode } from './join-node.ts'
import { listenOn } from './listen.ts'
import { announce, type ClusterFile, withdraw } from './state-files.ts'

export interface ClusterOptions {
  readonly state: string
  /** Only this port will do; without it the last one is tried, then a free one. */
  readonly port?: number
  /** The cluster calls `onIdle` when it had nothing to do for so long. */
  readonly idleTimeoutMs?: number
  readonly onIdle: () => void
  readonly spawner: Promise<Spawner>
  readonly log: (line: string) => void
  /** The best isolation that is tried for pods. */
  readonly isolation?: Isolation
  readonly clock?: Clock
}

export interface Cluster extends ClusterFile {
  /** Ends all parts in the reverse order of their start. Pods go on; whoever ends the cluster has the spawner end them. */
  stop(): Promise<void>
}

const LOOPBACK = '127.0.0.1'
/** Between a few roles and the next: the first pods go before them. */
const PAUSE_MS = 10

export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const { state, spawner, log, clock = systemClock } = options
  const node = comingNode({ state, spawner, clock, log, isolation: options.isolation })
  const store = await openStore(await nodeDisk(join(state, 'store')), { warn: log })
  const { serviceRange } = node
  const pki = ensurePki(join(state, 'pki'), [firstOf(serviceRange), ...node.apiAddresses])
  const server = createApiServer({ store, pki, clock, serviceRange, ownDefinitions: OWN_KINDS, warn: log })
  const port = await listenOn(server, LOOPBACK, state, options.port)
  await Promise.all([bootstrap(server.api), installKinds(server.api)])
  const url = `https://${LOOPBACK}:${port}`
  // The spawner is our parent; whoever takes its place says so.
  const file = announce(state, url, pki.ca, pki.adminToken, process.ppid)
  const announceAgain = (pid: number): void => void announce(state, url, pki.ca, pki.adminToken, pid)
  void spawner.then(live => live.onReplaced(announceAgain))

  const joining = node.join(server, port)
  const controllers = startControllers({
    api: server.api,
    clock,
    log,
    rootCa: pki.ca,
    sign: (request, expirationSeconds) => signRequest(pki, { request, expirationSeconds, now: clock.now() }),
  })
  const scheduler = startScheduler({ api: server.api, clock, log })
  const joined = await joining
  await publishApi(server.api, { service: server.serviceAddress, host: joined.apiHost, port })
  const pause = (): Promise<void> => new Promise(resume => clock.after(PAUSE_MS, resume))
  const access = bootstrapAccess(server.api, pause).catch(error => log(`roles: ${error.message}`))
  const forgetIdle = watchIdleness(options, server, clock)

  return {
    ...file,
    async stop() {
      forgetIdle()
      withdraw(state)
      await access
      await joined.stop()
      await scheduler.stop()
      await controllers.stop()
      await server.close()
      await store.close()
    },
  }
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
