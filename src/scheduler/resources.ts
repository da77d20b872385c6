/** Amounts of resources as numbers: millicores of cpu, whole units (bytes, devices, pods) of everything else. */
import type { Container, ContainerStatus, Pod, ResourceList } from '../kube/core.ts'
import { milliValue, wholeValue } from '../kube/quantity.ts'

export type Amounts = Readonly<Record<string, number>>

export const amountsOf = (list: ResourceList | undefined): Amounts => {
  const amounts: Record<string, number> = {}
  for (const name in list) amounts[name] = name === 'cpu' ? milliValue(list[name]!) : wholeValue(list[name]!)
  return amounts
}

export const plus = (a: Amounts, b: Amounts): Amounts => combined(a, b, (x, y) => x + y)
export const minus = (a: Amounts, b: Amounts): Amounts => combined(a, b, (x, y) => x - y)
const atLeast = (a: Amounts, b: Amounts): Amounts => combined(a, b, Math.max)

function combined(a: Amounts, b: Amounts, of: (x: number, y: number) => number): Amounts {
  const result: Record<string, number> = { ...a }
  for (const name in b) result[name] = of(result[name] ?? 0, b[name]!)
  return result
}

/**
 * What a pod takes on its node (k8s.io/component-helpers resource/helpers.go): the sum over its containers and sidecars, or what its start
 * needs where that is more; the pod's own request in place of that sum where it has one; and one place among the node's pods.
 */
export function requestsOf({ spec, status }: Pod): Amounts {
  return { ...amountsAsked(spec, container => takenBy(container, status?.containerStatuses)), pods: 1 }
}

/** What upstream scores with: a container that asks for nothing still takes something (DefaultMilliCPURequest, DefaultMemoryRequest). */
export interface ScoredRequests {
  readonly cpu: number
  readonly memory: number
}

const DEFAULT_CPU = 100
const DEFAULT_MEMORY = 200 * 1024 * 1024

export function scoredRequestsOf({ spec }: Pod): ScoredRequests {
  const asked = amountsAsked(spec, container => ({ cpu: DEFAULT_CPU, memory: DEFAULT_MEMORY, ...askedBy(container) }))
  return { cpu: asked.cpu ?? 0, memory: asked.memory ?? 0 }
}

function amountsAsked(spec: Pod['spec'], of: (container: Container) => Amounts): Amounts {
  let together = spec.containers.map(of).reduce(plus, {})
  let [sidecars, start]: [Amounts, Amounts] = [{}, {}]
  for (const container of spec.initContainers ?? []) {
    const own = of(container)
    const isSidecar = container.restartPolicy === 'Always'
    if (isSidecar) {
      together = plus(together, own)
      sidecars = plus(sidecars, own)
    }
    start = atLeast(start, isSidecar ? sidecars : plus(sidecars, own))
  }
  const whole = atLeast(together, start)
  const podLevel = askedBy({ name: '', resources: spec.resources })
  return plus({ ...whole, ...podLevel }, amountsOf(spec.overhead))
}

/** Extended resources are given as limits. */
const askedBy = ({ resources }: Container): Amounts => amountsOf({ ...resources?.limits, ...resources?.requests })

/** While a container is resized it takes the most of what it asks for, was allotted and runs with. */
function takenBy(container: Container, statuses: readonly ContainerStatus[] = []): Amounts {
  const asked = askedBy(container)
  const status = statuses.find(({ name }) => name === container.name)
  if (!status?.allocatedResources) return asked
  return atLeast(asked, atLeast(amountsOf(status.allocatedResources), amountsOf(status.resources?.requests)))
}

/** How many equal requests fit at once. */
export const timesThatFit = (free: Amounts, requests: Amounts): number =>
  Math.min(
    ...Object.keys(requests)
      .filter(name => requests[name]! > 0)
      .map(name => Math.max(0, Math.floor((free[name] ?? 0) / requests[name]!))),
  )
