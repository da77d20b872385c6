/**
 * From counters to rates: what was used since an earlier look, as metrics-server computes it. The looks of the last minute are kept, so that
 * whoever asks gets an average over about a quarter of a minute, and two who ask at different times do not disturb each other. Pure.
 */
import type { Instant } from '../../base/clock.ts'
import type { ContainerUsage, NodeUsage, PodUsage, ResourceUsage } from '../../client/node-api.ts'

export interface Rate {
  readonly cores: number
  readonly memoryBytes: number
}

export interface ContainerRate extends Rate {
  readonly name: string
}

export interface PodRate {
  readonly namespace: string
  readonly name: string
  readonly at: Instant
  readonly windowMs: number
  readonly containers: readonly ContainerRate[]
}

export interface NodeRate extends Rate {
  readonly at: Instant
  readonly windowMs: number
}

/** Of one node, oldest first. */
export type Looks = readonly NodeUsage[]

const KEPT_MS = 60_000
/** As long as metrics-server's resolution, which people know the delay of. */
const WINDOW_MS = 15_000
/** Processors are counted in hundredths of a second: over less than this a rate is mostly rounding. */
export const LEAST_WINDOW_MS = 400

export const withLook = (looks: Looks, look: NodeUsage): Looks => [
  ...looks.filter(({ at }) => at > look.at - KEPT_MS && at < look.at),
  look,
]

/** Of the looks that are old enough the one whose age is nearest to the window. */
function baseFor(looks: Looks): NodeUsage | undefined {
  const now = looks.at(-1)?.at ?? 0
  const age = ({ at }: NodeUsage): number => now - at
  const old = looks.filter(look => age(look) >= LEAST_WINDOW_MS)
  return old.reduce<NodeUsage | undefined>(
    (best, look) =>
      best === undefined || Math.abs(age(look) - WINDOW_MS) < Math.abs(age(best) - WINDOW_MS) ? look : best,
    undefined,
  )
}

export const hasRates = (looks: Looks): boolean => baseFor(looks) !== undefined

export function nodeRate(looks: Looks): NodeRate | undefined {
  const [base, last] = [baseFor(looks), looks.at(-1)]
  if (!base || !last) return undefined
  const windowMs = last.at - base.at
  const cores = Math.max(0, (last.node.cpuSeconds - base.node.cpuSeconds) / (windowMs / 1000))
  return { at: last.at, windowMs, cores, memoryBytes: last.node.memoryBytes }
}

/** A pod of which one container has no rate yet is left out, as upstream does: half of it would mislead. */
export function podRates(looks: Looks): readonly PodRate[] {
  const [base, last] = [baseFor(looks), looks.at(-1)]
  if (!base || !last) return []
  const before = new Map(base.pods.map(pod => [pod.uid, pod]))
  return last.pods.flatMap(pod => podRate(pod, last.at, before.get(pod.uid), base.at) ?? [])
}

function podRate(
  { namespace, name, containers }: PodUsage,
  at: Instant,
  before: PodUsage | undefined,
  beforeAt: Instant,
): PodRate | undefined {
  const spans = containers.map(each =>
    spanOf(
      each,
      at,
      before?.containers.find(old => old.name === each.name),
      beforeAt,
    ),
  )
  const windowMs = Math.min(...spans.map(span => span.windowMs))
  if (windowMs < LEAST_WINDOW_MS) return undefined
  const rates = containers.map((each, i) => ({
    name: each.name,
    cores: Math.max(0, (spans[i]?.cpuSeconds ?? 0) / ((spans[i]?.windowMs ?? 1) / 1000)),
    memoryBytes: each.memoryBytes,
  }))
  return { namespace, name, at, windowMs, containers: rates }
}

/** Since the earlier look; of a container that began after it since its beginning. */
function spanOf(now: ContainerUsage, at: Instant, before: ResourceUsage | undefined, beforeAt: Instant) {
  const isSame = before !== undefined && before.startedAt === now.startedAt
  return isSame
    ? { cpuSeconds: now.cpuSeconds - before.cpuSeconds, windowMs: at - beforeAt }
    : { cpuSeconds: now.cpuSeconds, windowMs: at - now.startedAt }
}
