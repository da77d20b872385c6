/** A container of a pod as it is declared: what it runs, what it gets, how it is asked and stopped (k8s.io/api/core/v1). */

/** Resource name (`cpu`, `memory`, `nvidia.com/gpu`) to quantity. */
export type ResourceList = Readonly<Record<string, string>>

export interface ResourceRequirements {
  readonly requests?: ResourceList
  readonly limits?: ResourceList
}

export interface EnvVar {
  readonly name: string
  readonly value?: string
  readonly valueFrom?: {
    readonly fieldRef?: { readonly apiVersion?: string; readonly fieldPath: string }
    readonly resourceFieldRef?: ResourceFieldSelector
    readonly configMapKeyRef?: { readonly name: string; readonly key: string; readonly optional?: boolean }
    readonly secretKeyRef?: { readonly name: string; readonly key: string; readonly optional?: boolean }
  }
}

export interface EnvFromSource {
  readonly prefix?: string
  readonly configMapRef?: { readonly name: string; readonly optional?: boolean }
  readonly secretRef?: { readonly name: string; readonly optional?: boolean }
}

export interface VolumeMount {
  readonly name: string
  readonly mountPath: string
  readonly subPath?: string
  readonly readOnly?: boolean
}

export interface HttpGetAction {
  readonly path?: string
  readonly port: number | string
  readonly host?: string
  readonly scheme?: string
  readonly httpHeaders?: readonly { readonly name: string; readonly value: string }[]
}

/** What a probe or a hook does; one of them. */
export interface Handler {
  readonly exec?: { readonly command?: readonly string[] }
  readonly httpGet?: HttpGetAction
  readonly tcpSocket?: { readonly port: number | string; readonly host?: string }
  /** Probes only. */
  readonly grpc?: { readonly port: number; readonly service?: string | null }
  /** Hooks only. */
  readonly sleep?: { readonly seconds: number }
}

export interface Probe extends Handler {
  readonly initialDelaySeconds?: number
  readonly timeoutSeconds?: number
  readonly periodSeconds?: number
  readonly successThreshold?: number
  readonly failureThreshold?: number
  readonly terminationGracePeriodSeconds?: number
}

/** What an end of this container means for the container, whatever its policy says (KEP-5307). */
export interface ContainerRestartRule {
  readonly action: 'Restart' | 'RestartAllContainers'
  readonly exitCodes?: { readonly operator: 'In' | 'NotIn'; readonly values?: readonly number[] }
}

export interface Container {
  readonly name: string
  readonly image?: string
  readonly command?: readonly string[]
  readonly args?: readonly string[]
  readonly workingDir?: string
  readonly env?: readonly EnvVar[]
  readonly envFrom?: readonly EnvFromSource[]
  readonly ports?: readonly {
    readonly name?: string
    readonly containerPort: number
    readonly protocol?: string
    /** Taken on the node itself, at `hostIP` or at all of its addresses. */
    readonly hostPort?: number
    readonly hostIP?: string
  }[]
  readonly resources?: ResourceRequirements
  /** Whether a changed resource needs a restart (KEP-1287); absent: not. */
  readonly resizePolicy?: readonly {
    readonly resourceName: string
    readonly restartPolicy: 'NotRequired' | 'RestartContainer'
  }[]
  readonly volumeMounts?: readonly VolumeMount[]
  readonly terminationMessagePath?: string
  readonly terminationMessagePolicy?: string
  readonly startupProbe?: Probe
  readonly readinessProbe?: Probe
  readonly livenessProbe?: Probe
  readonly lifecycle?: { readonly postStart?: Handler; readonly preStop?: Handler; readonly stopSignal?: string }
  /** `Always` makes an init container a sidecar; any other container has a policy of its own. */
  readonly restartPolicy?: 'Always' | 'OnFailure' | 'Never'
  readonly restartPolicyRules?: readonly ContainerRestartRule[]
  readonly securityContext?: { readonly runAsUser?: number; readonly runAsGroup?: number }
  /** A standard input that stays open; with `stdinOnce` until the first one that was attached has left. */
  readonly stdin?: boolean
  readonly stdinOnce?: boolean
  readonly tty?: boolean
}

export interface ResourceFieldSelector {
  readonly containerName?: string
  readonly resource: string
  readonly divisor?: string
}
