/** Amounts of resources as numbers: millicores of cpu, whole units (bytes, devices, pods) of everything else. */
import type { Container, Pod, ResourceList } from '../kube/core.ts'
import { milliValue, wholeValue } from '../kube/quantity.ts'

export type Amounts = Readonly<Record<string, number>>

export const amountsOf = (list: ResourceList | undefined): Amounts =>
  Object.fromEntries(
    Object.entries(list ?? {}).map(([name, text]) => [name, name === 'cpu' ? milliValue(text) : wholeValue(text)]),
  )

export const plus = (a: Amounts, b: Amounts): Amounts => combined(a, b, (x, y) => x + y)
export const minus = (a: Amounts, b: Amounts): Amounts => combined(a, b, (x, y) => x - y)
const atLeast = (a: Amounts, b: Amounts): Amounts => combined(a, b, Math.max)

function combined(a: Amounts, b: Amounts, of: (x: number, y: number) => number): Amounts {
  const result: Record<string, number> = { ...a }
  for (const name in b) result[name] = of(result[name] ?? 0, b[name]!)
  return result
}

/**
 * What a pod takes on its node: the sum over its containers, or one init container where that asks for more, since those run alone
 * (k8s.io/component-helpers resource/helpers.go); and one place among the node's pods. Extended resources are given as limits.
 */
export function requestsOf({ spec }: Pod): Amounts {
  const together = spec.containers.map(containerRequests).reduce(plus, {})
  const alone = (spec.initContainers ?? []).map(containerRequests).reduce(atLeast, {})
  const overhead = amountsOf((spec as { readonly overhead?: ResourceList }).overhead)
  return { ...plus(atLeast(together, alone), overhead), pods: 1 }
}

const containerRequests = ({ resources }: Container): Amounts =>
  amountsOf({ ...resources?.limits, ...resources?.requests })

/** Names of what `free` has too little of, in order. */
export const shortages = (free: Amounts, requests: Amounts): readonly string[] =>
  Object.keys(requests)
    .filter(name => requests[name]! > 0 && (free[name] ?? 0) < requests[name]!)
    .sort()

/** How many equal requests fit at once. */
export const timesThatFit = (free: Amounts, requests: Amounts): number =>
  Math.min(
    ...Object.keys(requests)
      .filter(name => requests[name]! > 0)
      .map(name => Math.max(0, Math.floor((free[name] ?? 0) / requests[name]!))),
  )
