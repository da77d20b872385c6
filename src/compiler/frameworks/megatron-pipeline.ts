/** Pipeline stages for Megatron-LM: its two schedules, and cuts of layers of any length (`PipelineParallelLayerLayout`). */
import type { Problem } from '../../base/problem.ts'
import { cannot, type EmissionInput, isEven, microBatchesOf, type Piece } from './emission.ts'
import { type Arguments, flag, given } from './megatron-arguments.ts'
import { isHybrid } from './megatron-hybrid.ts'

export function pipelineArguments(input: EmissionInput): Piece<Arguments> {
  const { layout, software } = input
  if (layout.pipeline === 1) return { value: [] }
  // A hybrid's cuts are written into its pattern.
  const cut = isHybrid(input.model) ? [] : cutArguments(input)
  return {
    value: [
      ...cut,
      ...flag(
        'no-overlap-p2p-communication',
        layout.chunks > 1 && software?.features.overlapPipeline === false && layout.pipeline > 2,
      ),
    ],
    problems: problems(input),
  }
}

function cutArguments({ layout, model }: EmissionInput): Arguments {
  const { stages, chunks } = layout
  if (!isEven(stages) || model.mtpLayers > 0) {
    return [given('pipeline-model-parallel-layout', layoutText(stages, model.mtpLayers))]
  }
  return chunks > 1 ? [given('num-virtual-stages-per-pipeline-rank', chunks)] : []
}

/** `Et*3|(t*4|)*14t*3L`: embedding, layers and loss of each virtual stage in the order of a micro-batch; runs of equal ones once. */
function layoutText(stages: readonly number[], mtpLayers = 0): string {
  const tail = `${'m'.repeat(mtpLayers)}L`
  if (stages.length === 1) return `E${layersText(stages[0]!)}${tail}`
  const middle = stages.slice(1, -1)
  const runs: string[] = []
  for (let i = 0; i < middle.length; ) {
    let count = 1
    while (middle[i + count] === middle[i]) count++
    const text = `${layersText(middle[i]!)}|`
    runs.push(count < 3 ? text.repeat(count) : `(${text})*${count}`)
    i += count
  }
  return `E${layersText(stages[0]!)}|${runs.join('')}${layersText(stages.at(-1)!)}${tail}`
}

const layersText = (layers: number): string => (layers < 2 ? 't'.repeat(layers) : `t*${layers}`)

function problems(input: EmissionInput): readonly Problem[] {
  const { layout } = input
  const { schedule, pipeline, chunks } = layout
  const found: Problem[] = []
  if (schedule !== '1f1b' && schedule !== 'interleaved') {
    found.push(
      cannot(
        'spec.schedule',
        `is ${schedule}`,
        'Megatron-LM runs 1f1b and interleaved',
        `Use schedule: ${chunks > 1 ? 'interleaved' : '1f1b'}.`,
      ),
    )
  } else if (chunks > 1 && microBatchesOf(input) % pipeline !== 0) {
    found.push(
      cannot(
        'spec.schedule',
        'is interleaved',
        `${microBatchesOf(input)} micro-batches do not divide by ${pipeline} stages`,
        'Use schedule: 1f1b, or a batch whose micro-batches divide.',
      ),
    )
  }
  return found
}
