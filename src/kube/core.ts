/** The core group's kinds, as far as our parts read or write them (k8s.io/api/core/v1). Unread fields pass through untyped. */
import type { Container, ResourceFieldSelector, ResourceList, ResourceRequirements } from './container.ts'
import type { Condition, KubeObject } from './object.ts'
import type { Affinity, TopologySpreadConstraint } from './placement.ts'

export type {
  Container,
  ContainerRestartRule,
  EnvFromSource,
  EnvVar,
  Handler,
  HttpGetAction,
  Probe,
  ResourceFieldSelector,
  ResourceList,
  ResourceRequirements,
  VolumeMount,
} from './container.ts'
export type { EndpointAddress, EndpointSlice, Endpoints, Service, ServicePort } from './services.ts'

export interface Namespace extends KubeObject {
  readonly spec?: { readonly finalizers?: readonly string[] }
  readonly status?: { readonly phase?: 'Active' | 'Terminating'; readonly conditions?: readonly Condition[] }
}

export interface ConfigMap extends KubeObject {
  readonly data?: Readonly<Record<string, string>>
  /** Base64. */
  readonly binaryData?: Readonly<Record<string, string>>
  readonly immutable?: boolean
}

export interface Secret extends KubeObject {
  readonly type?: string
  /** Base64. */
  readonly data?: Readonly<Record<string, string>>
  readonly stringData?: Readonly<Record<string, string>>
  readonly immutable?: boolean
}

export interface ServiceAccount extends KubeObject {
  readonly automountServiceAccountToken?: boolean
}

export interface KeyToPath {
  readonly key: string
  readonly path: string
  readonly mode?: number
}

export interface ProjectedSource {
  readonly serviceAccountToken?: {
    readonly path: string
    readonly expirationSeconds?: number
    readonly audience?: string
  }
  readonly configMap?: { readonly name: string; readonly items?: readonly KeyToPath[]; readonly optional?: boolean }
  readonly secret?: { readonly name: string; readonly items?: readonly KeyToPath[]; readonly optional?: boolean }
  readonly downwardAPI?: { readonly items?: readonly DownwardApiFile[] }
}

export interface DownwardApiFile {
  readonly path: string
  readonly mode?: number
  readonly fieldRef?: { readonly apiVersion?: string; readonly fieldPath: string }
  readonly resourceFieldRef?: ResourceFieldSelector
}

export interface Volume {
  readonly name: string
  readonly configMap?: {
    readonly name: string
    readonly items?: readonly KeyToPath[]
    readonly defaultMode?: number
    readonly optional?: boolean
  }
  readonly secret?: {
    readonly secretName: string
    readonly items?: readonly KeyToPath[]
    readonly defaultMode?: number
    readonly optional?: boolean
  }
  readonly emptyDir?: { readonly medium?: '' | 'Memory'; readonly sizeLimit?: string }
  readonly persistentVolumeClaim?: { readonly claimName: string; readonly readOnly?: boolean }
  readonly hostPath?: { readonly path: string; readonly type?: string }
  readonly downwardAPI?: { readonly items?: readonly DownwardApiFile[]; readonly defaultMode?: number }
  readonly projected?: { readonly sources?: readonly ProjectedSource[]; readonly defaultMode?: number }
}

export interface PodSpec {
  readonly containers: readonly Container[]
  readonly initContainers?: readonly Container[]
  readonly ephemeralContainers?: readonly Container[]
  readonly volumes?: readonly Volume[]
  readonly restartPolicy?: 'Always' | 'OnFailure' | 'Never'
  readonly nodeName?: string
  /** Of the pod as a whole (KEP-2837): in place of its containers' sum, and around what they have no limit for. */
  readonly resources?: ResourceRequirements
  readonly overhead?: ResourceList
  readonly nodeSelector?: Readonly<Record<string, string>>
  readonly schedulerName?: string
  readonly priorityClassName?: string
  readonly priority?: number
  readonly hostname?: string
  readonly subdomain?: string
  readonly hostNetwork?: boolean
  readonly serviceAccountName?: string
  readonly automountServiceAccountToken?: boolean
  readonly terminationGracePeriodSeconds?: number
  readonly activeDeadlineSeconds?: number
  readonly readinessGates?: readonly { readonly conditionType: string }[]
  readonly securityContext?: {
    readonly runAsUser?: number
    readonly runAsGroup?: number
    readonly fsGroup?: number
    readonly supplementalGroups?: readonly number[]
  }
  /** The gang that the pod belongs to (scheduling.k8s.io PodGroup, KEP-4671). */
  readonly schedulingGroup?: { readonly podGroupName: string }
  readonly tolerations?: readonly Toleration[]
  readonly affinity?: Affinity
  readonly topologySpreadConstraints?: readonly TopologySpreadConstraint[]
  /** Whoever set a gate says by removing it when the pod may be scheduled. */
  readonly schedulingGates?: readonly { readonly name: string }[]
  readonly preemptionPolicy?: 'PreemptLowerPriority' | 'Never'
  /** Devices that it gets (KEP-4381): a claim by name, or a template that becomes one a pod. */
  readonly resourceClaims?: readonly {
    readonly name: string
    readonly resourceClaimName?: string
    readonly resourceClaimTemplateName?: string
  }[]
}

