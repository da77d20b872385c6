/** Devices that nodes offer and pods claim (resource.k8s.io/v1, KEP-4381): what our scheduler, controllers and nodes read of it. */
import type { Pod, Toleration } from './core.ts'
import type { KubeObject } from './object.ts'
import type { NodeSelector } from './placement.ts'

export const RESOURCE_API = 'resource.k8s.io/v1'
/** Keeps an allocated claim until nobody uses it. */
export const CLAIM_FINALIZER = 'resource.kubernetes.io/delete-protection'
/** On a claim that was made from a template: the name by which its pod knows it. */
export const POD_CLAIM_NAME = 'resource.kubernetes.io/pod-claim-name'

export interface DeviceAttribute {
  readonly int?: number
  readonly bool?: boolean
  readonly string?: string
  readonly version?: string
}

export interface DeviceTaint {
  readonly key: string
  readonly value?: string
  readonly effect: 'None' | 'NoSchedule' | 'NoExecute'
}

export interface Device {
  readonly name: string
  /** Names without a domain belong to the driver's. */
  readonly attributes?: Readonly<Record<string, DeviceAttribute>>
  readonly capacity?: Readonly<Record<string, { readonly value: string }>>
  readonly taints?: readonly DeviceTaint[]
  readonly nodeName?: string
  readonly nodeSelector?: NodeSelector
  readonly allNodes?: boolean
}

export interface ResourceSlice extends KubeObject {
  readonly spec: {
    readonly driver: string
    /** All slices of a pool of one generation together say what it has. */
    readonly pool: { readonly name: string; readonly generation: number; readonly resourceSliceCount: number }
    readonly nodeName?: string
    readonly nodeSelector?: NodeSelector
    readonly allNodes?: boolean
    readonly perDeviceNodeSelection?: boolean
    readonly devices?: readonly Device[]
  }
}

export interface DeviceSelector {
  readonly cel?: { readonly expression: string }
}

export interface OpaqueConfiguration {
  readonly opaque?: { readonly driver: string; readonly parameters: unknown }
}

export interface DeviceClass extends KubeObject {
  readonly spec: { readonly selectors?: readonly DeviceSelector[]; readonly config?: readonly OpaqueConfiguration[] }
}

export interface ExactRequest {
  readonly deviceClassName: string
  readonly selectors?: readonly DeviceSelector[]
  readonly allocationMode?: 'ExactCount' | 'All'
  readonly count?: number
  readonly adminAccess?: boolean
  readonly tolerations?: readonly Toleration[]
}

export interface DeviceRequest {
  readonly name: string
  readonly exactly?: ExactRequest
  /** The first of these that can be met. */
  readonly firstAvailable?: readonly (ExactRequest & { readonly name: string })[]
}

export interface DeviceConstraint {
  /** Requests (`gpu`, or `gpu/large` for one alternative) whose devices it binds; all where absent. */
  readonly requests?: readonly string[]
  readonly matchAttribute?: string
  readonly distinctAttribute?: string
}

export interface ClaimSpec {
  readonly devices?: {
    readonly requests?: readonly DeviceRequest[]
    readonly constraints?: readonly DeviceConstraint[]
    readonly config?: readonly (OpaqueConfiguration & { readonly requests?: readonly string[] })[]
  }
}

export interface AllocatedDevice {
  readonly request: string
  readonly driver: string
  readonly pool: string
  readonly device: string
}

export interface Allocation {
  readonly devices?: {
    readonly results?: readonly AllocatedDevice[]
    readonly config?: readonly (OpaqueConfiguration & {
      readonly source: 'FromClass' | 'FromClaim'
      readonly requests?: readonly string[]
    })[]
  }
  /** Where the devices can be reached; absent: anywhere. */
  readonly nodeSelector?: NodeSelector
}

export interface ClaimConsumer {
  readonly apiGroup?: string
  readonly resource: string
  readonly name: string
  readonly uid: string
}

export interface ResourceClaim extends KubeObject {
  readonly spec: ClaimSpec
  readonly status?: { readonly allocation?: Allocation; readonly reservedFor?: readonly ClaimConsumer[] }
}

export interface ResourceClaimTemplate extends KubeObject {
  readonly spec: { readonly metadata?: Partial<KubeObject['metadata']>; readonly spec: ClaimSpec }
}

type PodClaim = NonNullable<Pod['spec']['resourceClaims']>[number]

/** The name of the claim that a pod means; undefined: it is yet to be made from its template. */
export const claimNameOf = ({ status }: Pod, { name, resourceClaimName }: PodClaim): string | undefined =>
  resourceClaimName ?? status?.resourceClaimStatuses?.find(each => each.name === name)?.resourceClaimName
