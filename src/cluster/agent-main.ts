/**
 * The agent of one node (dist/agent.cjs): of a further node, under that node's own spawner, or of the first one where the cluster runs in
 * several processes. It speaks HTTP to the API under its node's name, and answers the server over a socket in its state folder.
 */
import { systemClock } from '../base/clock.ts'
import { defaultNodeName } from '../node/agent/node-object.ts'
import { relaunchSpawner } from '../node/spawner/launch.ts'
import { connectSpawner } from '../node/spawner/spawner-client.ts'
import { comingNode } from './join-node.ts'
import { serveNode } from './node-channel/serve-node.ts'
import type { PartArguments } from './part-arguments.ts'
import { type PartContext, type RunningPart, runPart } from './run-part.ts'

const isFirst = ({ state, cluster }: PartArguments): boolean => state === cluster
const nameOf = ({ name }: PartArguments): string => name ?? defaultNodeName()

async function start({ given, api, port, clock, log, spawner }: PartContext): Promise<RunningPart> {
  const { state, cluster, slice, isolation } = given
  const own = isFirst(given)
    ? spawner
    : connectSpawner({ stateDir: state, clock: systemClock, launch: () => void relaunchSpawner(state), log })
  const name = nameOf(given)
  const node = comingNode({ cluster, state, name, slice, role: 'member', spawner: own, clock, log, isolation })
  const joined = await node.join(api, port)
  const service = serveNode(state, joined.agent)
  return {
    async stop() {
      await joined.stop()
      service.close()
      await joined.close()
    },
  }
}

runPart({
  part: 'agent',
  who: nameOf,
  // The first one is the nearest; those of other nodes are the last resort.
  patienceMs: given => (isFirst(given) ? 0 : 500 + 200 * given.slice.index),
  role: given => (isFirst(given) ? 'agent' : 'client'),
  start,
})
