/** Runs with their predictions, the anchor of a user's own measurement, and the object that `-o json` prints. */

import { type Band, bandOf, narrowed } from '../../../src/planner/cost/band.ts'
import type { StepPrediction } from '../../../src/planner/cost/prediction.ts'
import { predictStep } from '../../../src/planner/cost/step/predict-step.ts'
import type { Run } from './read-rows.ts'

export interface Predicted {
  readonly run: Run
  readonly prediction: StepPrediction
  readonly band: Band
}

export const predictRuns = (runs: readonly Run[]): readonly Predicted[] =>
  runs.map(run => {
    const prediction = predictStep(run.input)
    return { run, prediction, band: bandOf(run.input, prediction.seconds) }
  })

/**
 * What a user's measurement does: one factor for all runs of the same software, the geometric mean of measured over predicted; the band narrows.
 * Runs of the same source count as the same software.
 */
export function anchored(predicted: readonly Predicted[], ids: readonly string[]): readonly Predicted[] {
  const factors = new Map<string, number[]>()
  for (const { run, prediction } of predicted) {
    if (!ids.includes(run.row.id) || run.measuredSeconds === undefined) continue
    const group = run.row.source_group
    factors.set(group, [...(factors.get(group) ?? []), Math.log(run.measuredSeconds / prediction.seconds)])
  }
  return predicted.map(one => {
    const logs = factors.get(one.run.row.source_group)
    if (!logs) return one
    const factor = Math.exp(logs.reduce((sum, log) => sum + log, 0) / logs.length)
    const prediction = { ...one.prediction, seconds: one.prediction.seconds * factor }
    return { ...one, prediction, band: narrowed(one.band, factor) }
  })
}

const worst = (values: readonly number[]): number => Math.max(...values)

/** `reserved` is what PyTorch's allocator holds, without the context outside of it. */
export const rowAnswer = ({ run, prediction, band }: Predicted): object => ({
  id: run.row.id,
  step_time_s: prediction.seconds,
  band_80: [band.low, band.high],
  memory_allocated_bytes: worst(prediction.stages.map(stage => stage.memory.allocated)),
  memory_reserved_bytes: worst(prediction.stages.map(stage => stage.memory.reserved)),
  fits: prediction.fits,
  stages: prediction.stages.map(stage => ({
    forward_s: stage.forwardSeconds,
    backward_s: stage.backwardSeconds,
    memory_allocated_bytes: stage.memory.allocated,
    memory_reserved_bytes: stage.memory.reserved,
  })),
})
