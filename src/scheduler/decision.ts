/** What goes into the scheduler's core and what comes out of it, as values. */
import type { PodDisruptionBudget } from '../kube/apps.ts'
import type { Pod } from '../kube/core.ts'
import type { PodGroup } from '../kube/workloads.ts'
import type { ClaimAssignment, DeviceLedger } from './devices/device-ledger.ts'
import type { NamespaceLabels, PodView } from './pod-view.ts'

export interface PendingPod {
  readonly view: PodView
  /** Equal for pods that fit on the same nodes: when one finds no place, the others need not try. */
  readonly signature: string
  /** Place in the queue: who came first. */
  readonly order: number
  /** What the pod's PodScheduled condition says already. */
  readonly said: string | undefined
}

export interface Gang {
  readonly name: string
  readonly namespace: string
  /** Undefined: the PodGroup is not there yet. */
  readonly group: PodGroup | undefined
  readonly pods: readonly PendingPod[]
  /** Pods of the gang that have a node already. */
  readonly numPlaced: number
}

export interface Waiting {
  readonly pods: readonly PendingPod[]
  readonly gangs: readonly Gang[]
}

/** What of the cluster matters beside nodes and pods. */
export interface Surroundings {
  readonly namespaceLabels?: NamespaceLabels
  readonly budgets?: readonly PodDisruptionBudget[]
  /** Where pods claim devices: who has them, and a judge of who may get which. */
  readonly devices?: DeviceLedger
}

export type Decision =
  | {
      readonly kind: 'bind'
      readonly pod: Pod
      readonly node: string
      /** Devices that it gets there. */
      readonly claims?: readonly ClaimAssignment[]
    }
  | {
      readonly kind: 'wait'
      readonly pod: Pod
      readonly reason: 'Unschedulable' | 'SchedulingGated'
      readonly message: string
      /** Where room is made for it; empty: nowhere any more; absent: as before. */
      readonly nominatedNode?: string
    }
  /** The pod has to make room on its node for `by`. */
  | { readonly kind: 'preempt'; readonly pod: Pod; readonly node: string; readonly by: Pod }
  | { readonly kind: 'gang-scheduled'; readonly group: PodGroup }
  | { readonly kind: 'gang-unschedulable'; readonly group: PodGroup; readonly message: string }

/** The condition of a PodGroup that says whether its gang ever started (KEP-4671); it stays True once it is. */
export const INITIALLY_SCHEDULED = 'PodGroupInitiallyScheduled'
