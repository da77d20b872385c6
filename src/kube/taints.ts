/** Which taints a pod tolerates (k8s.io/api/core/v1/toleration.go, pkg/apis/core/v1/helper). */
import type { Taint, Toleration } from './core.ts'

export const NOT_READY = 'node.kubernetes.io/not-ready'
export const UNREACHABLE = 'node.kubernetes.io/unreachable'
export const UNSCHEDULABLE = 'node.kubernetes.io/unschedulable'
export const OUT_OF_SERVICE = 'node.kubernetes.io/out-of-service'

export const tolerates = ({ key, operator, value, effect }: Toleration, taint: Taint): boolean =>
  (!effect || effect === taint.effect) &&
  (key ? key === taint.key : operator === 'Exists') &&
  (operator === 'Exists' || ((operator ?? 'Equal') === 'Equal' && (value ?? '') === (taint.value ?? '')))

/** For every taint the first toleration that meets it; undefined as soon as one is not tolerated. */
export function tolerationsUsed(
  tolerations: readonly Toleration[],
  taints: readonly Taint[],
): readonly Toleration[] | undefined {
  const used = taints.map(taint => tolerations.find(toleration => tolerates(toleration, taint)))
  return used.every(each => each !== undefined) ? used : undefined
}
