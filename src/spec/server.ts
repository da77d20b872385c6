/** A Server in the stored form: a replicated program behind one address. Types of `schema/server.ts`. */
import type { Condition, KubeObject } from '../kube/object.ts'
import type { API_VERSION, CodeRef, Resources } from './parts.ts'

export type ServerProtocol = 'http' | 'grpc' | 'tcp' | 'udp'

/** What is asked of a copy, and how often. With no check of its own, the derived one at this pace. */
export interface ServerProbe {
  /** Exactly one check, or none for the derived one. */
  readonly path?: string
  readonly command?: readonly string[]
  /** Name of the health service; empty for the server as a whole. */
  readonly grpc?: string
  readonly tcp?: boolean
  /** Nothing is asked, not even what would be derived. */
  readonly none?: boolean
  readonly port?: number
  readonly initialDelaySeconds?: number
  readonly periodSeconds?: number
  readonly timeoutSeconds?: number
  readonly successThreshold?: number
  readonly failureThreshold?: number
}

export type ServerProbes = { readonly [probe in 'startup' | 'readiness' | 'liveness']?: ServerProbe }

/** Neither `path` nor `variables`: each key is a variable. */
export interface ServerSecret {
  readonly name: string
  /** Folder in which each key is a file. */
  readonly path?: string
  /** Variable to key. */
  readonly variables?: Readonly<Record<string, string>>
}

/** A plain number is normalised to `{ min: n, max: n }`. Between the two, copies follow the targets. */
export interface ServerReplicas {
  /** 0: none is left after `idleSeconds` without a request; the next request waits for the first copy. */
  readonly min?: number
  readonly max?: number
  readonly targetCpu?: number
  readonly targetRequestsPerSecond?: number
  readonly idleSeconds?: number
}

export interface ServerRollout {
  readonly strategy?: 'rolling' | 'recreate'
  /** A number or a share such as `25%`, as text. */
  readonly maxSurge?: string
  readonly maxUnavailable?: string
  /** First so large a share of the copies is new, for so long; then the rest. */
  readonly canary?: { readonly percent?: number; readonly seconds?: number }
  /** How many older revisions can be gone back to. */
  readonly history?: number
}

export interface ServerSpec {
  /** Exactly one of `command` and `module`, the latter an absolute `file://` URI. */
  readonly run: {
    readonly command?: readonly string[]
    readonly module?: string
    readonly port: number
    readonly protocol?: ServerProtocol
    readonly workingDir?: string
  }
  readonly replicas?: ServerReplicas
  readonly config?: Readonly<Record<string, string>>
  /** Absolute path to content. */
  readonly files?: Readonly<Record<string, string>>
  readonly secrets?: readonly ServerSecret[]
  readonly probes?: ServerProbes
  readonly metrics?: { readonly path?: string; readonly port?: number; readonly requests?: string }
  readonly rollout?: ServerRollout
  readonly graceSeconds?: number
  readonly disruption?: { readonly maxUnavailable?: string }
  readonly spread?: { readonly over?: readonly ('node' | 'zone')[]; readonly required?: boolean }
  readonly tolerationSeconds?: number
  readonly ingress?: {
    readonly host: string
    readonly path?: string
    readonly tlsSecret?: string
    readonly className?: string
  }
  readonly code?: CodeRef
  readonly image?: string
  /** `auto`: requests follow what the copies use. */
  readonly resources?: Resources & { readonly auto?: boolean }
}

export interface ServerStatus {
  readonly phase?: 'Pending' | 'Available' | 'Idle' | 'Failed'
  readonly observedGeneration?: number
  /** `Available`, `Progressing`, `Failed`, and `Current`: False while it runs another revision than the declared one. */
  readonly conditions?: readonly Condition[]
  readonly replicas?: number
  readonly readyReplicas?: number
  /** `2/3`. */
  readonly ready?: string
  /** Where it answers. */
  readonly url?: string
  /** Of all copies together, where they are measured. */
  readonly requestsPerSecond?: string
  readonly cpu?: string
  readonly memory?: string
}

export interface Server extends KubeObject {
  readonly apiVersion: typeof API_VERSION
  readonly kind: 'Server'
  readonly spec: ServerSpec
  readonly status?: ServerStatus
}
