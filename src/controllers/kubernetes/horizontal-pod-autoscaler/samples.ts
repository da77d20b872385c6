/** One metric's values, pod by pod, as an autoscaler judges them. */
import type { Instant } from '../../../base/clock.ts'

export interface Sample {
  /** In thousandths. */
  readonly milli: number
  /** When the window ended that it is the average of. */
  readonly at: Instant
  readonly windowMs: number
}

export type Samples =
  | { readonly kind: 'values'; readonly values: ReadonlyMap<string, Sample> }
  /** In words for a user. */
  | { readonly kind: 'unavailable'; readonly message: string }

export const unavailable = (message: string): Samples => ({ kind: 'unavailable', message })
