/** A container's log, asked of the node agent, as kube-apiserver asks a kubelet. */
import type { LogOptions } from '../../client/kube-api.ts'
import type { Pod } from '../../kube/core.ts'
import { apiError } from '../../kube/status.ts'
import type { Engine } from './engine.ts'
import { denied, type FieldError, invalid, invalidObject } from './field-error.ts'
import { getObject, type Target } from './read.ts'
import { badRequest } from './refusals.ts'

/** Refuses at once what cannot be answered; the bytes come later. */
export function podLog(
  engine: Pick<Engine, 'store' | 'nodeApi'>,
  target: Target,
  options: LogOptions,
): AsyncIterable<Uint8Array> {
  const problems = problemsOf(options)
  if (problems.length > 0) throw invalidObject({ group: '', kind: 'PodLogOptions' }, target.name, problems)
  const pod = getObject(engine.store, target) as unknown as Pod
  const container = containerOf(pod, options.container)
  // Upstream's answer for a pod without a node is empty, too.
  if (!pod.spec.nodeName) return nothing()
  const nodeApi = engine.nodeApi(pod.spec.nodeName)
  if (!nodeApi) throw apiError('ServiceUnavailable', `no node agent answers for node ${pod.spec.nodeName}`)
  return nodeApi.logs(pod, container, options)
}

async function* nothing(): AsyncGenerator<Uint8Array, void, void> {}

/** ValidatePodLogOptions. */
function problemsOf({ tailLines, limitBytes, sinceSeconds, sinceTime }: LogOptions): readonly FieldError[] {
  const problems: FieldError[] = []
  if (tailLines !== undefined && tailLines < 0) {
    problems.push(invalid('tailLines', tailLines, 'must be greater than or equal to 0'))
  }
  if (limitBytes !== undefined && limitBytes < 1) {
    problems.push(invalid('limitBytes', limitBytes, 'must be greater than 0'))
  }
  if (sinceSeconds !== undefined && sinceTime !== undefined) {
    problems.push(denied('[]', 'at most one of `sinceTime` or `sinceSeconds` may be specified'))
  } else if (sinceSeconds !== undefined && sinceSeconds < 1) {
    problems.push(invalid('sinceSeconds', sinceSeconds, 'must be greater than 0'))
  }
  return problems
}

/** The one that is asked for, or the only one. Which of several is the usual one (an annotation) is the client's to know, as upstream. */
export function containerOf(pod: Pod, asked: string | undefined): string {
  const name = pod.metadata.name ?? ''
  const containers = pod.spec.containers.map(container => container.name)
  const { initContainers = [], ephemeralContainers = [] } = pod.spec
  const all = [...initContainers, ...pod.spec.containers, ...ephemeralContainers].map(container => container.name)
  if (asked) {
    if (all.includes(asked)) return asked
    throw badRequest(`container ${asked} is not valid for pod ${name}`)
  }
  const [only, second] = containers
  if (only !== undefined && second === undefined) return only
  throw badRequest(`a container name must be specified for pod ${name}, choose one of: [${all.join(' ')}]`)
}
