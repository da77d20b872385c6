/** One of several orders that a schedule may have; which of them is quickest depends on the times. */
import type { Lane } from '../lane.ts'

export interface Score {
  readonly makespan: number
  /** Of the busiest rank from its first start to its last end: steps that follow one another without a barrier. */
  readonly pace: number
}

export interface Candidate {
  readonly lanes: () => readonly Lane[]
  /** A pattern that depends on the shape alone is called by a name, so that its table is made once. */
  readonly pattern?: string
  /** Where the way to the order told it already: messages must not hold their sender. */
  readonly score?: Score
}

/** Ranks' first starts and last ends, as a walk finds them. */
export function scoreOf(first: Float64Array, last: Float64Array): Score {
  let begin = Number.POSITIVE_INFINITY
  let end = 0
  let pace = 0
  for (let rank = 0; rank < first.length; rank++) {
    begin = Math.min(begin, first[rank]!)
    end = Math.max(end, last[rank]!)
    pace = Math.max(pace, last[rank]! - first[rank]!)
  }
  return { makespan: end - begin, pace }
}
