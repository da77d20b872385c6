/** Right-sizing's shell: asks metrics.k8s.io every 15 s for the pods of workloads that want it. Loaded with the first of these. */

import type { Pod } from '../../../kube/core.ts'
import { RIGHT_SIZE } from '../../../kube/names.ts'
import type { KubeObject, LabelSelector } from '../../../kube/object.ts'
import { controllerOf, keyOf } from '../../../kube/object.ts'
import { formatLabelSelector, requirementsOf, selects } from '../../../kube/selector.ts'
import type { ControllerContext } from '../../runtime/context.ts'
import type { Controller } from '../../runtime/run-controller.ts'
import { fetchPodMetrics } from '../horizontal-pod-autoscaler/resource-samples.ts'
import { RIGHT_SIZING_TIMES, type RightSizingTimes } from './recommend.ts'
import { reconcileRightSizing, type WorkloadHistory, withMetrics } from './reconcile-right-sizing.ts'

type Workload = KubeObject & { readonly spec?: { readonly selector?: LabelSelector } }

export type RightSizedKind = 'Deployment' | 'StatefulSet' | 'DaemonSet'

export function verticalPodAutoscalerController(
  context: ControllerContext,
  kind: RightSizedKind,
  times: RightSizingTimes = RIGHT_SIZING_TIMES,
): Controller {
  const { api, clock, informers, newQueue, log } = context
  const { perform } = context.performerFor('right-sizing')
  const pods = informers.of<Pod>('v1', 'Pod')
  const podsIn = pods.index(pod => [pod.metadata.namespace ?? ''])
  const workloads = informers.of<Workload>('apps/v1', kind)
  const queue = newQueue()
  const histories = new Map<string, WorkloadHistory>()

  for (const event of ['add', 'update'] as const) {
    workloads.on(event, (workload: Workload) => {
      if (wantsRightSizing(workload)) queue.add(keyOf(workload))
    })
  }
  workloads.on('delete', workload => histories.delete(keyOf(workload)))

  /** When each was last asked: an update of the workload is no reason to take a sample twice. */
  const asked = new Map<string, number>()

  async function reconcile(key: string): Promise<number | undefined> {
    const [namespace = '', name = ''] = key.split('/')
    const workload = workloads.get(namespace, name)
    if (!workload || !wantsRightSizing(workload)) {
      histories.delete(key)
      asked.delete(key)
      return undefined
    }
    const sinceMs = clock.monotonicMs() - (asked.get(key) ?? Number.NEGATIVE_INFINITY)
    if (sinceMs < times.sampleMs) return times.sampleMs - sinceMs
    asked.set(key, clock.monotonicMs())
    const selector = workload.spec?.selector
    const own = podsIn(namespace).filter(pod => controllerOf(pod) && selects(selector, pod.metadata.labels ?? {}))
    if (own.length === 0) return times.sampleMs
    const metrics = await fetchPodMetrics(api, namespace, formatLabelSelector(requirementsOf(selector) ?? []))
    const history = withMetrics(histories.get(key) ?? new Map(), own, typeof metrics === 'string' ? [] : metrics)
    histories.set(key, history)
    await perform(reconcileRightSizing({ workload, pods: own, history, times }, clock.now()))
    return times.sampleMs
  }

  const ready = () => Promise.all([pods.synced, workloads.synced])
  return { name: `right-sizing-${kind.toLowerCase()}`, queue, ready, reconcile, log }
}

const wantsRightSizing = ({ metadata }: KubeObject): boolean => metadata.annotations?.[RIGHT_SIZE] === 'true'
