/** A time split by effect: what every piece of the step is answered as, so that the prediction can say where the step's time goes. */
import type { Effect } from '../prediction.ts'

export type Parts = Record<Effect, number>

export const EFFECTS: readonly Effect[] = [
  'gemm',
  'experts',
  'attention',
  'memoryBound',
  'recompute',
  'host',
  'tensorComm',
  'contextComm',
  'expertComm',
  'pipelineComm',
  'bubble',
  'dataComm',
  'optimizer',
  'other',
]

export const noParts = (): Parts => ({
  gemm: 0,
  experts: 0,
  attention: 0,
  memoryBound: 0,
  recompute: 0,
  host: 0,
  tensorComm: 0,
  contextComm: 0,
  expertComm: 0,
  pipelineComm: 0,
  bubble: 0,
  dataComm: 0,
  optimizer: 0,
  other: 0,
})

/** Adds `times` of `more` to `sum` in place. */
export function addParts(sum: Parts, more: Parts, times = 1): Parts {
  for (const effect of EFFECTS) sum[effect] += times * more[effect]
  return sum
}

export function totalOf(parts: Parts): number {
  let sum = 0
  for (const effect of EFFECTS) sum += parts[effect]
  return sum
}
