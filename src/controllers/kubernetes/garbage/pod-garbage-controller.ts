/** The shell of pod garbage collection: at once when a node goes, and now and then for the rest. */
import type { Node, Pod } from '../../../kube/core.ts'
import { isApiError } from '../../../kube/status.ts'
import type { ControllerContext } from '../../runtime/context.ts'
import type { Controller } from '../../runtime/run-controller.ts'
import { collectPod, podGarbage } from './reconcile-pod-garbage.ts'

/** `--terminated-pod-gc-threshold`. */
const MAX_ENDED = 12_500
/** Upstream's gcCheckPeriod. */
const PERIOD_MS = 20_000
const ALL = 'all'

export function podGarbageController(context: ControllerContext): Controller {
  const { api, clock, informers, newQueue, log } = context
  const { perform } = context.performerFor('pod-garbage-collector')
  const nodes = informers.of<Node>('v1', 'Node')
  const pods = informers.of<Pod>('v1', 'Pod')
  const queue = newQueue()
  const nodeOf = (name: string): Node | undefined => nodes.get(undefined, name)

  nodes.on('delete', () => queue.add(ALL))
  // Also what a restart finds: pods of a node that went while nobody looked.
  void Promise.all([nodes.synced, pods.synced]).then(() => queue.add(ALL))

  /** The view of nodes may be behind: the last word is the server's. */
  async function hasNode(name: string): Promise<boolean> {
    try {
      await api.get({ apiVersion: 'v1', kind: 'Node', name })
      return true
    } catch (error) {
      if (isApiError(error, 'NotFound')) return false
      throw error
    }
  }

  async function reconcile(): Promise<number> {
    const asked = new Map<string, boolean>()
    for (const garbage of podGarbage(pods.list(), nodeOf, MAX_ENDED)) {
      const { nodeName = '' } = garbage.pod.spec
      if (garbage.isOrphaned && !asked.has(nodeName)) asked.set(nodeName, await hasNode(nodeName))
      if (garbage.isOrphaned && asked.get(nodeName)) continue
      // One that has just changed is seen anew the next time.
      await perform(collectPod(garbage, clock.now())).catch(error => {
        if (!isApiError(error, 'Conflict', 'NotFound')) log(`pod-garbage: ${(error as Error).message}`)
      })
    }
    return PERIOD_MS
  }

  return { name: 'pod-garbage', queue, ready: () => Promise.all([nodes.synced, pods.synced]), reconcile, log }
}
