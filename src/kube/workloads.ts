/** Kinds of apps, batch, scheduling, rbac, coordination and apiextensions, as far as our parts read or write them. */
import type { PodTemplateSpec } from './core.ts'
import type { Condition, KubeObject, LabelSelector, ObjectMeta } from './object.ts'
import type { StructuralSchema } from './schema.ts'

export interface PodFailurePolicyRule {
  readonly action: 'FailJob' | 'FailIndex' | 'Ignore' | 'Count'
  readonly onExitCodes?: {
    readonly containerName?: string
    readonly operator: 'In' | 'NotIn'
    readonly values: readonly number[]
  }
  readonly onPodConditions?: readonly { readonly type: string; readonly status?: string }[]
}

export interface JobSpec {
  readonly completionMode?: 'NonIndexed' | 'Indexed'
  readonly completions?: number
  readonly parallelism?: number
  readonly backoffLimit?: number
  readonly backoffLimitPerIndex?: number
  readonly maxFailedIndexes?: number
  readonly activeDeadlineSeconds?: number
  readonly suspend?: boolean
  readonly ttlSecondsAfterFinished?: number
  readonly manualSelector?: boolean
  readonly selector?: LabelSelector
  readonly podReplacementPolicy?: 'TerminatingOrFailed' | 'Failed'
  readonly podFailurePolicy?: { readonly rules: readonly PodFailurePolicyRule[] }
  readonly successPolicy?: {
    readonly rules: readonly { readonly succeededIndexes?: string; readonly succeededCount?: number }[]
  }
  /** Whose controller looks after it; `kubernetes.io/job-controller` and absent mean Kubernetes' own. */
  readonly managedBy?: string
  readonly template: PodTemplateSpec
}

export interface Job extends KubeObject {
  readonly spec: JobSpec
  readonly status?: {
    readonly active?: number
    readonly ready?: number
    readonly succeeded?: number
    readonly failed?: number
    readonly terminating?: number
    /** Run lengths such as `0-3,7`. */
    readonly completedIndexes?: string
    readonly failedIndexes?: string
    readonly startTime?: string
    readonly completionTime?: string
    readonly conditions?: readonly Condition[]
    readonly uncountedTerminatedPods?: { readonly succeeded?: readonly string[]; readonly failed?: readonly string[] }
  }
}

export interface CronJob extends KubeObject {
  readonly spec: {
    readonly schedule: string
    readonly timeZone?: string
    readonly startingDeadlineSeconds?: number
    readonly concurrencyPolicy?: 'Allow' | 'Forbid' | 'Replace'
    readonly suspend?: boolean
    readonly successfulJobsHistoryLimit?: number
    readonly failedJobsHistoryLimit?: number
    readonly jobTemplate: { readonly metadata?: ObjectMeta; readonly spec: JobSpec }
  }
  readonly status?: {
    readonly active?: readonly ObjectReference[]
    readonly lastScheduleTime?: string
    readonly lastSuccessfulTime?: string
  }
}

/** core/v1's reference to an object, as a CronJob's status holds its Jobs. */
export interface ObjectReference {
  readonly apiVersion?: string
  readonly kind?: string
  readonly namespace?: string
  readonly name?: string
  readonly uid?: string
  readonly resourceVersion?: string
}

export interface ReplicaSet extends KubeObject {
  readonly spec: {
    readonly replicas?: number
    readonly minReadySeconds?: number
    readonly selector: LabelSelector
    readonly template: PodTemplateSpec
  }
  readonly status?: {
    readonly terminatingReplicas?: number
    readonly replicas?: number
    readonly fullyLabeledReplicas?: number
    readonly readyReplicas?: number
    readonly availableReplicas?: number
    readonly observedGeneration?: number
    readonly conditions?: readonly Condition[]
  }
}

export interface Deployment extends KubeObject {
  readonly spec: {
    readonly replicas?: number
    readonly minReadySeconds?: number
    readonly revisionHistoryLimit?: number
    readonly progressDeadlineSeconds?: number
    readonly paused?: boolean
    readonly selector: LabelSelector
    readonly strategy?: {
      readonly type?: 'RollingUpdate' | 'Recreate'
      readonly rollingUpdate?: { readonly maxSurge?: number | string; readonly maxUnavailable?: number | string }
    }
    readonly template: PodTemplateSpec
  }
  readonly status?: {
    readonly observedGeneration?: number
    readonly replicas?: number
    readonly updatedReplicas?: number
    readonly readyReplicas?: number
    readonly availableReplicas?: number
    readonly unavailableReplicas?: number
    readonly terminatingReplicas?: number
    readonly collisionCount?: number
    readonly conditions?: readonly Condition[]
  }
}