export interface PodTemplateSpec {
  readonly metadata?: {
    readonly labels?: Readonly<Record<string, string>>
    readonly annotations?: Readonly<Record<string, string>>
  }
  readonly spec: PodSpec
}

export interface ContainerState {
  readonly waiting?: { readonly reason?: string; readonly message?: string }
  readonly running?: { readonly startedAt?: string }
  readonly terminated?: {
    readonly exitCode: number
    readonly signal?: number
    readonly reason?: string
    readonly message?: string
    readonly startedAt?: string
    readonly finishedAt?: string
    readonly containerID?: string
  }
}

export interface ContainerStatus {
  readonly name: string
  readonly ready: boolean
  readonly started?: boolean
  readonly restartCount: number
  readonly state?: ContainerState
  readonly lastState?: ContainerState
  readonly image: string
  readonly imageID: string
  readonly containerID?: string
  /** What the node has set aside for it, and what it runs with: apart while a resize is under way (KEP-1287). */
  readonly allocatedResources?: ResourceList
  readonly resources?: ResourceRequirements
}

export type PodPhase = 'Pending' | 'Running' | 'Succeeded' | 'Failed' | 'Unknown'

export interface PodStatus {
  readonly phase?: PodPhase
  readonly conditions?: readonly Condition[]
  readonly reason?: string
  readonly message?: string
  readonly hostIP?: string
  readonly podIP?: string
  readonly podIPs?: readonly { readonly ip: string }[]
  readonly startTime?: string
  readonly containerStatuses?: readonly ContainerStatus[]
  readonly initContainerStatuses?: readonly ContainerStatus[]
  readonly ephemeralContainerStatuses?: readonly ContainerStatus[]
  readonly qosClass?: string
  /** Where room is being made for it by preemption. */
  readonly nominatedNodeName?: string
  /** The claims that were made from its templates. */
  readonly resourceClaimStatuses?: readonly { readonly name: string; readonly resourceClaimName?: string }[]
}

export interface Pod extends KubeObject {
  readonly spec: PodSpec
  readonly status?: PodStatus
}

export interface Taint {
  readonly key: string
  readonly value?: string
  readonly effect: 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute'
  readonly timeAdded?: string
}

export interface Toleration {
  /** Absent with `Exists`: every taint. */
  readonly key?: string
  /** `Equal` where absent; `Exists`. */
  readonly operator?: string
  readonly value?: string
  /** Absent: every effect. */
  readonly effect?: string
  /** Only of NoExecute: how long the pod stays; absent: for ever. */
  readonly tolerationSeconds?: number
}

export interface NodeCondition extends Condition {
  readonly lastHeartbeatTime?: string
}

export interface Node extends KubeObject {
  readonly spec?: { readonly unschedulable?: boolean; readonly taints?: readonly Taint[]; readonly podCIDR?: string }
  readonly status?: {
    readonly capacity?: ResourceList
    readonly allocatable?: ResourceList
    readonly conditions?: readonly NodeCondition[]
    readonly addresses?: readonly { readonly type: string; readonly address: string }[]
    readonly nodeInfo?: Readonly<Record<string, string>>
  }
}

export interface Event extends KubeObject {
  readonly involvedObject: {
    readonly apiVersion?: string
    readonly kind?: string
    readonly namespace?: string
    readonly name?: string
    readonly uid?: string
    readonly fieldPath?: string
  }
  readonly type?: 'Normal' | 'Warning'
  readonly reason?: string
  readonly message?: string
  readonly source?: { readonly component?: string; readonly host?: string }
  readonly firstTimestamp?: string | null
  readonly lastTimestamp?: string | null
  readonly count?: number
  readonly eventTime?: string | null
  readonly reportingComponent?: string
  readonly reportingInstance?: string
  readonly action?: string
}
