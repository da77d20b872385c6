/** StatefulSets, DaemonSets, their history, and disruption budgets, as far as our parts read or write them (k8s.io/api apps/v1, policy/v1). */
import type { PodTemplateSpec } from './core.ts'
import type { Condition, KubeObject, LabelSelector, UnknownObject } from './object.ts'

export interface StatefulSet extends KubeObject {
  readonly spec: {
    readonly replicas?: number
    readonly minReadySeconds?: number
    readonly revisionHistoryLimit?: number
    readonly serviceName?: string
    readonly selector: LabelSelector
    readonly template: PodTemplateSpec
    readonly podManagementPolicy?: 'OrderedReady' | 'Parallel'
    readonly ordinals?: { readonly start?: number }
    readonly updateStrategy?: {
      readonly type?: 'RollingUpdate' | 'OnDelete'
      readonly rollingUpdate?: { readonly partition?: number; readonly maxUnavailable?: number | string }
    }
    readonly volumeClaimTemplates?: readonly UnknownObject[]
    readonly persistentVolumeClaimRetentionPolicy?: {
      readonly whenDeleted?: 'Retain' | 'Delete'
      readonly whenScaled?: 'Retain' | 'Delete'
    }
  }
  readonly status?: {
    readonly observedGeneration?: number
    readonly replicas?: number
    readonly readyReplicas?: number
    readonly availableReplicas?: number
    readonly currentReplicas?: number
    readonly updatedReplicas?: number
    readonly currentRevision?: string
    readonly updateRevision?: string
    readonly collisionCount?: number
    readonly conditions?: readonly Condition[]
  }
}

export interface DaemonSet extends KubeObject {
  readonly spec: {
    readonly minReadySeconds?: number
    readonly revisionHistoryLimit?: number
    readonly selector: LabelSelector
    readonly template: PodTemplateSpec
    readonly updateStrategy?: {
      readonly type?: 'RollingUpdate' | 'OnDelete'
      readonly rollingUpdate?: { readonly maxUnavailable?: number | string; readonly maxSurge?: number | string }
    }
  }
  readonly status?: {
    readonly observedGeneration?: number
    readonly currentNumberScheduled?: number
    readonly numberMisscheduled?: number
    readonly desiredNumberScheduled?: number
    readonly numberReady?: number
    readonly updatedNumberScheduled?: number
    readonly numberAvailable?: number
    readonly numberUnavailable?: number
    readonly collisionCount?: number
    readonly conditions?: readonly Condition[]
  }
}

/** A template of a StatefulSet or a DaemonSet as it once was. */
export interface ControllerRevision extends KubeObject {
  readonly revision: number
  readonly data?: unknown
}

export interface PodDisruptionBudget extends KubeObject {
  readonly spec: {
    readonly minAvailable?: number | string
    readonly maxUnavailable?: number | string
    readonly selector?: LabelSelector
    readonly unhealthyPodEvictionPolicy?: 'IfHealthyBudget' | 'AlwaysAllow'
  }
  readonly status?: {
    readonly observedGeneration?: number
    /** When pods were evicted whose end has not been seen yet, by name. */
    readonly disruptedPods?: Readonly<Record<string, string>>
    readonly disruptionsAllowed?: number
    readonly currentHealthy?: number
    readonly desiredHealthy?: number
    readonly expectedPods?: number
    readonly conditions?: readonly Condition[]
  }
}
