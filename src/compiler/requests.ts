/** What a container asks for. Memory is a limit too, since what has no memory limit can take its neighbours' (compile-targets rule 4). */

import { invariant } from '../base/invariant.ts'
import type { ResourceRequirements } from '../kube/core.ts'
import { formatQuantity, parseQuantity } from '../kube/quantity.ts'
import type { Resources } from '../spec/kinds.ts'

/** `times`: how many ranks share the container. */
export function requestsOf(
  given: Resources | undefined,
  otherwise: Required<Resources>,
  times = 1,
): ResourceRequirements {
  const cpu = multiply(given?.cpu ?? otherwise.cpu, times)
  const memory = multiply(given?.memory ?? otherwise.memory, times)
  return { requests: { cpu, memory }, limits: { memory } }
}

function multiply(text: string, times: number): string {
  const quantity = parseQuantity(text)
  invariant(quantity, `the schema lets only quantities through, and "${text}" is one`)
  return formatQuantity({ ...quantity, nanos: quantity.nanos * BigInt(times) })
}
