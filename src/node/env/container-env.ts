/**
 * The variables that a container starts with (the kubelet's makeEnvironmentVariables, pkg/kubelet/kubelet_pods.go), pure: objects that it
 * refers to are looked up in what was fetched before. A missing one is the text of a CreateContainerConfigError.
 */
import { fail, ok, type Problem, type Result } from '../../base/problem.ts'
import type { ConfigMap, Container, EnvFromSource, EnvVar, Pod, Secret, Service } from '../../kube/core.ts'
import { type Found, fieldValue, type NodeFacts, resourceValue } from './downward.ts'
import { expand } from './expand.ts'
import type { Lookup } from './references.ts'
import { serviceLinks } from './service-links.ts'

export interface EnvFacts {
  readonly node: NodeFacts
  readonly lookup: Lookup
  /** KUBERNETES_SERVICE_HOST and _PORT. */
  readonly apiHost: string
  readonly apiPort: number
  /** Of the pod's namespace, unless it wants no links to them. */
  readonly services?: readonly Service[]
  /** SOLVENT_ROOT. */
  readonly root: string
  readonly hostname: string
  /** PATH, HOME and what else every container has before anything that it declares. */
  readonly base: Readonly<Record<string, string>>
}

export function containerEnv(pod: Pod, container: Container, facts: EnvFacts): Result<Record<string, string>> {
  const { apiHost, apiPort, root, hostname } = facts
  const problems: Problem[] = []
  const report = (field: string, what: string): void => {
    problems.push({ field, what })
  }
  const given: Record<string, string> = {
    ...facts.base,
    ...serviceLinks(facts.services ?? []),
    KUBERNETES_SERVICE_HOST: apiHost,
    KUBERNETES_SERVICE_PORT: String(apiPort),
    KUBERNETES_SERVICE_PORT_HTTPS: String(apiPort),
    HOSTNAME: hostname,
    SOLVENT_ROOT: root,
  }
  const declared: Record<string, string> = {}
  container.envFrom?.forEach((source, i) => {
    const values = valuesOf(source, facts.lookup)
    if (typeof values === 'string') report(`envFrom[${i}]`, values)
    else for (const [key, value] of Object.entries(values)) declared[`${source.prefix ?? ''}${key}`] = value
  })
  // Only what is declared above and the cluster's own can be referred to; not the PATH and HOME of this machine.
  const known = (name: string): string | undefined =>
    own(declared, name) ?? (name in facts.base ? undefined : own(given, name))
  container.env?.forEach((variable, i) => {
    const value = envValue(variable, pod, container, facts, known)
    if (value === undefined) return
    if (value.found) declared[variable.name] = value.value
    else report(`env[${i}]`, value.message)
  })
  // What is declared wins, as upstream; but the volumes are where they are.
  return problems.length > 0 ? fail(...problems) : ok({ ...given, ...declared, SOLVENT_ROOT: root })
}

const own = (record: Record<string, string>, name: string): string | undefined =>
  Object.hasOwn(record, name) ? record[name] : undefined

/** Undefined: an optional reference to nothing, so no variable. */
function envValue(
  { value, valueFrom }: EnvVar,
  pod: Pod,
  container: Container,
  { node, lookup }: EnvFacts,
  known: (name: string) => string | undefined,
): Found | undefined {
  if (value !== undefined && value !== '') return { found: true, value: expand(value, known) }
  if (valueFrom?.fieldRef) return fieldValue(valueFrom.fieldRef.fieldPath, pod, node)
  if (valueFrom?.resourceFieldRef) return resourceValue(valueFrom.resourceFieldRef, pod, container, node)
  const { namespace = '' } = pod.metadata
  if (valueFrom?.configMapKeyRef) {
    const { name, key, optional } = valueFrom.configMapKeyRef
    const map = lookup.configMap(name)
    return keyOf(map?.data, key, optional, { kind: 'ConfigMap', exists: map !== undefined, namespace, name })
  }
  if (valueFrom?.secretKeyRef) {
    const { name, key, optional } = valueFrom.secretKeyRef
    const secret = lookup.secret(name)
    const whose = { kind: 'Secret', exists: secret !== undefined, namespace, name } as const
    return keyOf(secret && decoded(secret), key, optional, whose)
  }
  return { found: true, value: '' }
}

interface Whose {
  readonly kind: 'ConfigMap' | 'Secret'
  readonly exists: boolean
  readonly namespace: string
  readonly name: string
}

function keyOf(
  data: Readonly<Record<string, string>> | undefined,
  key: string,
  optional: boolean | undefined,
  { kind, exists, namespace, name }: Whose,
): Found | undefined {
  if (data && Object.hasOwn(data, key)) return { found: true, value: data[key] ?? '' }
  if (optional) return undefined
  const message = exists ? `couldn't find key ${key} in ${kind} ${namespace}/${name}` : notFound(kind, name)
  return { found: false, message }
}

const notFound = (kind: 'ConfigMap' | 'Secret', name: string): string => `${kind.toLowerCase()} "${name}" not found`

const decoded = ({ data = {} }: Secret): Record<string, string> =>
  Object.fromEntries(Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]))

/** All values of a source, or what is missing. */
function valuesOf(
  { configMapRef, secretRef }: EnvFromSource,
  lookup: Lookup,
): Readonly<Record<string, string>> | string {
  if (configMapRef) {
    const map: ConfigMap | undefined = lookup.configMap(configMapRef.name)
    return map?.data ?? (map || configMapRef.optional ? {} : notFound('ConfigMap', configMapRef.name))
  }
  if (secretRef) {
    const secret = lookup.secret(secretRef.name)
    return secret ? decoded(secret) : secretRef.optional ? {} : notFound('Secret', secretRef.name)
  }
  return {}
}
