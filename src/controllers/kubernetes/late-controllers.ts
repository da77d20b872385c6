/** Controllers of kinds that most clusters hold none of, loaded with the first object of their kind; and those that watch the nodes. */
import { RIGHT_SIZE } from '../../kube/names.ts'
import type { KubeObject } from '../../kube/object.ts'
import type { ControllerContext } from '../runtime/context.ts'
import type { LateController } from '../runtime/late-controller.ts'
import type { NodeTimes } from './node-lifecycle/node-times.ts'

/** Whose pods are right-sized, if they ask for it. */
const RIGHT_SIZED = ['Deployment', 'StatefulSet', 'DaemonSet'] as const

/** Until then a new cluster has better things to do than to watch its nodes. */
const NODES_AFTER_MS = 1_000

export const lateKubernetesControllers = (
  context: ControllerContext,
  nodeTimes: NodeTimes,
): readonly LateController[] => [
  {
    ...{ apiVersion: 'v1', kind: 'Node', afterMs: NODES_AFTER_MS },
    load: async () =>
      (await import('./node-lifecycle/node-lifecycle-controller.ts')).nodeLifecycleController(context, nodeTimes),
  },
  {
    ...{ apiVersion: 'v1', kind: 'Node', afterMs: NODES_AFTER_MS },
    load: async () => (await import('./taint-eviction/taint-eviction-controller.ts')).taintEvictionController(context),
  },
  {
    ...{ apiVersion: 'policy/v1', kind: 'PodDisruptionBudget' },
    load: async () => (await import('./disruption/disruption-controller.ts')).disruptionController(context),
  },
  {
    ...{ apiVersion: 'apps/v1', kind: 'DaemonSet' },
    load: async () => (await import('./daemon-set/daemon-set-controller.ts')).daemonSetController(context),
  },
  {
    ...{ apiVersion: 'apps/v1', kind: 'StatefulSet' },
    load: async () => (await import('./stateful-set/stateful-set-controller.ts')).statefulSetController(context),
  },
  {
    ...{ apiVersion: 'batch/v1', kind: 'CronJob' },
    load: async () => (await import('./cron-job/cron-job-controller.ts')).cronJobController(context),
  },
  {
    ...{ apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler' },
    load: async () =>
      (
        await import('./horizontal-pod-autoscaler/horizontal-pod-autoscaler-controller.ts')
      ).horizontalPodAutoscalerController(context),
  },
  ...RIGHT_SIZED.map(kind => ({
    ...{
      apiVersion: 'apps/v1',
      kind,
      when: ({ metadata }: KubeObject) => metadata.annotations?.[RIGHT_SIZE] === 'true',
    },
    load: async () =>
      (await import('./vertical-pod-autoscaler/vertical-pod-autoscaler-controller.ts')).verticalPodAutoscalerController(
        context,
        kind,
      ),
  })),
]
