/**
 * From what pods use and should use to how many there should be (pkg/controller/podautoscaler/replica_calculator.go). Pods without a value
 * are counted so that they never make the change larger: on the way down as if they were just right, on the way up as if they did nothing.
 */
import type { Instant } from '../../../base/clock.ts'
import type { Pod } from '../../../kube/core.ts'
import type { Sample, Samples } from './samples.ts'

export interface Tolerances {
  readonly up: number
  readonly down: number
}

export interface ReplicaTimes {
  /** So long after its start a pod's CPU is that of starting, unless it is ready and its window began after that. */
  readonly cpuInitializationMs: number
  /** A pod that turned unready within this time has never been ready. */
  readonly initialReadinessMs: number
}

export interface CountInput {
  readonly current: number
  readonly pods: readonly Pod[]
  readonly samples: Samples
  /** `cpu`, `memory`, or empty for a metric of another kind. */
  readonly resource: string
  readonly tolerances: Tolerances
  readonly times: ReplicaTimes
  readonly now: Instant
}

export type ReplicaCount =
  | {
      readonly kind: 'count'
      readonly replicas: number
      /** The average of a pod, in thousandths; with a target of utilization also in percent of what is requested. */
      readonly averageMilli: number
      readonly utilization?: number
    }
  | { readonly kind: 'failed'; readonly message: string }

type Values = Map<string, number>
/** The ratio of use to target, and what a status shows. */
interface Judged {
  readonly ratio: number
  readonly averageMilli: number
  readonly utilization?: number
}
type Judge = (values: Values) => Judged | undefined

const failed = (message: string): ReplicaCount => ({ kind: 'failed', message })

/** `targetMilli`: what one pod should use. */
export function countForUsage(input: CountInput, targetMilli: number): ReplicaCount {
  const judge: Judge = values => {
    const total = sum(values.values())
    const averageMilli = Math.trunc(total / values.size)
    return { ratio: averageMilli / targetMilli, averageMilli }
  }
  return count(input, judge, () => targetMilli)
}

/** `requests`: in thousandths, by pod; a text says what is missing. */
export function countForUtilization(
  input: CountInput,
  targetPercent: number,
  requests: ReadonlyMap<string, number> | string,
): ReplicaCount {
  const known = typeof requests === 'string' ? new Map<string, number>() : requests
  const judge: Judge = values => {
    const matched = [...values].filter(([name]) => known.has(name))
    const requested = sum(matched.map(([name]) => known.get(name) ?? 0))
    if (requested === 0) return undefined
    const used = sum(matched.map(([, milli]) => milli))
    const utilization = Math.trunc((used * 100) / requested)
    return { ratio: utilization / targetPercent, utilization, averageMilli: Math.trunc(used / matched.length) }
  }
  const fallback = (name: string): number => Math.trunc(((known.get(name) ?? 0) * Math.max(100, targetPercent)) / 100)
  return count(input, judge, fallback, typeof requests === 'string' ? requests : undefined)
}

function count(input: CountInput, judge: Judge, justRight: (name: string) => number, missing?: string): ReplicaCount {
  const { current, pods, samples, tolerances } = input
  if (samples.kind === 'unavailable') return failed(samples.message)
  if (pods.length === 0) return failed('no pods returned by selector while calculating replica count')
  const groups = groupPods(input, samples.values)
  const out = new Set([...groups.ignored, ...groups.unready])
  const values: Values = new Map([...samples.values].filter(([name]) => !out.has(name)).map(([n, s]) => [n, s.milli]))
  if (values.size === 0) return failed('did not receive metrics for targeted pods (pods might be unready)')
  if (missing !== undefined) return failed(missing)
  const judged = judge(values)
  if (!judged) return failed('no metrics returned matched known pods')
  const { ratio, ...shown } = judged
  const answer = (replicas: number): ReplicaCount => ({ kind: 'count', replicas, ...shown })
  const growsWithUnready = groups.unready.length > 0 && ratio > 1
  if (!growsWithUnready && groups.missing.length === 0) {
    return answer(isWithin(tolerances, ratio) ? current : Math.ceil(ratio * groups.numReady))
  }
  if (ratio !== 1) for (const name of groups.missing) values.set(name, ratio < 1 ? justRight(name) : 0)
  if (growsWithUnready) for (const name of groups.unready) values.set(name, 0)
  const next = judge(values)?.ratio ?? ratio
  const replicas = Math.ceil(next * values.size)
  const turnsBack = (ratio < 1 && next > 1) || (ratio > 1 && next < 1)
  const contradicts = (next < 1 && replicas > current) || (next > 1 && replicas < current)
  return answer(isWithin(tolerances, next) || turnsBack || contradicts ? current : replicas)
}

export const isWithin = ({ up, down }: Tolerances, ratio: number): boolean => 1 - down <= ratio && ratio <= 1 + up

const sum = (numbers: Iterable<number>): number => {
  let total = 0
  for (const number of numbers) total += number
  return total
}

export interface PodGroups {
  readonly numReady: number
  readonly unready: readonly string[]
  readonly missing: readonly string[]
  readonly ignored: readonly string[]
}

export function groupPods(
  { pods, resource, times, now }: Pick<CountInput, 'pods' | 'resource' | 'times' | 'now'>,
  values: ReadonlyMap<string, Sample>,
): PodGroups {
  const groups = { ready: [] as string[], unready: [] as string[], missing: [] as string[], ignored: [] as string[] }
  for (const pod of pods) {
    const name = pod.metadata.name ?? ''
    const sample = values.get(name)
    const isGone = pod.metadata.deletionTimestamp !== undefined || pod.status?.phase === 'Failed'
    if (isGone) groups.ignored.push(name)
    else if (pod.status?.phase === 'Pending') groups.unready.push(name)
    else if (!sample) groups.missing.push(name)
    else if (resource === 'cpu' && isStarting(pod, sample, times, now)) groups.unready.push(name)
    else groups.ready.push(name)
  }
  const { ready, ...rest } = groups
  return { numReady: ready.length, ...rest }
}

/** Its CPU says how it starts, not how it serves. */
function isStarting({ status }: Pod, sample: Sample, times: ReplicaTimes, now: Instant): boolean {
  const ready = status?.conditions?.find(({ type }) => type === 'Ready')
  if (!ready || !status?.startTime) return true
  const started = Date.parse(status.startTime)
  const changed = Date.parse(ready.lastTransitionTime ?? '') || 0
  const isUnready = ready.status === 'False'
  if (started + times.cpuInitializationMs > now) return isUnready || sample.at < changed + sample.windowMs
  return isUnready && started + times.initialReadinessMs > changed
}
