/** The 80 % band of a prediction. Stand-in until the held-out residuals are in. */
import type { StepInput, StepPrediction } from './prediction.ts'

export interface Band {
  readonly low: number
  readonly high: number
}

export function bandOf(_input: StepInput, prediction: Pick<StepPrediction, 'seconds'>): Band {
  return { low: prediction.seconds * 0.9, high: prediction.seconds * 1.12 }
}

/** After one factor from the user's own run. */
export const narrowed = (band: Band, factor: number): Band => {
  const middle = Math.sqrt(band.low * band.high) * factor
  const half = Math.sqrt(Math.sqrt(band.high / band.low))
  return { low: middle / half, high: middle * half }
}
