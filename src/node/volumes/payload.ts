/**
 * The files of a volume whose content comes from the API (configMap, secret, projected, downwardAPI), pure: what it refers to was
 * fetched before. What is missing is said in the kubelet's words (pkg/volume/{configmap,secret,projected,downwardapi}).
 */
import type { ConfigMap, DownwardApiFile, KeyToPath, Pod, ProjectedSource, Secret, Volume } from '../../kube/core.ts'
import { fieldValue, type NodeFacts, resourceValue } from '../env/downward.ts'
import type { Lookup } from '../env/references.ts'

export interface VolumeFile {
  readonly data: Uint8Array | string
  readonly mode: number
}

/** Files by their path in the volume. */
export type Payload = ReadonlyMap<string, VolumeFile>

export type PayloadResult =
  | { readonly ok: true; readonly payload: Payload }
  | { readonly ok: false; readonly message: string }

export interface PayloadFacts {
  readonly pod: Pod
  readonly node: NodeFacts
  readonly lookup: Lookup
  /** Tokens by the path that a projected source asks them at. */
  readonly tokens: ReadonlyMap<string, string>
}

const DEFAULT_MODE = 0o644
/** A token is for the pod's user alone; where that is not us, whoever is inside may read it. */
const tokenMode = ({ spec }: Pod): number =>
  [spec, ...spec.containers].some(({ securityContext }) => securityContext?.runAsUser) ? 0o644 : 0o600

type Step = string | undefined

/** Undefined: the volume's content is no payload (emptyDir, hostPath). */
export function payloadOf(volume: Volume, facts: PayloadFacts): PayloadResult | undefined {
  const files = new Map<string, VolumeFile>()
  const problem = fill(files, volume, facts)
  if (problem === NO_PAYLOAD) return undefined
  return problem === undefined ? { ok: true, payload: files } : { ok: false, message: problem }
}

const NO_PAYLOAD = '\0'

function fill(files: Map<string, VolumeFile>, volume: Volume, facts: PayloadFacts): Step {
  const { configMap, secret, downwardAPI, projected } = volume
  if (configMap) {
    return addConfigMap(files, configMap, configMap.defaultMode ?? DEFAULT_MODE, facts)
  }
  if (secret) {
    return addSecret(files, { ...secret, name: secret.secretName }, secret.defaultMode ?? DEFAULT_MODE, facts)
  }
  if (downwardAPI) return addDownward(files, downwardAPI.items, downwardAPI.defaultMode ?? DEFAULT_MODE, facts)
  if (projected) {
    const mode = projected.defaultMode ?? DEFAULT_MODE
    const problems = (projected.sources ?? []).map(source => addProjected(files, source, mode, facts))
    return problems.filter(problem => problem !== undefined).join('; ') || undefined
  }
  return NO_PAYLOAD
}

function addProjected(
  files: Map<string, VolumeFile>,
  source: ProjectedSource,
  mode: number,
  facts: PayloadFacts,
): Step {
  if (source.serviceAccountToken) {
    const { path } = source.serviceAccountToken
    const token = facts.tokens.get(path)
    if (token === undefined) return `no token for ${path}`
    files.set(path, { data: token, mode: tokenMode(facts.pod) })
    return undefined
  }
  if (source.configMap) return addConfigMap(files, source.configMap, mode, facts)
  if (source.secret) return addSecret(files, source.secret, mode, facts)
  if (source.downwardAPI) return addDownward(files, source.downwardAPI.items, mode, facts)
  return undefined
}

interface Wanted {
  readonly name: string
  readonly items?: readonly KeyToPath[]
  readonly optional?: boolean
}

function addConfigMap(
  files: Map<string, VolumeFile>,
  wanted: Wanted,
  mode: number,
  { lookup, pod }: PayloadFacts,
): Step {
  const map = lookup.configMap(wanted.name)
  if (!map) return wanted.optional ? undefined : `configmap "${wanted.name}" not found`
  return addKeys(files, contentOf(map), wanted, mode, `configmap ${pod.metadata.namespace}/${wanted.name}`)
}

function addSecret(files: Map<string, VolumeFile>, wanted: Wanted, mode: number, { lookup, pod }: PayloadFacts): Step {
  const secret = lookup.secret(wanted.name)
  if (!secret) return wanted.optional ? undefined : `secret "${wanted.name}" not found`
  return addKeys(files, bytesOf(secret.data), wanted, mode, `secret ${pod.metadata.namespace}/${wanted.name}`)
}

type Content = ReadonlyMap<string, Uint8Array | string>

const contentOf = (map: ConfigMap): Content =>
  new Map<string, Uint8Array | string>([...Object.entries(map.data ?? {}), ...bytesOf(map.binaryData)])

const bytesOf = (data: Secret['data'] = {}): ReadonlyMap<string, Uint8Array> =>
  new Map(Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64')]))

/** All keys under their own names, or the chosen ones under the chosen paths. */
function addKeys(
  files: Map<string, VolumeFile>,
  content: Content,
  { items, optional }: Wanted,
  mode: number,
  whose: string,
): Step {
  if (!items || items.length === 0) {
    for (const [key, data] of content) files.set(key, { data, mode })
    return undefined
  }
  for (const item of items) {
    const data = content.get(item.key)
    if (data !== undefined) files.set(item.path, { data, mode: item.mode ?? mode })
    else if (!optional) return `${whose} references non-existent key: ${item.key}`
  }
  return undefined
}

function addDownward(
  files: Map<string, VolumeFile>,
  items: readonly DownwardApiFile[] = [],
  mode: number,
  { pod, node }: PayloadFacts,
): Step {
  for (const item of items) {
    const value = item.fieldRef
      ? fieldValue(item.fieldRef.fieldPath, pod, node)
      : item.resourceFieldRef
        ? resourceValue(item.resourceFieldRef, pod, undefined, node)
        : undefined
    if (value?.found === false) return value.message
    files.set(item.path, { data: value?.value ?? '', mode: item.mode ?? mode })
  }
  return undefined
}
