/**
 * A histogram whose samples count half as much after each half-life, as the Vertical Pod Autoscaler's recommender keeps them
 * (autoscaler/vertical-pod-autoscaler, pkg/recommender/util): buckets that grow by 5 %, so that a percentile is right to one bucket.
 */
import type { Instant } from '../../../base/clock.ts'

export interface Buckets {
  /** Width of the first bucket; each further one is 5 % wider than the one before. */
  readonly first: number
  /** Values beyond it lie in the last bucket. */
  readonly max: number
  readonly halfLifeMs: number
}

export const CPU_CORES: Buckets = { first: 0.01, max: 1000, halfLifeMs: 86_400_000 }
export const MEMORY_BYTES: Buckets = { first: 1e7, max: 1e12, halfLifeMs: 86_400_000 }

export interface Histogram {
  /** Weights by bucket, as they are at `reference`. */
  readonly weights: ReadonlyMap<number, number>
  /** A sample at that time weighs its own weight; a later one more. Moved before numbers grow out of hand. */
  readonly reference: Instant
}

export const EMPTY: Histogram = { weights: new Map(), reference: 0 }

const GROWTH = 1.05
/** Doublings after which the reference moves. */
const MAX_DOUBLINGS = 100

export function withSample(
  histogram: Histogram,
  buckets: Buckets,
  value: number,
  weight: number,
  at: Instant,
): Histogram {
  const { weights, reference } = moved(histogram, buckets, at)
  const bucket = bucketOf(buckets, value)
  const more = weight * 2 ** ((at - reference) / buckets.halfLifeMs)
  return { reference, weights: new Map(weights).set(bucket, (weights.get(bucket) ?? 0) + more) }
}

function moved(histogram: Histogram, { halfLifeMs }: Buckets, at: Instant): Histogram {
  if (histogram.weights.size === 0) return { weights: histogram.weights, reference: at }
  const doublings = Math.round((at - histogram.reference) / halfLifeMs)
  if (doublings < MAX_DOUBLINGS) return histogram
  const factor = 2 ** -doublings
  const weights = new Map([...histogram.weights].map(([bucket, weight]) => [bucket, weight * factor]))
  return { weights, reference: histogram.reference + doublings * halfLifeMs }
}

/** The upper end of the bucket in which that part (0 to 1) of all weight is reached; 0 of an empty one. */
export function percentile({ weights }: Histogram, buckets: Buckets, part: number): number {
  const ascending = [...weights].sort(([a], [b]) => a - b)
  const total = ascending.reduce((sum, [, weight]) => sum + weight, 0)
  let reached = 0
  for (const [bucket, weight] of ascending) {
    reached += weight
    if (reached >= part * total) return endOf(buckets, bucket)
  }
  return 0
}

function bucketOf({ first, max }: Buckets, value: number): number {
  const capped = Math.min(max, Math.max(0, value))
  return Math.floor(Math.log((capped * (GROWTH - 1)) / first + 1) / Math.log(GROWTH))
}

const endOf = ({ first }: Buckets, bucket: number): number => (first * (GROWTH ** (bucket + 1) - 1)) / (GROWTH - 1)
