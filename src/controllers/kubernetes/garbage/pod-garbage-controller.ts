/** Pods on a node that no longer exists: nobody is left to end them, so they are failed and removed (pkg/controller/podgc). */
import type { Instant } from '../../../base/clock.ts'
import type { Node, Pod } from '../../../kube/core.ts'
import { keyOf } from '../../../kube/object.ts'
import { isApiError } from '../../../kube/status.ts'
import { type Action, remove, updateStatus } from '../../runtime/action.ts'
import { withCondition } from '../../runtime/conditions.ts'
import type { ControllerContext } from '../../runtime/context.ts'
import type { Controller } from '../../runtime/run-controller.ts'

function reconcileOrphanedPod(pod: Pod, now: Instant): readonly Action[] {
  const hasEnded = pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed'
  const gone = remove(pod, { graceSeconds: 0 })
  if (hasEnded) return [gone]
  const condition = {
    type: 'DisruptionTarget',
    status: 'True',
    reason: 'DeletionByPodGC',
    message: 'PodGC: node no longer exists',
  } as const
  const conditions = withCondition(pod.status?.conditions, condition, now)
  return [updateStatus(pod, { ...pod.status, phase: 'Failed', conditions }), gone]
}

export function podGarbageController(context: ControllerContext): Controller {
  const { api, clock, informers, newQueue, log } = context
  const { perform } = context.performerFor('pod-garbage-collector')
  const nodes = informers.of<Node>('v1', 'Node')
  const pods = informers.of<Pod>('v1', 'Pod')
  const queue = newQueue()
  const podsOn = pods.index(pod => (pod.spec.nodeName ? [pod.spec.nodeName] : []))

  nodes.on('delete', ({ metadata }) => {
    for (const pod of podsOn(metadata.name!)) queue.add(keyOf(pod))
  })
  // Also what a restart finds: pods of a node that went while nobody looked.
  void Promise.all([nodes.synced, pods.synced]).then(() => {
    for (const pod of pods.list()) if (isAstray(pod)) queue.add(keyOf(pod))
  })

  const isAstray = ({ spec }: Pod): boolean => spec.nodeName !== undefined && !nodes.get(undefined, spec.nodeName)

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

  async function reconcile(key: string): Promise<number | undefined> {
    const [namespace, name = ''] = key.split('/')
    const pod = pods.get(namespace, name)
    if (!pod || !isAstray(pod) || (await hasNode(pod.spec.nodeName!))) return undefined
    return perform(reconcileOrphanedPod(pod, clock.now()))
  }

  return { name: 'pod-garbage', queue, ready: () => Promise.all([nodes.synced, pods.synced]), reconcile, log }
}
