/** Which pipelines a schedule can run, and where its stages lie. */
import type { ScheduleName } from '../training/layout.ts'
import type { ScheduleShape } from './action.ts'

/** Why it cannot, with what would do; undefined if it can. */
export interface ShapeProblem {
  readonly why: string
  readonly fix: string
}

const isCount = (n: number): boolean => Number.isInteger(n) && n >= 1

export function shapeProblem(name: ScheduleName, shape: ScheduleShape): ShapeProblem | undefined {
  const { pipeline, chunks, microBatches } = shape
  if (![pipeline, chunks, microBatches].every(isCount))
    return { why: 'ranks, chunks and micro-batches are whole numbers from 1', fix: 'Use whole numbers from 1.' }
  return chunkProblem(name, chunks) ?? microBatchProblem(name, shape)
}

function chunkProblem(name: ScheduleName, chunks: number): ShapeProblem | undefined {
  if (name === 'interleaved')
    return chunks >= 2
      ? undefined
      : { why: 'interleaving needs several chunks a rank', fix: 'Use 2 chunks or more, or 1f1b.' }
  const needed = name === 'zbv' || name === 'dualpipev' ? 2 : 1
  if (chunks === needed) return undefined
  return {
    why: `${name} has ${needed} ${needed === 1 ? 'chunk' : 'chunks'} a rank`,
    fix: `Set chunks to ${needed}${needed === 1 ? ', or use interleaved' : ''}.`,
  }
}

function microBatchProblem(name: ScheduleName, shape: ScheduleShape): ShapeProblem | undefined {
  const { pipeline, microBatches } = shape
  if (name === 'interleaved') return groupProblem(shape)
  // DualPipe's ramps are laid out for a full pipeline: its own code refuses less, and odd halves.
  if (name === 'dualpipe' && (pipeline % 2 !== 0 || microBatches % 2 !== 0))
    return { why: 'each end of dualpipe starts half of the micro-batches and ranks', fix: 'Use even numbers of both.' }
  if ((name === 'dualpipe' || name === 'dualpipev') && microBatches < 2 * pipeline)
    return {
      why: `${name} over ${pipeline} ranks needs ${2 * pipeline} micro-batches`,
      fix: `Use ${2 * pipeline} micro-batches or more, or 1f1b.`,
    }
  return undefined
}

/** Megatron-LM's rule for the order of chunks: a last, smaller group must still fill the pipeline. */
function groupProblem({ pipeline, microBatches, groupSize = pipeline }: ScheduleShape): ShapeProblem | undefined {
  if (!isCount(groupSize) || groupSize < pipeline)
    return {
      why: `a group of ${groupSize} micro-batches does not fill ${pipeline} ranks`,
      fix: `Use groups of ${pipeline} or more.`,
    }
  const rest = microBatches % groupSize
  if (rest === 0 || rest >= pipeline) return undefined
  const below = microBatches - rest
  return {
    why: `${microBatches} micro-batches leave a group of ${rest} for ${pipeline} ranks`,
    fix: below > 0 ? `Use ${below} or ${below + groupSize} micro-batches.` : `Use ${groupSize} micro-batches.`,
  }
}

/**
 * The size of interleaved groups where none is given: the smallest that fills the pipeline and leaves no rest or one that fills it too.
 * Where PyTorch can divide the micro-batches into as many equal rounds as there are whole pipelines, that is its size; fewer
 * micro-batches than ranks are one group, as there.
 */
export function groupOf({ pipeline, microBatches, groupSize }: ScheduleShape): number {
  if (groupSize !== undefined) return groupSize
  let size = Math.min(pipeline, microBatches)
  while (microBatches % size !== 0 && microBatches % size < pipeline) size++
  return size
}

/** Stages of one micro-batch lie round and round (loops), there and back (V), or, in DualPipe's second direction, back only. */
export function placeStages(
  name: ScheduleName,
  { pipeline, chunks }: ScheduleShape,
): { depth: number; rankOfStage: Int32Array } {
  const depth = pipeline * chunks
  const isV = name === 'zbv' || name === 'dualpipev' || name === 'dualpipe'
  const rankOfStage = new Int32Array(name === 'dualpipe' ? 2 * depth : depth)
  for (let stage = 0; stage < rankOfStage.length; stage++) {
    const place = stage % pipeline
    const goesBack = isV && stage >= pipeline
    rankOfStage[stage] = goesBack ? pipeline - 1 - place : place
  }
  return { depth, rankOfStage }
}
