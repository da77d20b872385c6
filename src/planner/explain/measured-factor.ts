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

/** What one measured run leaves of the band's width (measured: a group held out, one row of it as anchor; `narrowed` in cost/band.ts). */
const LEFT_AFTER_ONE = 0.55

/** Share of the variance that is the single run's, so that one run leaves just that: 2x - x^2 = left^2. */
const RUN_SHARE = 1 - Math.sqrt(1 - LEFT_AFTER_ONE ** 2)

/** 80 % of a normal distribution lie within so many standard deviations. */
const WITHIN_80 = 1.2816

/** `band80`: of a prediction without any measurement; its width says how far a user's factor may be from 1. */
export function measuredFactor(
  steps: readonly MeasuredStep[],
  band80: readonly [low: number, high: number],
): MeasuredFactor | undefined {
  if (steps.length === 0) return undefined
  const total = (Math.log(band80[1] / band80[0]) / (2 * WITHIN_80)) ** 2
  const run = RUN_SHARE * total
  const shared = total - run
  const logs = steps.map(({ measuredSeconds, predictedSeconds }) => Math.log(measuredSeconds / predictedSeconds))
  const mean = logs.reduce((sum, log) => sum + log, 0) / steps.length
  const weight = shared / (shared + run / steps.length)
  return { factor: Math.exp(weight * mean), steps: steps.length, spread: Math.sqrt(shared * (1 - weight) + run) }
}

export const bandOf = (stepSeconds: number, { spread }: MeasuredFactor): readonly [low: number, high: number] => [
  stepSeconds * Math.exp(-WITHIN_80 * spread),
  stepSeconds * Math.exp(WITHIN_80 * spread),
]
