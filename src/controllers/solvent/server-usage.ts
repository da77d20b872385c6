/**
 * What a Server's copies use and answer, as `get` shows it: CPU and memory from metrics.k8s.io, requests from what its autoscaler saw. Pure.
 * A value changes on show only when it is clearly another, since every change is a write for all who watch.
 */
import type { HorizontalPodAutoscaler, PodMetrics } from '../../kube/autoscaling.ts'
import { milliValue, wholeValue } from '../../kube/quantity.ts'
import type { ServerStatus } from '../../spec/kinds.ts'
import type { ServerUsage } from './server-status.ts'

const MIB = 1024 ** 2
/** What is no news: a tenth, or these few. */
const SHARE = 0.1
const LEAST = { milliCpu: 5, mebibytes: 8, requests: 0.5 }

export function usageOf(
  metrics: readonly PodMetrics[],
  scaler: HorizontalPodAutoscaler | undefined,
  shown: ServerStatus = {},
): ServerUsage {
  const sum = (read: (usage: Readonly<Record<string, string>>) => number): number =>
    metrics.flatMap(({ containers }) => containers).reduce((total, { usage }) => total + read(usage), 0)
  const milliCpu = sum(({ cpu = '0' }) => milliValue(cpu))
  const mebibytes = sum(({ memory = '0' }) => wholeValue(memory)) / MIB
  const requests = requestsOf(scaler)
  const isMeasured = metrics.length > 0
  return {
    cpu: isMeasured ? steady(shown.cpu, `${twoDigits(milliCpu)}m`, milliValue, LEAST.milliCpu) : undefined,
    memory: isMeasured
      ? steady(shown.memory, `${twoDigits(mebibytes)}Mi`, text => wholeValue(text) / MIB, LEAST.mebibytes)
      : undefined,
    requestsPerSecond:
      requests === undefined
        ? undefined
        : steady(shown.requestsPerSecond, String(twoDigits(requests)), Number, LEAST.requests),
  }
}

/** An autoscaler's average of a copy, times the copies. */
function requestsOf({ status }: Partial<HorizontalPodAutoscaler> = {}): number | undefined {
  const ofPods = status?.currentMetrics?.find(({ type }) => type === 'Pods')?.pods?.current
  if (ofPods?.averageValue === undefined) return undefined
  return (milliValue(ofPods.averageValue) / 1000) * (status?.currentReplicas ?? 0)
}

function twoDigits(value: number): number {
  if (value < 10) return Math.round(value * 10) / 10 >= 1 ? Math.round(value) : Math.round(value * 10) / 10
  const unit = 10 ** (Math.floor(Math.log10(value)) - 1)
  return Math.round(value / unit) * unit
}

function steady(shown: string | undefined, now: string, read: (text: string) => number, least: number): string {
  if (shown === undefined) return now
  const before = read(shown)
  const change = Math.abs(read(now) - before)
  // To nothing, or from it, is always news.
  if ((read(now) === 0) !== (before === 0)) return now
  return change <= Math.max(least, before * SHARE) ? shown : now
}
