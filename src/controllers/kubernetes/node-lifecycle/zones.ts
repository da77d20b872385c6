/** How the nodes of a zone are as a whole, and how fast they may be tainted then (ComputeZoneState, handleDisruption). */
import type { Node } from '../../../kube/core.ts'
import { readyOf } from './node-health.ts'
import type { NodeTimes } from './node-times.ts'

export type ZoneState = 'Normal' | 'PartialDisruption' | 'FullDisruption'

/** One word for region and zone (component-helpers/node/topology). */
export function zoneOf({ metadata: { labels } }: Node): string {
  const region = labels?.['topology.kubernetes.io/region'] ?? labels?.['failure-domain.beta.kubernetes.io/region'] ?? ''
  const zone = labels?.['topology.kubernetes.io/zone'] ?? labels?.['failure-domain.beta.kubernetes.io/zone'] ?? ''
  return region === '' && zone === '' ? '' : `${region}:\0:${zone}`
}

/** Nodes with this label say nothing about their zone. */
const EXCLUDED = 'node.kubernetes.io/exclude-disruption'
export const isCounted = ({ metadata }: Node): boolean => !(EXCLUDED in (metadata.labels ?? {}))

export function zoneState(nodes: readonly Node[], { unhealthyShare }: NodeTimes): ZoneState {
  const unhealthy = nodes.filter(node => readyOf(node)?.status !== 'True').length
  if (unhealthy > 0 && unhealthy === nodes.length) return 'FullDisruption'
  return unhealthy > 2 && unhealthy / nodes.length >= unhealthyShare ? 'PartialDisruption' : 'Normal'
}

/** Nodes that may be tainted in a second: many at once are more likely a broken network than broken nodes. */
export function taintsPerSecond(state: ZoneState, numNodes: number, times: NodeTimes): number {
  if (state !== 'PartialDisruption') return times.evictionsPerSecond
  return numNodes > times.largeZone ? times.secondaryEvictionsPerSecond : 0
}

/** A token bucket that holds one token; a changed rate starts with what was left. */
export interface Limiter {
  setRate(perSecond: number, nowMs: number): void
  tryTake(nowMs: number): boolean
}

export function createLimiter(perSecond: number, nowMs: number): Limiter {
  let rate = perSecond
  let tokens = 1
  let at = nowMs
  const refill = (now: number): void => {
    tokens = Math.min(1, tokens + ((now - at) / 1000) * rate)
    at = now
  }
  return {
    setRate(next, now) {
      refill(now)
      rate = next
    },
    tryTake(now) {
      refill(now)
      // A hair less than one counts: a sum of fractions is not exact.
      if (rate === 0 || tokens < 1 - 1e-9) return false
      tokens -= 1
      return true
    },
  }
}
