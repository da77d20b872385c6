/** Fields of a pod's spec that only its validation reads: beside the types of kube/core.ts, which name what our parts act on. */
import type { Container, PodSpec, Volume } from '../../kube/core.ts'
import type { LabelSelector } from '../../kube/object.ts'

export interface Handler {
  readonly exec?: { readonly command?: readonly string[] }
  readonly httpGet?: { readonly path?: string; readonly port?: number | string; readonly scheme?: string }
  readonly tcpSocket?: { readonly port?: number | string }
  readonly grpc?: { readonly port?: number }
  readonly sleep?: { readonly seconds?: number }
}

export interface Probe extends Handler {
  readonly initialDelaySeconds?: number
  readonly timeoutSeconds?: number
  readonly periodSeconds?: number
  readonly successThreshold?: number
  readonly failureThreshold?: number
}

export interface ContainerPort {
  readonly name?: string
  readonly containerPort?: number
  readonly hostPort?: number
  readonly protocol?: string
  readonly hostIP?: string
}

/** Read by others as checked; here anything may still be absent. */
type Unchecked = 'ports' | 'startupProbe' | 'readinessProbe' | 'livenessProbe' | 'lifecycle'

export interface ContainerFields extends Omit<Container, Unchecked> {
  readonly ports?: readonly ContainerPort[]
  readonly imagePullPolicy?: string
  readonly livenessProbe?: Probe
  readonly readinessProbe?: Probe
  readonly startupProbe?: Probe
  readonly lifecycle?: { readonly preStop?: Handler; readonly postStart?: Handler }
  readonly securityContext?: ContainerSecurity
  readonly targetContainerName?: string
}

export interface ContainerSecurity {
  readonly privileged?: boolean
  readonly allowPrivilegeEscalation?: boolean
  readonly runAsUser?: number
  readonly runAsGroup?: number
}

export interface Toleration {
  readonly key?: string
  readonly operator?: string
  readonly value?: string
  readonly effect?: string
  readonly tolerationSeconds?: number
}

export interface NodeSelectorTerm {
  readonly matchExpressions?: readonly {
    readonly key?: string
    readonly operator?: string
    readonly values?: readonly string[]
  }[]
}

export interface PodAffinityTerm {
  readonly topologyKey?: string
  readonly labelSelector?: LabelSelector
}

export interface PodAffinity {
  readonly requiredDuringSchedulingIgnoredDuringExecution?: readonly PodAffinityTerm[]
  readonly preferredDuringSchedulingIgnoredDuringExecution?: readonly {
    readonly weight?: number
    readonly podAffinityTerm?: PodAffinityTerm
  }[]
}

export interface Affinity {
  readonly nodeAffinity?: {
    readonly requiredDuringSchedulingIgnoredDuringExecution?: {
      readonly nodeSelectorTerms?: readonly NodeSelectorTerm[]
    }
    readonly preferredDuringSchedulingIgnoredDuringExecution?: readonly {
      readonly weight?: number
      readonly preference?: NodeSelectorTerm
    }[]
  }
  readonly podAffinity?: PodAffinity
  readonly podAntiAffinity?: PodAffinity
}

export interface VolumeFields extends Omit<Volume, 'persistentVolumeClaim'> {
  readonly persistentVolumeClaim?: { readonly claimName?: string }
}

/** Read by others as checked. */
type UncheckedSpec =
  | ('containers' | 'initContainers' | 'ephemeralContainers' | 'volumes' | 'tolerations')
  | ('affinity' | 'topologySpreadConstraints' | 'preemptionPolicy')

export interface PodFields extends Omit<PodSpec, UncheckedSpec> {
  readonly containers?: readonly ContainerFields[]
  readonly initContainers?: readonly ContainerFields[]
  readonly ephemeralContainers?: readonly ContainerFields[]
  readonly volumes?: readonly VolumeFields[]
  readonly tolerations?: readonly Toleration[]
  readonly affinity?: Affinity
  readonly dnsPolicy?: string
  readonly dnsConfig?: { readonly nameservers?: readonly string[] }
  readonly hostAliases?: readonly { readonly ip?: string; readonly hostnames?: readonly string[] }[]
  readonly hostPID?: boolean
  readonly shareProcessNamespace?: boolean
  readonly readinessGates?: readonly { readonly conditionType: string }[]
  readonly schedulingGates?: readonly { readonly name: string }[]
  readonly topologySpreadConstraints?: readonly {
    readonly maxSkew?: number
    readonly topologyKey?: string
    readonly whenUnsatisfiable?: string
  }[]
  readonly os?: { readonly name?: string }
  readonly preemptionPolicy?: string
  readonly securityContext?: ContainerSecurity & { readonly sysctls?: readonly { readonly name: string }[] }
  readonly imagePullSecrets?: readonly { readonly name?: string }[]
}
