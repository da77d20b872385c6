/**
 * The makespan of a step in one line, for even stages: what the search scores a hundred thousand layouts a second with, before the
 * survivors are simulated. Formulas: Narayanan et al. 2104.04473 (1F1B, interleaved), Qi et al. 2401.10241 (ZB-H1, ZB-H2, ZBV),
 * DeepSeek's DualPipe README; sends in 1F1B are ours, checked against an emulator.
 */
import type { ScheduleName } from '../training/layout.ts'
import type { ScheduleShape } from './action.ts'

/** Of one micro-batch in one stage (a chunk, not a rank). */
export interface EvenTimes {
  readonly forward: number
  readonly backward: number
  /** Weight part of `backward`; half unless given. */
  readonly weight?: number
  /** One message between neighbouring ranks; the sender goes on at once. */
  readonly send?: number
  readonly overlappedShare?: number
}

/** From the first start to the last end. */
export function closedForm(name: ScheduleName, shape: ScheduleShape, times: EvenTimes): number {
  const { pipeline: p, chunks: v, microBatches: m } = shape
  const { forward: f, backward: b, weight: w = b / 2, send = 0 } = times
  const work = m * v * (f + b)
  if (p === 1) return work
  switch (name) {
    case 'gpipe':
      return work + (p - 1) * (f + b + 2 * send)
    case '1f1b':
      return work + (p - 1) * (f + b) + roundTrips(p, m) * send
    case 'interleaved':
      return work + (p - 1) * (f + b) + interleavedSends(shape) * send
    case 'zb-h1':
      return work + (p - 1) * Math.max(f, f + b - 2 * w) + 2 * (p - 1) * send
    // From a common start: the last rank begins (p - 1) forwards late, and a full pipeline cannot make that up.
    case 'zb-h2':
      return work + (p - 1) * Math.max(f, f + b - 3 * w) + 2 * (p - 1) * send
    case 'zbv':
      return work + (p - 1) * Math.max(f, f + b - 3 * w) + 2 * (p - 1) * send
    case 'dualpipe':
      return dualPipe(p / 2, shape, times)
    case 'dualpipev':
      return dualPipe(p, shape, times)
  }
}

/**
 * Messages on the critical path of 1F1B: two ramps of p - 1, and a rank that has p - r micro-batches ahead of it gets its next
 * gradient only after a round trip through the ranks behind it: 2 (p - 1) messages for every p micro-batches, less the two that the
 * last rank's own first and last micro-batch save.
 */
function roundTrips(p: number, m: number): number {
  return 2 * (p - 1) + Math.max(0, (2 * (p - 1) * m) / p - 2)
}

function interleavedSends({ pipeline: p }: ScheduleShape): number {
  return 2 * (p - 1)
}

function dualPipe(half: number, { microBatches: m, chunks: v }: ScheduleShape, times: EvenTimes): number {
  const { forward: f, backward: b, weight: w = b / 2, overlappedShare = 1, send = 0 } = times
  const pair = (f + b) * overlappedShare
  return m * v * pair + (half - 1) * (pair + b - 3 * w) + 2 * (half - 1) * send
}
