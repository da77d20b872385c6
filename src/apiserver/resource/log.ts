/** A container's log, asked of the node agent, as kube-apiserver asks a kubelet. */
import type { LogOptions } from '../../client/kube-api.ts'
import type { Pod } from '../../kube/core.ts'
import { apiError } from '../../kube/status.ts'
import type { Engine } from './engine.ts'
import { getObject, type Target } from './read.ts'
import { badRequest } from './refusals.ts'

/** Refuses at once what cannot be answered; the bytes come later. */
export function podLog(
  engine: Pick<Engine, 'store' | 'nodeApi'>,
  target: Target,
  options: LogOptions,
): AsyncIterable<Uint8Array> {
  const pod = getObject(engine.store, target) as unknown as Pod
  const container = containerOf(pod, options.container)
  const nodeApi = engine.nodeApi()
  if (!pod.spec.nodeName) throw badRequest(`pod ${target.name} does not have a host assigned`)
  if (!nodeApi) throw apiError('ServiceUnavailable', `no node agent answers for node ${pod.spec.nodeName}`)
  return nodeApi.logs(pod, container, options)
}

/** The one that is asked for, or the only one. */
export function containerOf(pod: Pod, asked: string | undefined): string {
  const name = pod.metadata.name ?? ''
  const containers = pod.spec.containers.map(container => container.name)
  const inits = (pod.spec.initContainers ?? []).map(container => container.name)
  if (asked) {
    if ([...containers, ...inits].includes(asked)) return asked
    throw badRequest(`container ${asked} is not valid for pod ${name}`)
  }
  const [only] = containers
  if (containers.length === 1 && inits.length === 0 && only) return only
  const choice = inits.length > 0 ? ` or one of the init containers: [${inits.join(' ')}]` : ''
  throw badRequest(
    `a container name must be specified for pod ${name}, choose one of: [${containers.join(' ')}]${choice}`,
  )
}
