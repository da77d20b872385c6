/** The Server controller's shell. */
import type { Capabilities } from '../../compiler/capabilities.ts'
import { compile } from '../../compiler/compile.ts'
import { controllerOf, type KubeObject, keyOf } from '../../kube/object.ts'
import type { Deployment } from '../../kube/workloads.ts'
import { API_VERSION, type Server } from '../../spec/kinds.ts'
import type { ControllerContext } from '../runtime/context.ts'
import type { Controller } from '../runtime/run-controller.ts'
import { childrenOf, finderOf, ownerKeysOf } from './children.ts'
import { type PreparedServer, reconcileServer } from './reconcile-server.ts'
import { refuseSpec } from './refusal.ts'

export function serverController(context: ControllerContext, capabilities: Capabilities): Controller {
  const { clock, informers, newQueue, log } = context
  const { perform } = context.performerFor('server-controller')
  const servers = informers.of<Server>(API_VERSION, 'Server')
  const deployments = informers.of<Deployment>('apps/v1', 'Deployment')
  const others = [informers.of('v1', 'Service'), informers.of('v1', 'ConfigMap')]
  const queue = newQueue()
  const find = finderOf(informers)

  for (const event of ['add', 'update'] as const) servers.on(event, (server: Server) => queue.add(keyOf(server)))
  const touchOwner = (object: KubeObject): void => {
    for (const key of ownerKeysOf('Server', object)) queue.add(key)
  }
  for (const event of ['add', 'update', 'delete'] as const) deployments.on(event, touchOwner)
  for (const informer of others) informer.on('delete', touchOwner)

  async function reconcile(key: string): Promise<number | undefined> {
    const [namespace, name = ''] = key.split('/')
    const server = servers.get(namespace, name)
    if (!server) return undefined
    const prepared = prepareServer(server, capabilities)
    const found = deployments.get(namespace, name)
    const deployment = found && controllerOf(found)?.uid === server.metadata.uid ? found : undefined
    const children = childrenOf(server, prepared.kind === 'compiled' ? prepared.objects : [], find)
    return perform(reconcileServer({ server, prepared, children, deployment }, clock.now()))
  }

  const all = [servers, deployments, ...others]
  return { name: 'server', queue, ready: () => Promise.all(all.map(({ synced }) => synced)), reconcile, log }
}

function prepareServer(server: Server, capabilities: Capabilities): PreparedServer {
  const refusal = refuseSpec(server)
  if (refusal) return { kind: 'refused', refusal }
  const objects = compile(server, undefined, capabilities)
  if (!objects.ok) return { kind: 'refused', refusal: { reason: 'PlanFailed', problems: objects.problems } }
  return { kind: 'compiled', objects: objects.value }
}
