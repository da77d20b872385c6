/** Cordoned nodes and taints: NoSchedule and NoExecute keep a pod away, PreferNoSchedule only where it may go elsewhere. */
import type { Taint, Toleration } from '../../kube/core.ts'
import { tolerates, UNSCHEDULABLE } from '../../kube/taints.ts'
import type { NodeView } from '../node-view.ts'
import { hopeless, type Judge, normalized } from './judge.ts'

const CORDONED = hopeless('node(s) were unschedulable')
const TAINTED = hopeless('node(s) had untolerated taint(s)')
const WEIGHT = 3

export const isTolerated = (tolerations: readonly Toleration[], taint: Taint): boolean =>
  tolerations.some(toleration => tolerates(toleration, taint))

/** Whether nothing that forbids scheduling is in the way. */
export const toleratesAll = (tolerations: readonly Toleration[], taints: readonly Taint[]): boolean =>
  taints.every(taint => taint.effect === 'PreferNoSchedule' || isTolerated(tolerations, taint))

/** nodeunschedulable/node_unschedulable.go */
export const isNotCordoned: Judge = ({ tolerations }) => {
  const toleratesCordon = isTolerated(tolerations, { key: UNSCHEDULABLE, effect: 'NoSchedule' })
  return toleratesCordon ? undefined : { refuses: ({ node }) => (node.spec?.unschedulable ? CORDONED : undefined) }
}

/** tainttoleration/taint_toleration.go */
export const taintsAreTolerated: Judge = ({ tolerations }, { nodes }) => {
  // Only tolerations that do not name another effect count against a preference.
  const soft = tolerations.filter(({ effect }) => !effect || effect === 'PreferNoSchedule')
  const isPreferred = [...nodes.values()].some(({ taints }) => taints.some(isSoft))
  const count = ({ taints }: NodeView): number =>
    taints.filter(taint => isSoft(taint) && !isTolerated(soft, taint)).length
  return {
    refuses: ({ taints }) => (taints.length === 0 || toleratesAll(tolerations, taints) ? undefined : TAINTED),
    ...(isPreferred ? { scores: { weight: WEIGHT, of: all => normalized(all.map(count), true) } } : {}),
  }
}

const isSoft = ({ effect }: Taint): boolean => effect === 'PreferNoSchedule'
