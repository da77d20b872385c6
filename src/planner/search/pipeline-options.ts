/** Schedules and chunks for so many stages and micro-batches. */
import { shapeProblem } from '../schedule/shape.ts'
import type { ScheduleName } from '../training/layout.ts'
import { perProblem } from './per-problem.ts'
import type { SearchProblem } from './problem.ts'

export interface PipelineOption {
  readonly schedule: ScheduleName
  readonly chunks: number
}

/** More chunks send more messages and split the layers finer than anybody runs; Llama 3 used 7 or 8, NeMo's recipes at most 12. */
const MOST_CHUNKS = 12

const known = perProblem<readonly PipelineOption[]>()
/** More than a model has layers. */
const MOST_STAGES = 65_536

export const pipelineOptions = (
  problem: SearchProblem,
  pipeline: number,
  microBatches: number,
): readonly PipelineOption[] =>
  known(problem, microBatches * MOST_STAGES + pipeline, () => optionsFor(problem, pipeline, microBatches))

function optionsFor(
  { model, abilities, fixed }: SearchProblem,
  pipeline: number,
  microBatches: number,
): readonly PipelineOption[] {
  const layers = model.layers.length
  const schedules = fixed.schedule === undefined ? abilities.schedules : [fixed.schedule]
  if (pipeline === 1) {
    const schedule = fixed.schedule ?? '1f1b'
    return (fixed.chunks ?? 1) === 1 ? [{ schedule, chunks: 1 }] : []
  }
  return schedules
    .flatMap(schedule => chunksOf(schedule).map(chunks => ({ schedule, chunks })))
    .filter(
      ({ schedule, chunks }) =>
        (fixed.chunks === undefined || fixed.chunks === chunks) &&
        pipeline * chunks <= layers &&
        shapeProblem(schedule, { pipeline, chunks, microBatches }) === undefined,
    )

  function chunksOf(schedule: ScheduleName): readonly number[] {
    if (schedule === 'zbv' || schedule === 'dualpipev') return [2]
    if (schedule !== 'interleaved') return [1]
    const most = Math.min(MOST_CHUNKS, Math.floor(layers / pipeline))
    return Array.from({ length: Math.max(0, most - 1) }, (_, i) => i + 2)
  }
}
