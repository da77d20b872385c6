/** Kinds of autoscaling/v2, autoscaling/v1 (Scale) and metrics.k8s.io, as far as our parts read or write them. */
import type { ResourceList } from './core.ts'
import type { Condition, KubeObject, LabelSelector } from './object.ts'

export interface MetricTarget {
  readonly type: 'Utilization' | 'Value' | 'AverageValue'
  readonly value?: string
  readonly averageValue?: string
  readonly averageUtilization?: number
}

export interface MetricIdentifier {
  readonly name: string
  readonly selector?: LabelSelector
}

export interface MetricSpec {
  readonly type: 'Resource' | 'ContainerResource' | 'Pods' | 'Object' | 'External'
  readonly resource?: { readonly name: string; readonly target: MetricTarget }
  readonly containerResource?: { readonly name: string; readonly container: string; readonly target: MetricTarget }
  readonly pods?: { readonly metric: MetricIdentifier; readonly target: MetricTarget }
  readonly object?: {
    readonly describedObject: ScaleTargetRef
    readonly metric: MetricIdentifier
    readonly target: MetricTarget
  }
  readonly external?: { readonly metric: MetricIdentifier; readonly target: MetricTarget }
}

export interface MetricValue {
  readonly value?: string
  readonly averageValue?: string
  readonly averageUtilization?: number
}

/** Of a metric that cannot be read the type is empty: what follows keeps its place. */
export interface MetricStatus {
  readonly type: MetricSpec['type'] | ''
  readonly resource?: { readonly name: string; readonly current: MetricValue }
  readonly containerResource?: { readonly name: string; readonly container: string; readonly current: MetricValue }
  readonly pods?: { readonly metric: MetricIdentifier; readonly current: MetricValue }
}

export interface ScalingPolicy {
  readonly type: 'Pods' | 'Percent'
  readonly value: number
  readonly periodSeconds: number
}

export interface ScalingRules {
  readonly stabilizationWindowSeconds?: number
  readonly selectPolicy?: 'Max' | 'Min' | 'Disabled'
  readonly policies?: readonly ScalingPolicy[]
  /** A quantity: how far a ratio may be from 1 before anything happens. */
  readonly tolerance?: string
}

export interface ScaleTargetRef {
  readonly apiVersion?: string
  readonly kind: string
  readonly name: string
}

export interface HorizontalPodAutoscaler extends KubeObject {
  readonly spec: {
    readonly scaleTargetRef: ScaleTargetRef
    readonly minReplicas?: number
    readonly maxReplicas: number
    readonly metrics?: readonly MetricSpec[]
    readonly behavior?: { readonly scaleUp?: ScalingRules; readonly scaleDown?: ScalingRules }
  }
  readonly status?: {
    readonly observedGeneration?: number
    readonly lastScaleTime?: string
    readonly currentReplicas?: number
    readonly desiredReplicas: number
    readonly currentMetrics?: readonly MetricStatus[]
    readonly conditions?: readonly Condition[]
  }
}

export interface Scale extends KubeObject {
  readonly spec?: { readonly replicas?: number }
  readonly status?: {
    readonly replicas?: number
    /** As text, `a=b,c in (d)`. */
    readonly selector?: string
  }
}

/** What the containers of a pod use, on average over the window that ends at the timestamp. */
export interface PodMetrics extends KubeObject {
  readonly timestamp: string
  /** A duration as Go writes it. */
  readonly window: string
  readonly containers: readonly { readonly name: string; readonly usage: ResourceList }[]
}
