/** Which amounts a running pod should be given instead of those it has; nothing where those will do. */
import type { Container, Pod, ResourceList, ResourceRequirements } from '../../../kube/core.ts'
import { formatQuantity, milliValue, wholeValue } from '../../../kube/quantity.ts'
import type { Amounts, Recommendation } from './recommend.ts'

/** Less is not worth a change. */
const WORTH = 0.1

export interface ContainerResize {
  readonly name: string
  readonly resources: ResourceRequirements
}

export function resizesFor(pod: Pod, recommended: ReadonlyMap<string, Recommendation>): readonly ContainerResize[] {
  return pod.spec.containers.flatMap(container => {
    const recommendation = recommended.get(container.name)
    const resources = recommendation && resized(container, recommendation)
    return resources ? [{ name: container.name, resources }] : []
  })
}

/** Only what it asks for already is changed, and its limits in proportion: a pod's class of service may not change. */
function resized({ resources = {} }: Container, { target }: Recommendation): ResourceRequirements | undefined {
  const { requests = {}, limits } = resources
  const next = quantitiesOf(target)
  const changed = (['cpu', 'memory'] as const).filter(
    name => requests[name] !== undefined && differs(requests[name], next[name]),
  )
  if (changed.length === 0) return undefined
  const wanted: Record<string, string> = {}
  const limited: Record<string, string> = {}
  for (const name of changed) {
    wanted[name] = next[name]
    const limit = limits?.[name]
    if (limit !== undefined) limited[name] = inProportion(name, limit, requests[name] ?? limit, next[name])
  }
  return {
    requests: { ...requests, ...wanted },
    ...(limits && { limits: { ...limits, ...limited } }),
  }
}

export function differs(now: string, next: string): boolean {
  const [a, b] = [milliValue(now), milliValue(next)]
  return Math.abs(b - a) > WORTH * a
}

function inProportion(name: 'cpu' | 'memory', limit: string, request: string, next: string): string {
  const factor = milliValue(next) / Math.max(1, milliValue(request))
  return factor === 0 ? limit : quantity(name, (name === 'cpu' ? milliValue(limit) : wholeValue(limit)) * factor)
}

/** CPU in thousandths, memory in whole mebibytes: what people read. */
export const quantitiesOf = ({
  cpuCores,
  memoryBytes,
}: Amounts): { readonly cpu: string; readonly memory: string } => ({
  cpu: quantity('cpu', cpuCores * 1000),
  memory: quantity('memory', memoryBytes),
})

const MEBI = 1024 * 1024

function quantity(name: 'cpu' | 'memory', amount: number): string {
  if (name === 'cpu') return formatQuantity({ nanos: BigInt(Math.ceil(amount)) * 1_000_000n, format: 'DecimalSI' })
  const bytes = BigInt(Math.ceil(amount / MEBI) * MEBI)
  return formatQuantity({ nanos: bytes * 1_000_000_000n, format: 'BinarySI' })
}

/** Whose pods can be resized at all: one that asks for nothing would change its class. */
export const asksForAnything = (pod: Pod): boolean =>
  pod.spec.containers.some(({ resources }) => Object.keys((resources?.requests ?? {}) as ResourceList).length > 0)
