/**
 * The makespan of a step in one line, for even stages: what the search scores a hundred thousand layouts a second with, before the
 * survivors are simulated. gpipe, 1f1b and interleaved by Narayanan et al., 2104.04473; zb-h1 by Qi et al., 2401.10241; dualpipe by
 * DeepSeek's README. How often a send lies on the critical path, and what zb-h2 and zbv lose where F, I and W differ, are laws that
 * we read off exact simulations. Legend: f, b, w forward, whole backward and its weight part of one micro-batch in one stage; i = b - w.
 */
import { unreachable } from '../../base/invariant.ts'
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
  /** Time of a forward and a backward run as one, as a share of their sum. */
  readonly overlappedShare?: number
}

/** From the first start to the last end, without the work itself: all that a rank waits. */
export function idleTime(name: ScheduleName, shape: ScheduleShape, times: EvenTimes): number {
  const { pipeline: p, microBatches: m } = shape
  const { forward: f, backward: b, send = 0 } = times
  const ramps = p - 1
  if (p === 1) return 0
  switch (name) {
    case 'gpipe':
      return ramps * (f + b + 2 * send)
    case '1f1b':
      return ramps * (f + b) + oneForwardOneBackwardSends(p, m) * send
    case 'interleaved':
      return ramps * (f + b) + 2 * (p * shape.chunks - 1) * send
    case 'zb-h1':
      return firstZeroBubble(shape, times)
    case 'zb-h2':
      return secondZeroBubble(shape, times)
    case 'zbv':
      return vZeroBubble(shape, times)
    case 'dualpipe':
      return foldedIdle(p / 2, m, times) + ((m * (p - 1)) / p + 3 * (p / 2 - 1)) * send
    case 'dualpipev':
      return foldedIdle(p, 2 * m, times) + ((2 * m * (p - 1)) / p + 2 * (p - 2)) * send
    default:
      return unreachable(name)
  }
}

/** From the first start to the last end. */
export function closedForm(name: ScheduleName, shape: ScheduleShape, times: EvenTimes): number {
  return shape.microBatches * shape.chunks * (times.forward + times.backward) + idleTime(name, shape, times)
}

/**
 * Two ramps of p - 1 messages; and a rank that has p - r micro-batches under way gets its next gradient only after a round trip
 * through the ranks behind it: 2 (p - 1) messages for every p micro-batches, less two that the last rank's first and last save.
 */
function oneForwardOneBackwardSends(p: number, m: number): number {
  return 2 * (p - 1) + Math.max(0, (2 * (p - 1) * m) / p - 2)
}

/** Weight parts fill the ramp down, one a rank and micro-batch, as far as a forward leaves room: (p - 1)(f + i - w) for w <= f. */
function firstZeroBubble({ pipeline: p, microBatches: m }: ScheduleShape, times: EvenTimes): number {
  const { forward: f, backward: b, weight: w = b / 2, send = 0 } = times
  const filled = Math.min(p - 1, m - 1) * Math.min(w, f)
  return (p - 1) * (f + b - w) - filled + (p - 1) * (m > p ? 4 : 2) * send
}

/**
 * From a common start the last rank begins p - 1 forwards late, and no full pipeline makes that up. Each micro-batch beyond p fills
 * one more gap of zb-h1, down to there.
 */
function secondZeroBubble(shape: ScheduleShape, times: EvenTimes): number {
  const { pipeline: p, microBatches: m } = shape
  const { forward: f, backward: b, weight: w = b / 2, send = 0 } = times
  const full = (p - 1) * Math.max(f + send, f + b - 3 * w - w / (p - 1) + 2 * send)
  const few = firstZeroBubble(shape, { ...times, send: 0 }) + 2 * (p - 1) * send
  return Math.max(full, few - Math.max(0, m - p) * Math.min(w, f))
}

/** Bound by a ramp of the longest part, or by the gaps that unequal parts leave at the turns of the V; more if m < p. */
function vZeroBubble({ pipeline: p, microBatches: m }: ScheduleShape, times: EvenTimes): number {
  const { forward: f, backward: b, weight: w = b / 2, send = 0 } = times
  const i = b - w
  const full = (p - 1) * Math.max(f, i, w, 2 * f - i - (f - i) / (p - 1), 2 * (i - w) - w / (p - 1))
  const few = (2 * p - 2) * (f + i) - w - (m - 1) * 2 * (f + w)
  return Math.max(full + 2 * f * Math.max(0, p - m), few) + (5 * (p - 1) - 1) * send
}

/**
 * (p/2 - 1)(F&B + B - 3W), less what an input part longer than a forward gives back, and the 2 half + 1 forwards and backwards of the
 * ramps that find no partner; then what the pairs save of the work itself.
 */
function foldedIdle(
  half: number,
  runs: number,
  { forward: f, backward: b, weight: w = b / 2, overlappedShare = 1 }: EvenTimes,
): number {
  const pair = (f + b) * overlappedShare
  const saved = f + b - pair
  return (half - 1) * (pair + b - 3 * w) - Math.min(f, (half - 1) * (b - w - f)) + (2 * half + 1 - runs) * saved
}
