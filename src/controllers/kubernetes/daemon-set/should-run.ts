/** Which nodes a DaemonSet's pod belongs on (NodeShouldRunDaemonPod in pkg/controller/daemon, util/daemonset_util.go). */
import type { DaemonSet } from '../../../kube/apps.ts'
import type { Node, PodSpec, Taint, Toleration } from '../../../kube/core.ts'
import { mayRunOn } from '../../../kube/node-selector.ts'
import { NOT_READY, tolerates, UNREACHABLE, UNSCHEDULABLE } from '../../../kube/taints.ts'

/** A node that is ill keeps its daemons, and they come to one that is cordoned. */
const TOLERATED: readonly (readonly [key: string, effect: Taint['effect']])[] = [
  [NOT_READY, 'NoExecute'],
  [UNREACHABLE, 'NoExecute'],
  ['node.kubernetes.io/disk-pressure', 'NoSchedule'],
  ['node.kubernetes.io/memory-pressure', 'NoSchedule'],
  ['node.kubernetes.io/pid-pressure', 'NoSchedule'],
  [UNSCHEDULABLE, 'NoSchedule'],
]
const TOLERATED_ON_HOST_NETWORK = ['node.kubernetes.io/network-unavailable', 'NoSchedule'] as const

/** The template's tolerations with those that every daemon has. */
export function daemonTolerations({ tolerations = [], hostNetwork }: PodSpec): readonly Toleration[] {
  const own = (hostNetwork ? [...TOLERATED, TOLERATED_ON_HOST_NETWORK] : TOLERATED).map(
    ([key, effect]): Toleration => ({ key, operator: 'Exists', effect }),
  )
  const isSameTaint = (a: Toleration, b: Toleration): boolean =>
    a.key === b.key && a.effect === b.effect && (a.operator ?? 'Equal') === b.operator && (a.value ?? '') === ''
  const added = own.filter(each => !tolerations.some(given => isSameTaint(given, each)))
  const kept = tolerations.map(given => own.find(each => isSameTaint(given, each)) ?? given)
  return [...kept, ...added]
}

export interface ShouldRun {
  readonly shouldRun: boolean
  /** A pod that is there may stay. */
  readonly mayStay: boolean
}

export function shouldRunOn({ spec: { template } }: DaemonSet, node: Node): ShouldRun {
  const { nodeName } = template.spec
  if ((nodeName && nodeName !== node.metadata.name) || !mayRunOn(template.spec, node)) {
    return { shouldRun: false, mayStay: false }
  }
  const tolerations = daemonTolerations(template.spec)
  const untolerated = (node.spec?.taints ?? []).filter(taint => !tolerations.some(each => tolerates(each, taint)))
  const isHard = ({ effect }: Taint): boolean => effect === 'NoExecute' || effect === 'NoSchedule'
  return {
    shouldRun: !untolerated.some(isHard),
    mayStay: !untolerated.some(({ effect }) => effect === 'NoExecute'),
  }
}
