/**
 * What a pod asks for in all (k8s.io/component-helpers/resource): its containers together, or what its start needs where that is more. Init
 * containers run one after another; those that restart (sidecars) stay beside everything after them.
 */
import type { Container, PodSpec } from '../core.ts'
import { type Amounts, amountsOf, larger, NOTHING, plus } from './amounts.ts'

type Side = 'requests' | 'limits'

const ofContainer = ({ resources }: Container, side: Side): Amounts => amountsOf(resources?.[side])

export function podAmounts(spec: PodSpec, side: Side, options: { readonly overhead: boolean }): Amounts {
  const { containers = [], initContainers = [], resources, overhead } = spec
  let running = containers.reduce((sum, container) => plus(sum, ofContainer(container, side)), NOTHING)
  let [sidecars, start] = [NOTHING, NOTHING]
  for (const container of initContainers) {
    const own = ofContainer(container, side)
    const isSidecar = container.restartPolicy === 'Always'
    if (isSidecar) {
      running = plus(running, own)
      sidecars = plus(sidecars, own)
    }
    start = larger(start, isSidecar ? sidecars : plus(own, sidecars))
  }
  const whole = new Map([...larger(running, start), ...amountsOf(resources?.[side])])
  return options.overhead ? withOverhead(whole, amountsOf(overhead), side) : whole
}

/** A limit that nobody set stays unset. */
function withOverhead(whole: Amounts, overhead: Amounts, side: Side): Amounts {
  if (side === 'requests') return plus(whole, overhead)
  return plus(whole, new Map([...overhead].filter(([name]) => whole.has(name))))
}
