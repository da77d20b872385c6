/**
 * The ConfigMaps and Secrets that a pod names, in variables and volumes, and how they are fetched before a pure function asks for
 * them. An absent one is no error here: whoever needs it says what is missing, in the kubelet's words.
 */
import type { KubeApi } from '../../client/kube-api.ts'
import type { ConfigMap, Container, Pod, Secret, Volume } from '../../kube/core.ts'
import { isApiError } from '../../kube/status.ts'

export interface References {
  readonly configMaps: readonly string[]
  readonly secrets: readonly string[]
}

/** Objects of the pod's namespace by name; `undefined` where there is none. */
export interface Lookup {
  configMap(name: string): ConfigMap | undefined
  secret(name: string): Secret | undefined
}

export function volumeReferences(volumes: readonly Volume[]): References {
  const sources = volumes.flatMap(({ configMap, secret, projected }) => [
    { configMap: configMap?.name, secret: secret?.secretName },
    ...(projected?.sources ?? []).map(source => ({ configMap: source.configMap?.name, secret: source.secret?.name })),
  ])
  return {
    configMaps: named(sources.map(source => source.configMap)),
    secrets: named(sources.map(source => source.secret)),
  }
}

export function envReferences(containers: readonly Container[]): References {
  const from = containers.flatMap(container => container.envFrom ?? [])
  const values = containers.flatMap(container => container.env ?? []).map(({ valueFrom }) => valueFrom)
  return {
    configMaps: named([...from.map(f => f.configMapRef?.name), ...values.map(v => v?.configMapKeyRef?.name)]),
    secrets: named([...from.map(f => f.secretRef?.name), ...values.map(v => v?.secretKeyRef?.name)]),
  }
}

const named = (names: readonly (string | undefined)[]): readonly string[] =>
  [...new Set(names.filter(name => name !== undefined && name !== ''))] as string[]

export function podReferences({ spec }: Pod): References {
  const volumes = volumeReferences(spec.volumes ?? [])
  const env = envReferences([...(spec.initContainers ?? []), ...spec.containers])
  return {
    configMaps: named([...volumes.configMaps, ...env.configMaps]),
    secrets: named([...volumes.secrets, ...env.secrets]),
  }
}

/** Reads them all at once. Anything but "not found" is thrown. */
export async function fetchReferences(api: KubeApi, namespace: string, references: References): Promise<Lookup> {
  const [configMaps, secrets] = await Promise.all([
    fetchAll<ConfigMap>(api, 'ConfigMap', namespace, references.configMaps),
    fetchAll<Secret>(api, 'Secret', namespace, references.secrets),
  ])
  return { configMap: name => configMaps.get(name), secret: name => secrets.get(name) }
}

async function fetchAll<T extends ConfigMap | Secret>(
  api: KubeApi,
  kind: string,
  namespace: string,
  names: readonly string[],
): Promise<ReadonlyMap<string, T>> {
  const objects = new Map<string, T>()
  await Promise.all(
    names.map(async name => {
      try {
        objects.set(name, await api.get<T>({ apiVersion: 'v1', kind, namespace, name }))
      } catch (error) {
        if (!isApiError(error, 'NotFound')) throw error
      }
    }),
  )
  return objects
}
