/**
 * What a container of a workload used, in all its pods: CPU as it was, memory as the peaks of a day, since a program needs its highest
 * once (VPA's aggregate container state). Pure; each sample makes the next history.
 */
import type { Instant } from '../../../base/clock.ts'
import { CPU_CORES, EMPTY, type Histogram, MEMORY_BYTES, percentile, withSample } from './histogram.ts'

export interface ContainerHistory {
  readonly cpu: Histogram
  readonly memory: Histogram
  /** The highest of each pod's present day, not in the histogram yet. */
  readonly peaks: ReadonlyMap<string, Peak>
  readonly first: Instant
  readonly last: Instant
  readonly numSamples: number
}

interface Peak {
  readonly bytes: number
  readonly until: Instant
}

export interface UsageSample {
  /** The pod's uid. */
  readonly pod: string
  readonly at: Instant
  readonly cpuCores: number
  readonly memoryBytes: number
  /** A sample of a pod that asks for more counts for more. */
  readonly requestedCores: number
}

export const NO_USAGE: ContainerHistory = {
  ...{ cpu: EMPTY, memory: EMPTY, peaks: new Map(), first: 0, last: 0, numSamples: 0 },
}

const DAY_MS = 86_400_000
const LEAST_WEIGHT = 0.1

export function withUsage(history: ContainerHistory, sample: UsageSample): ContainerHistory {
  const { pod, at, cpuCores, memoryBytes, requestedCores } = sample
  const cpu = withSample(history.cpu, CPU_CORES, cpuCores, Math.max(LEAST_WEIGHT, requestedCores), at)
  const next = { ...history, cpu, first: history.first || at, last: at, numSamples: history.numSamples + 1 }
  return withPeak(next, pod, memoryBytes, at)
}

/** Killed for want of memory: it needed more than it had, by a fifth or 100 MiB. */
export function withOutOfMemory(history: ContainerHistory, pod: string, bytes: number, at: Instant): ContainerHistory {
  const needed = Math.max(bytes + 100 * 1024 * 1024, bytes * 1.2)
  return withPeak({ ...history, first: history.first || at, last: at }, pod, needed, at)
}

function withPeak(history: ContainerHistory, pod: string, bytes: number, at: Instant): ContainerHistory {
  let { memory } = history
  const peaks = new Map(history.peaks)
  for (const [uid, peak] of peaks) {
    if (peak.until > at) continue
    memory = withSample(memory, MEMORY_BYTES, peak.bytes, 1, peak.until)
    peaks.delete(uid)
  }
  const known = peaks.get(pod)
  peaks.set(pod, { bytes: Math.max(bytes, known?.bytes ?? 0), until: known?.until ?? at + DAY_MS })
  return { ...history, memory, peaks }
}

export const cpuPercentile = ({ cpu }: ContainerHistory, part: number): number => percentile(cpu, CPU_CORES, part)

export function memoryPercentile({ memory, peaks }: ContainerHistory, part: number): number {
  const open = [...peaks.values()].reduce(
    (all, peak) => withSample(all, MEMORY_BYTES, peak.bytes, 1, peak.until),
    memory,
  )
  return percentile(open, MEMORY_BYTES, part)
}
