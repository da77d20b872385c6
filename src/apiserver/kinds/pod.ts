/** Pods, as the engine sees them. */
import { formatTime } from '../../base/clock.ts'
import type { Container, Pod } from '../../kube/core.ts'
import type { Condition } from '../../kube/object.ts'
import { parseQuantity } from '../../kube/quantity.ts'
import type { Strategy } from '../resource/resource.ts'
import { podDefaults } from './pod-defaults.ts'
import { validatePodUpdate } from './pod-update-validation.ts'
import { validatePodOnCreate, validatePodSpec } from './pod-validation.ts'

const DEFAULT_GRACE_SECONDS = 30

export const POD: Strategy<Pod> = {
  hasGeneration: true,
  prepareCreate: (pod, now) => ({ ...pod, status: { phase: 'Pending', ...gated(pod, now), qosClass: qosClass(pod) } }),
  default: podDefaults,
  validate: pod => validatePodSpec(pod.spec, 'spec'),
  validateCreate: validatePodOnCreate,
  validateUpdate: validatePodUpdate,
  gracePeriodSeconds,
}

/** A gated pod says from the first moment why nobody places it. */
function gated({ spec }: Pod, now: number): Pick<NonNullable<Pod['status']>, 'conditions'> {
  const { schedulingGates = [] } = (spec ?? {}) as { readonly schedulingGates?: readonly unknown[] }
  if (schedulingGates.length === 0) return {}
  const condition: Condition = {
    type: 'PodScheduled',
    status: 'False',
    lastProbeTime: null,
    lastTransitionTime: formatTime(now),
    reason: 'SchedulingGated',
    message: 'Scheduling is blocked due to non-empty scheduling gates',
  }
  return { conditions: [condition] }
}

/** A pod that no node has, or that has ended, needs no time. */
function gracePeriodSeconds({ spec, status }: Pod, asked: number | undefined): number {
  if (!spec.nodeName || status?.phase === 'Succeeded' || status?.phase === 'Failed') return 0
  const seconds = asked ?? spec.terminationGracePeriodSeconds ?? DEFAULT_GRACE_SECONDS
  // Less than nothing is the shortest that still tells the kubelet to end it in order.
  return seconds < 0 ? 1 : seconds
}

const COUNTED = ['cpu', 'memory']

/** Whom the kernel ends first when memory is short (pkg/apis/core/v1/helper/qos). */
export function qosClass({ spec }: Pod): string {
  const own = (spec as { readonly resources?: Container['resources'] } | undefined)?.resources
  if (own) return qosClass({ spec: { containers: [{ name: '', resources: own }] } } as unknown as Pod)
  const all = [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])]
  const amounts = ({ resources = {} }: Container) => [resources.requests ?? {}, resources.limits ?? {}]
  const isPositive = (text: string | undefined) => (parseQuantity(text ?? '0')?.nanos ?? 0n) > 0n
  if (!all.some(c => amounts(c).some(list => COUNTED.some(name => isPositive(list[name]))))) return 'BestEffort'
  const isGuaranteed = all.every(container =>
    COUNTED.every(name => {
      const limit = container.resources?.limits?.[name]
      const request = container.resources?.requests?.[name] ?? limit
      return isPositive(limit) && parseQuantity(request!)?.nanos === parseQuantity(limit!)?.nanos
    }),
  )
  return isGuaranteed ? 'Guaranteed' : 'Burstable'
}
