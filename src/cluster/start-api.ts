/** The API server of a cluster, up to the moment at which the state folder tells of it: keys, store, port, what every cluster holds. */
import { join } from 'node:path'
import { ensurePki, type Pki } from '../apiserver/pki/pki.ts'
import { type ApiServer, createApiServer, firstOf } from '../apiserver/server.ts'
import { nodeDisk } from '../apiserver/store/node-disk.ts'
import { openStore } from '../apiserver/store/open-store.ts'
import type { Clock } from '../base/clock.ts'
import { installKinds, OWN_KINDS } from '../controllers/solvent/install-kinds.ts'
import type { PodNetwork } from '../network/pod-network.ts'
import type { Spawner } from '../node/spawner/spawner-client.ts'
import { bootstrap } from './bootstrap.ts'
import { writeCredentials } from './credentials.ts'
import { LOOPBACK } from './join-node.ts'
import { listenOn } from './listen.ts'
import type { PartArguments } from './part-arguments.ts'
import { announce, type ClusterFile } from './state-files.ts'

export interface ApiOptions extends Pick<PartArguments, 'state' | 'parts' | 'nodes' | 'port'> {
  /** Names of all nodes that live in other processes. */
  readonly remoteNodes: readonly string[]
  readonly network: Pick<PodNetwork, 'hostAddress' | 'serviceRange'>
  readonly spawner: Promise<Spawner>
  readonly clock: Clock
  readonly log: (line: string) => void
}

export interface RunningApi {
  readonly server: ApiServer
  readonly pki: Pki
  readonly port: number
  readonly file: ClusterFile
  close(): Promise<void>
}

/** A pod stays on a node of this machine that is gone for a second: there are others near, and it comes back at once or not at all. */
const TOLERATION_SECONDS = 1

export async function startApi(options: ApiOptions): Promise<RunningApi> {
  const { state, network, nodes, parts, remoteNodes, spawner, clock, log } = options
  const { serviceRange, hostAddress } = network
  const store = await openStore(await nodeDisk(join(state, 'store')), { warn: log })
  const pki = ensurePki(join(state, 'pki'), [
    firstOf(serviceRange),
    ...(hostAddress === undefined ? [] : [hostAddress]),
  ])
  const server = createApiServer({
    store,
    pki,
    clock,
    serviceRange,
    ownDefinitions: OWN_KINDS,
    warn: log,
    ...(nodes.length > 0 && { tolerationSeconds: TOLERATION_SECONDS }),
  })
  const port = await listenOn(server, LOOPBACK, state, options.port)
  await Promise.all([bootstrap(server.api), installKinds(server.api)])
  const url = `https://${LOOPBACK}:${port}`
  if (remoteNodes.length > 0) {
    writeCredentials({ state, server: url, pki, parts, nodes: remoteNodes, now: clock.now() })
  }
  // The spawner is our parent; whoever takes its place says so.
  const file = announce(state, url, pki.ca, pki.adminToken, process.ppid)
  const announceAgain = (pid: number): void => void announce(state, url, pki.ca, pki.adminToken, pid)
  void spawner.then(live => {
    live.onReplaced(announceAgain)
    // A server that came back found another parent, or none any more.
    if (live.pid !== undefined && live.pid !== file.spawnerPid) announceAgain(live.pid)
  })
  return {
    server,
    pki,
    port,
    file,
    async close() {
      await server.close()
      await store.close()
    },
  }
}
