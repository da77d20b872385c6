/** Pods, as the engine sees them. */
import type { Container, Pod } from '../../kube/core.ts'
import { parseQuantity } from '../../kube/quantity.ts'
import type { Strategy } from '../resource/resource.ts'
import { admitPod } from './pod-admission.ts'
import { podDefaults } from './pod-defaults.ts'
import { validatePodSpec, validatePodUpdate } from './pod-validation.ts'

const DEFAULT_GRACE_SECONDS = 30

export const POD: Strategy<Pod> = {
  hasGeneration: true,
  prepareCreate: pod => ({ ...pod, status: { phase: 'Pending', qosClass: qosClass(pod) } }),
  admit: admitPod,
  default: podDefaults,
  validate: pod => validatePodSpec(pod.spec, 'spec'),
  validateUpdate: validatePodUpdate,
  gracePeriodSeconds,
}

/** A pod that no node has, or that has ended, needs no time. */
function gracePeriodSeconds({ spec, status }: Pod, asked: number | undefined): number {
  if (!spec.nodeName || status?.phase === 'Succeeded' || status?.phase === 'Failed') return 0
  return Math.max(0, asked ?? spec.terminationGracePeriodSeconds ?? DEFAULT_GRACE_SECONDS)
}

const COUNTED = ['cpu', 'memory']

/** Whom the kernel ends first when memory is short (pkg/apis/core/v1/helper/qos). */
export function qosClass({ spec }: Pod): string {
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
