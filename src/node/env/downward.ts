/**
 * The downward API: what a pod may know of itself, for variables and for files (k8s.io/kubernetes pkg/fieldpath and
 * pkg/api/v1/resource). Pure.
 */
import type { Container, Pod, ResourceFieldSelector, ResourceList } from '../../kube/core.ts'
import { milliValue, parseQuantity } from '../../kube/quantity.ts'

/** What the API object does not say yet when a container starts. */
export interface NodeFacts {
  readonly nodeName: string
  readonly hostIP: string
  readonly podIP: string
  /** Stands in where a container has no limit. */
  readonly allocatable: ResourceList
}

export type Found =
  | { readonly found: true; readonly value: string }
  | { readonly found: false; readonly message: string }

const found = (value: string): Found => ({ found: true, value })

const FIELDS: Readonly<Record<string, (pod: Pod, node: NodeFacts) => string>> = {
  'metadata.name': pod => pod.metadata.name ?? '',
  'metadata.namespace': pod => pod.metadata.namespace ?? '',
  'metadata.uid': pod => pod.metadata.uid ?? '',
  'metadata.labels': pod => formatMap(pod.metadata.labels),
  'metadata.annotations': pod => formatMap(pod.metadata.annotations),
  'spec.nodeName': (_, node) => node.nodeName,
  'spec.serviceAccountName': pod => pod.spec.serviceAccountName ?? '',
  'status.hostIP': (_, node) => node.hostIP,
  'status.hostIPs': (_, node) => node.hostIP,
  'status.podIP': (_, node) => node.podIP,
  'status.podIPs': (_, node) => node.podIP,
}

/** One label or annotation; a missing one is empty, as upstream has it. */
const SUBSCRIPT = /^metadata\.(labels|annotations)\['([^']*)'\]$/

export function fieldValue(fieldPath: string, pod: Pod, node: NodeFacts): Found {
  const [, map, key] = SUBSCRIPT.exec(fieldPath) ?? []
  if (map !== undefined && key !== undefined) {
    return found((map === 'labels' ? pod.metadata.labels : pod.metadata.annotations)?.[key] ?? '')
  }
  const field = Object.hasOwn(FIELDS, fieldPath) ? FIELDS[fieldPath] : undefined
  return field ? found(field(pod, node)) : { found: false, message: `unsupported fieldPath: ${fieldPath}` }
}

/** `key="value"` line by line, in order of the keys (fieldpath.FormatMap). */
const formatMap = (map: Readonly<Record<string, string>> = {}): string =>
  Object.keys(map)
    .sort()
    .map(key => `${key}=${JSON.stringify(map[key])}`)
    .join('\n')

/** A request or limit in units of the divisor, rounded up; without a limit, what the node has. `own` is the container that asks. */
export function resourceValue(
  { containerName, resource, divisor }: ResourceFieldSelector,
  pod: Pod,
  own: Container | undefined,
  node: NodeFacts,
): Found {
  const name = containerName || own?.name
  const container = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])].find(each => each.name === name)
  if (!container) return { found: false, message: `container ${name} not found` }
  const [, list, what] = /^(limits|requests)\.(.+)$/.exec(resource) ?? []
  if (list === undefined || what === undefined) {
    return { found: false, message: `unsupported container resource : ${resource}` }
  }
  const { limits, requests } = container.resources ?? {}
  const amount = list === 'limits' ? (limits?.[what] ?? node.allocatable[what]) : requests?.[what]
  return found(inUnitsOf(divisor, amount ?? '0'))
}

function inUnitsOf(divisor: string | undefined, amount: string): string {
  const unit = parseQuantity(divisor && divisor !== '0' ? divisor : '1')
  const total = parseQuantity(amount)
  if (!unit || !total || unit.nanos <= 0n) return String(milliValue('0'))
  return String((total.nanos + unit.nanos - 1n) / unit.nanos)
}
