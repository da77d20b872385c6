/**
 * Lines of many containers at once, as they are written: pods that appear later are followed too, and a container that is started
 * again is followed into its next life. `logs -f` and `run` show them.
 */
import type { KubeApi, LogOptions } from '../client/kube-api.ts'
import { linesOf } from '../client/lines.ts'
import type { ContainerStatus, Pod } from '../kube/core.ts'
import { isApiError } from '../kube/status.ts'
import { Patience } from './patience.ts'

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
 * Follows until `signal` aborts, then until what the containers wrote is read to its end, or `options.signal` cuts it. `emit` is called in the order in which
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
      if (followed.has(key)) continue
      const relayed = relay(api, pod, status.name, options, emit)
      // Told at the end, when all are awaited.
      relayed.catch(() => {})
      followed.set(key, relayed)
    }
  }
  let resourceVersion: string | undefined
  const patience = new Patience()
  const { namespace, labelSelector, fieldSelector } = selector
  const pods = { apiVersion: 'v1', kind: 'Pod', namespace }
  while (!signal.aborted) {
    try {
      if (resourceVersion === undefined) {
        const list = await api.list<Pod>(pods, { labelSelector, fieldSelector })
        for (const pod of list.items) follow(pod)
        resourceVersion = list.metadata.resourceVersion
        patience.renew()
      }
      const watch = { labelSelector, fieldSelector, resourceVersion, allowBookmarks: true, signal }
      for await (const { type, object } of api.watch<Pod>(pods, watch)) {
        resourceVersion = object.metadata.resourceVersion ?? resourceVersion
        if (type === 'ADDED' || type === 'MODIFIED') follow(object)
      }
    } catch (error) {
      if (!isApiError(error, 'Expired', 'Gone')) await patience.orThrow(error)
      resourceVersion = undefined
    }
  }
  await Promise.all(followed.values())
}

/** Across a server that is being restarted: the log is read anew, and what was shown is passed over. */
async function relay(
  api: KubeApi,
  pod: Pod,
  container: string,
  options: LogOptions,
  emit: (line: LogLine) => void,
): Promise<void> {
  let shown = 0
  const patience = new Patience()
  for (;;) {
    try {
      let toSkip = shown
      for await (const line of containerLines(api, pod, container, { ...options, follow: true })) {
        if (toSkip-- > 0) continue
        shown++
        patience.renew()
        emit(line)
      }
      return
    } catch (error) {
      // The pod went away, or this life of the container did, before its log was read: nothing is left to show.
      if (isApiError(error, 'NotFound', 'BadRequest')) return
      const startsAnywhere = options.tailLines !== undefined || options.sinceSeconds !== undefined
      if (startsAnywhere) throw error
      await patience.orThrow(error)
    }
  }
}

const startedContainers = ({ status }: Pod): readonly ContainerStatus[] =>
  [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])].filter(
    ({ state }) => state?.running !== undefined || state?.terminated !== undefined,
  )
