/** Tokens for projected volumes, asked of the API server as the kubelet asks (TokenRequest, bound to the pod). */
import type { KubeApi } from '../../client/kube-api.ts'
import type { Pod, Volume } from '../../kube/core.ts'
import type { KubeObject } from '../../kube/object.ts'

interface TokenRequest extends KubeObject {
  readonly spec: {
    readonly audiences: readonly string[]
    readonly expirationSeconds: number
    readonly boundObjectRef: {
      readonly apiVersion: string
      readonly kind: string
      readonly name: string
      readonly uid: string
    }
  }
  readonly status?: { readonly token?: string; readonly expirationTimestamp?: string }
}

const DEFAULT_SECONDS = 3600

export interface Tokens {
  readonly byPath: ReadonlyMap<string, string>
  /** After how long they want to be renewed: 80 % of the shortest life, as the kubelet's token manager; undefined without tokens. */
  readonly renewAfterMs: number | undefined
}

/** Throws what the API server answers. */
export async function requestTokens(api: KubeApi, pod: Pod, volume: Volume): Promise<Tokens> {
  const byPath = new Map<string, string>()
  let shortest = Number.POSITIVE_INFINITY
  for (const { serviceAccountToken } of volume.projected?.sources ?? []) {
    if (!serviceAccountToken) continue
    const { path, audience, expirationSeconds = DEFAULT_SECONDS } = serviceAccountToken
    const { status } = await api.create<TokenRequest>(request(pod, audience, expirationSeconds), {
      subresource: 'token',
    })
    byPath.set(path, status?.token ?? '')
    shortest = Math.min(shortest, expirationSeconds)
  }
  return { byPath, renewAfterMs: byPath.size > 0 ? shortest * 800 : undefined }
}

const request = ({ metadata, spec }: Pod, audience: string | undefined, expirationSeconds: number): TokenRequest => ({
  apiVersion: 'authentication.k8s.io/v1',
  kind: 'TokenRequest',
  metadata: { name: spec.serviceAccountName || 'default', namespace: metadata.namespace },
  spec: {
    audiences: audience ? [audience] : [],
    expirationSeconds,
    boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: metadata.name ?? '', uid: metadata.uid ?? '' },
  },
})
