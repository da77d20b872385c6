/**
 * From what a container used to what it should ask for, with the bounds within which it may stay as it is: VPA's estimators (target 90 %,
 * bounds 50 % and 95 % of samples, 15 % on top, bounds the wider the less is known).
 */
import type { ContainerHistory } from './container-history.ts'
import { cpuPercentile, memoryPercentile } from './container-history.ts'

export interface Amounts {
  readonly cpuCores: number
  readonly memoryBytes: number
}

export interface Recommendation {
  readonly target: Amounts
  readonly lower: Amounts
  readonly upper: Amounts
}

/** The least that a whole pod is given, shared by its containers. VPA's are 25m and 250 MiB; processes without an image need less. */
export interface RightSizingTimes {
  readonly least: Amounts
  readonly sampleMs: number
  /** Nothing is changed before so much is known. */
  readonly settleMs: number
}
export const RIGHT_SIZING_TIMES: RightSizingTimes = {
  least: { cpuCores: 0.01, memoryBytes: 32 * 1024 * 1024 },
  ...{ sampleMs: 15_000, settleMs: 60_000 },
}

const MARGIN = 1.15
const DAY_MS = 86_400_000
/** A sample a minute for a day is full confidence. */
const SAMPLES_A_DAY = 1440
const [LOW, TARGET, HIGH] = [0.5, 0.9, 0.95]

export function recommend(history: ContainerHistory, numContainers: number, times: RightSizingTimes): Recommendation {
  const { cpuCores, memoryBytes } = times.least
  const least = { cpuCores: cpuCores / numContainers, memoryBytes: memoryBytes / numContainers }
  const confidence = confidenceOf(history, times.sampleMs)
  const at = (part: number, factor: number): Amounts => ({
    cpuCores: Math.max(least.cpuCores, cpuPercentile(history, part) * MARGIN * factor),
    memoryBytes: Math.max(least.memoryBytes, memoryPercentile(history, part) * MARGIN * factor),
  })
  return {
    target: at(TARGET, 1),
    lower: at(LOW, (1 + 0.001 / confidence) ** -2),
    upper: at(HIGH, 1 + 1 / confidence),
  }
}

/** In days: by time and by samples, whichever is less. */
function confidenceOf({ first, last, numSamples }: ContainerHistory, sampleMs: number): number {
  const bySamples = numSamples / ((SAMPLES_A_DAY * 60_000) / sampleMs)
  return Math.max(1e-6, Math.min((last - first) / DAY_MS, bySamples))
}
