/** A node that is gone keeps its pods for a while (plugin/pkg/admission/defaulttolerationseconds). */
import type { Pod } from '../../kube/core.ts'
import { isOf, type Stage } from './stage.ts'

const TAINTS = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable']

/** kube-apiserver's `--default-unreachable-toleration-seconds`. */
const UPSTREAM_SECONDS = 300

export const DEFAULT_TOLERATION_SECONDS: Stage = {
  name: 'DefaultTolerationSeconds',
  mutate(object, request, { tolerationSeconds = UPSTREAM_SECONDS }) {
    const { spec } = object as unknown as Pod
    if (!isOf(request, 'pods') || !spec) return object
    const given = spec.tolerations ?? []
    const tolerates = (taint: string): boolean =>
      given.some(({ key, effect }) => (!key || key === taint) && (!effect || effect === 'NoExecute'))
    const added = TAINTS.filter(taint => !tolerates(taint)).map(key => ({
      key,
      operator: 'Exists',
      effect: 'NoExecute',
      tolerationSeconds,
    }))
    return added.length === 0 ? object : { ...object, spec: { ...spec, tolerations: [...given, ...added] } }
  },
}
