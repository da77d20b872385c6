/**
 * Lines of many containers at once, as they are written: pods that appear later are followed too, and a container that is started
 * again is followed into its next life. `logs -f` and `run` show them.
 */
import type { KubeApi, LogOptions } from '../client/kube-api.ts'
import { linesOf } from '../client/lines.ts'
import type { ContainerStatus, Pod } from '../kube/core.ts'
import { isApiError } from '../kube/status.ts'

export interface LogLine {
  readonly pod: string
  readonly container: string
  readonly text: string
}

export interface PodSelector {
  readonly namespace: string
  readonly labelSelector?: string
  readonly fieldSelector?: string
}

/** Names of a pod's containers, those that run first included. */
export const containersOf = (pod: Pod): readonly string[] =>
  [...(pod.spec.initContainers ?? []), ...pod.spec.containers].map(({ name }) => name)

/** One container's log, line by line. */
export async function* containerLines(
  api: KubeApi,
  pod: Pod,
  container: string,
  options: LogOptions,
): AsyncGenerator<LogLine, void, void> {
  const { name = '', namespace = 'default' } = pod.metadata
  for await (const text of linesOf(api.logs({ namespace, name }, { ...options, container }))) {
    yield { pod: name, container, text }
  }
}

/**
 * Follows until `signal` aborts, then until what has been written is read (`drainSeconds` at most). `emit` is called in the order in which
 * lines arrive; a container's own lines keep their order.
 */
export async function followPods(
  api: KubeApi,
  selector: PodSelector,
  options: LogOptions,
  signal: AbortSignal,
  emit: (line: LogLine) => void,
): Promise<void> {
  const followed = new Map<string, Promise<void>>()
  const follow = (pod: Pod): void => {
    for (const status of startedContainers(pod)) {
      if (options.container && status.name !== options.container) continue
      const key = `${pod.metadata.uid}/${status.name}/${status.restartCount}`
      if (!followed.has(key)) followed.set(key, relay(api, pod, status.name, options, emit))
    }
  }
  let resourceVersion: string | undefined
  const { namespace, labelSelector, fieldSelector } = selector
  const pods = { apiVersion: 'v1', kind: 'Pod', namespace }
  while (!signal.aborted) {
    if (resourceVersion === undefined) {
      const list = await api.list<Pod>(pods, { labelSelector, fieldSelector })
      for (const pod of list.items) follow(pod)
      resourceVersion = list.metadata.resourceVersion
    }
    try {
      const watch = { labelSelector, fieldSelector, resourceVersion, allowBookmarks: true, signal }
      for await (const { type, object } of api.watch<Pod>(pods, watch)) {
        resourceVersion = object.metadata.resourceVersion ?? resourceVersion
        if (type === 'ADDED' || type === 'MODIFIED') follow(object)
      }
    } catch (error) {
      if (!isApiError(error, 'Expired', 'Gone')) throw error
      resourceVersion = undefined
    }
  }
  await Promise.all(followed.values())
}

async function relay(
  api: KubeApi,
  pod: Pod,
  container: string,
  options: LogOptions,
  emit: (line: LogLine) => void,
): Promise<void> {
  try {
    for await (const line of containerLines(api, pod, container, { ...options, follow: true })) emit(line)
  } catch (error) {
    // The pod went away, or this life of the container did, before its log was read: nothing is left to show.
    if (!isApiError(error, 'NotFound', 'BadRequest')) throw error
  }
}

const startedContainers = ({ status }: Pod): readonly ContainerStatus[] =>
  [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])].filter(
    ({ state }) => state?.running !== undefined || state?.terminated !== undefined,
  )