export interface SchedulingPolicy {
  readonly gang?: { readonly minCount: number }
  readonly basic?: Record<string, never>
}

/** Whether the pods of a group may be preempted one by one, or only all together. */
export interface DisruptionMode {
  readonly all?: Record<string, never>
  readonly single?: Record<string, never>
}

export interface Workload extends KubeObject {
  readonly spec: {
    readonly controllerRef?: { readonly apiGroup?: string; readonly kind: string; readonly name: string }
    readonly podGroupTemplates: readonly {
      readonly name: string
      readonly schedulingPolicy: SchedulingPolicy
      readonly disruptionMode?: DisruptionMode
    }[]
  }
}

export interface PodGroup extends KubeObject {
  readonly spec: {
    readonly workloadRef?: { readonly workloadName: string; readonly templateName: string }
    readonly schedulingPolicy: SchedulingPolicy
    readonly disruptionMode?: DisruptionMode
  }
  readonly status?: { readonly conditions?: readonly Condition[] }
}

export interface PolicyRule {
  readonly apiGroups?: readonly string[]
  readonly resources?: readonly string[]
  readonly resourceNames?: readonly string[]
  readonly nonResourceURLs?: readonly string[]
  readonly verbs: readonly string[]
}

export interface Role extends KubeObject {
  readonly rules?: readonly PolicyRule[]
}

export interface RoleBinding extends KubeObject {
  readonly roleRef: { readonly apiGroup: string; readonly kind: 'Role' | 'ClusterRole'; readonly name: string }
  readonly subjects?: readonly {
    readonly kind: 'User' | 'Group' | 'ServiceAccount'
    readonly name: string
    readonly namespace?: string
    readonly apiGroup?: string
  }[]
}

export interface Lease extends KubeObject {
  readonly spec?: {
    readonly holderIdentity?: string
    readonly leaseDurationSeconds?: number
    readonly acquireTime?: string
    readonly renewTime?: string
    readonly leaseTransitions?: number
  }
}

export interface CustomResourceDefinition extends KubeObject {
  readonly spec: {
    readonly group: string
    readonly scope: 'Namespaced' | 'Cluster'
    readonly names: {
      readonly plural: string
      readonly singular?: string
      readonly kind: string
      readonly listKind?: string
      readonly shortNames?: readonly string[]
      readonly categories?: readonly string[]
    }
    readonly preserveUnknownFields?: boolean
    readonly conversion?: {
      readonly strategy: string
      readonly webhook?: {
        readonly clientConfig?: WebhookClientConfig
        readonly conversionReviewVersions?: readonly string[]
      }
    }
    readonly versions: readonly CustomResourceVersion[]
  }
  readonly status?: {
    readonly conditions?: readonly Condition[]
    readonly acceptedNames?: CustomResourceDefinition['spec']['names']
    readonly storedVersions?: readonly string[]
  }
}

/** Where a webhook listens. */
export interface WebhookClientConfig {
  readonly url?: string
  readonly service?: {
    readonly namespace: string
    readonly name: string
    readonly path?: string
    readonly port?: number
  }
  /** PEM in base64. */
  readonly caBundle?: string
}

export interface CustomResourceVersion {
  readonly name: string
  readonly deprecated?: boolean
  readonly deprecationWarning?: string
  readonly selectableFields?: readonly { readonly jsonPath: string }[]
  readonly served: boolean
  readonly storage: boolean
  readonly schema?: { readonly openAPIV3Schema?: StructuralSchema }
  readonly subresources?: {
    readonly status?: Record<string, never>
    readonly scale?: {
      readonly specReplicasPath: string
      readonly statusReplicasPath: string
      readonly labelSelectorPath?: string
    }
  }
  readonly additionalPrinterColumns?: readonly {
    readonly name: string
    readonly type: string
    readonly jsonPath: string
    readonly description?: string
    readonly format?: string
    readonly priority?: number
  }[]
}
