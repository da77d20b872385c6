/**
 * What a user's own measured steps say of the next one. Predictions of runs like ours miss by a factor that has two parts: one that all runs
 * of a user share (its software, its cluster), and one of the single run. One factor is fitted to the first; the band that is left is that of
 * the second and of what few measurements leave open of the first (normal on the logarithm; the textbook posterior of a mean).
 */

/** A step that was measured, and what was predicted for its layout. */
export interface MeasuredStep {
  readonly measuredSeconds: number
  readonly predictedSeconds: number
}

export interface MeasuredFactor {
  /** Multiplies predicted times. */
  readonly factor: number
  readonly steps: number
  /** Standard deviation of the logarithm of the next measured step over its corrected prediction. */
  readonly spread: number
}

/** Runs of one configuration differ by 1.7 % in the median, 10 % in one of ten (the published rows that repeat one). */
const RUN_SPREAD = 0.04

/** 80 % of a normal distribution lie within so many standard deviations. */
const WITHIN_80 = 1.2816

/** `band80`: of a prediction without any measurement; its width says how far a user's factor may be from 1. */
export function measuredFactor(
  steps: readonly MeasuredStep[],
  band80: readonly [low: number, high: number],
): MeasuredFactor | undefined {
  if (steps.length === 0) return undefined
  const total = Math.log(band80[1] / band80[0]) / (2 * WITHIN_80)
  const shared = Math.max(total ** 2 - RUN_SPREAD ** 2, RUN_SPREAD ** 2)
  const logs = steps.map(({ measuredSeconds, predictedSeconds }) => Math.log(measuredSeconds / predictedSeconds))
  const mean = logs.reduce((sum, log) => sum + log, 0) / steps.length
  const weight = shared / (shared + RUN_SPREAD ** 2 / steps.length)
  const left = shared * (1 - weight)
  return { factor: Math.exp(weight * mean), steps: steps.length, spread: Math.sqrt(left + RUN_SPREAD ** 2) }
}

export const bandOf = (stepSeconds: number, { spread }: MeasuredFactor): readonly [low: number, high: number] => [
  stepSeconds * Math.exp(-WITHIN_80 * spread),
  stepSeconds * Math.exp(WITHIN_80 * spread),
]
