/** Other amounts for a pod that runs (in-place resize, KEP-1287; the kubelet's allocation manager). Pure. */
import type { Container, ContainerStatus, Pod, ResourceRequirements } from '../../kube/core.ts'
import { isSame } from '../../kube/equal.ts'
import { formatQuantity, milliValue, wholeValue } from '../../kube/quantity.ts'
import type { Amounts } from '../../kube/quota/amounts.ts'
import { podAmounts } from '../../kube/quota/pod-amounts.ts'

export interface Room {
  readonly allocatable: Amounts
  /** What all other pods of the node ask for. */
  readonly others: Amounts
}

const NONE: ResourceRequirements = {}

/** The pod with the amounts of another version of it. */
export function withResourcesOf(pod: Pod, source: Pod): Pod {
  const known = new Map(allOf(source).map(({ name, resources }) => [name, resources]))
  const adapted = (containers: readonly Container[]): readonly Container[] =>
    containers.map(each => (known.has(each.name) ? { ...each, resources: known.get(each.name) ?? NONE } : each))
  const { initContainers, containers } = pod.spec
  return {
    ...pod,
    spec: {
      ...pod.spec,
      ...(source.spec.resources && { resources: source.spec.resources }),
      ...(initContainers && { initContainers: adapted(initContainers) }),
      containers: adapted(containers),
    },
  }
}

/** As an earlier agent told it in the status; what was not told is as declared. */
export function allocatedBefore(pod: Pod): Pod {
  const { initContainerStatuses = [], containerStatuses = [] } = pod.status ?? {}
  const known = new Map(
    [...initContainerStatuses, ...containerStatuses].map((each: ContainerStatus) => [each.name, each.resources]),
  )
  const told = (containers: readonly Container[]): readonly Container[] =>
    containers.map(each => ({ ...each, resources: known.get(each.name) ?? each.resources }))
  return { ...pod, spec: { ...pod.spec, containers: told(pod.spec.containers) } }
}

const allOf = ({ spec }: Pod): readonly Container[] => [...(spec.initContainers ?? []), ...spec.containers]

export const hasSameResources = (a: Pod, b: Pod): boolean =>
  isSame(resourcesOf(a), resourcesOf(b)) && isSame(a.spec.resources ?? NONE, b.spec.resources ?? NONE)

const resourcesOf = (pod: Pod) => allOf(pod).map(({ resources = NONE }) => resources)

/** Undefined: it fits. Else the kubelet's sentence. */
export function whyNotNow(wanted: Pod, { allocatable, others }: Room): string | undefined {
  const requested = podAmounts(wanted.spec, 'requests', { overhead: true })
  for (const name of ['cpu', 'memory']) {
    const read = (amounts: Amounts): number => {
      const quantity = amounts.get(name)
      if (!quantity) return 0
      return name === 'cpu' ? milliValue(formatQuantity(quantity)) : wholeValue(formatQuantity(quantity))
    }
    const [request, used, capacity] = [requested, others, allocatable].map(read) as [number, number, number]
    if (request > 0 && request > capacity - used) {
      return `Node didn't have enough resource: ${name}, requested: ${request}, used: ${used}, capacity: ${capacity}`
    }
  }
  return undefined
}

/** Whether what has changed asks for a new life of the container. */
export function needsRestart(
  { resizePolicy = [], resources = NONE }: Container,
  applied: ResourceRequirements,
): boolean {
  return resizePolicy.some(({ resourceName: name, restartPolicy }) => {
    const of = ({ requests, limits }: ResourceRequirements) => [requests?.[name], limits?.[name]]
    return restartPolicy === 'RestartContainer' && !isSame(of(resources), of(applied))
  })
}

/** The text of upstream's Events: what is asked for now. */
export function resizeMessage(prefix: string, pod: Pod, error?: string): string {
  const rows = (containers: readonly Container[]) =>
    containers.map(({ name, resources = NONE }) => ({ name, resources }))
  const { initContainers = [], containers } = pod.spec
  const summary = {
    ...(initContainers.length > 0 && { initContainers: rows(initContainers) }),
    containers: rows(containers),
    generation: pod.metadata.generation ?? 0,
    ...(error && { error }),
  }
  return `${prefix}: ${JSON.stringify(summary)}`
}
