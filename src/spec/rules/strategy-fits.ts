/** Choices of a training strategy that only make sense together. */
import type { Problem } from '../../base/problem.ts'
import { orList } from '../check/show.ts'
import type { TrainingJob } from '../kinds.ts'
import { divisors } from './divisors.ts'
import { modelNumbers } from './model-numbers.ts'
import type { Rule } from './rule.ts'

/** Layers of whole chunks for `full`, modules for `modules`. */
export const recomputeFits: Rule<TrainingJob> = {
  reads: ['spec.recompute'],
  check: ({ spec: { recompute } }) => {
    if (!recompute) return []
    const { kind, layers, modules } = recompute
    const problems: Problem[] = []
    if (kind === 'modules' && modules === undefined)
      problems.push({ field: 'spec.recompute.modules', what: 'is missing', fix: 'Add modules: [core_attn]' })
    if (kind !== 'modules' && modules !== undefined)
      problems.push({
        field: 'spec.recompute.kind',
        what: `is "${kind}"`,
        why: 'modules are given',
        fix: 'Write kind: modules, or remove modules.',
      })
    if (kind !== 'full' && layers !== undefined)
      problems.push({
        field: 'spec.recompute.layers',
        what: `is ${layers}`,
        why: 'only whole layers are counted',
        fix: 'Remove it, or write kind: full.',
      })
    return problems
  },
}

/** How many chunks a rank holds by schedule: at least, and at most. */
const CHUNKS: Readonly<Record<string, readonly [least: number, most: number]>> = {
  gpipe: [1, 1],
  '1f1b': [1, 1],
  interleaved: [2, Number.POSITIVE_INFINITY],
  'zb-h1': [1, 1],
  'zb-h2': [1, 1],
  zbv: [2, 2],
  dualpipev: [2, 2],
}

export const chunksFitSchedule: Rule<TrainingJob> = {
  reads: ['spec.schedule', 'spec.chunks'],
  check: ({ spec: { schedule, chunks } }) => {
    if (schedule === undefined || chunks === undefined) return []
    const [least, most] = CHUNKS[schedule] ?? [1, Number.POSITIVE_INFINITY]
    if (chunks >= least && chunks <= most) return []
    const why = `a rank of schedule ${schedule} holds ${most > least ? `at least ${least}` : least}`
    return [{ field: 'spec.chunks', what: `is ${chunks}`, why, fix: `Write ${least}, or leave it to the planner.` }]
  },
}

/** As many stages as there are, and every layer in one of them. */
export const stagesFit: Rule<TrainingJob> = {
  reads: ['spec.stages', 'spec.chunks', 'spec.parallelism', 'spec.model'],
  check: ({ spec: { stages, chunks = 1, parallelism, model } }) => {
    if (!stages) return []
    const { layers } = modelNumbers(model)
    const { pipeline } = parallelism
    const sum = stages.reduce((total, stage) => total + stage, 0)
    const field = 'spec.stages'
    if (pipeline === undefined) {
      const fix = `Add pipeline: ${stages.length / chunks} under parallelism.`
      if (stages.length % chunks === 0) return [{ field, what: 'is given', why: 'pipeline is not', fix }]
      const even = `Write a number of stages that divides by ${chunks}.`
      return [{ field, what: `has ${stages.length}`, why: `a pipeline rank holds ${chunks}`, fix: even }]
    }
    if (stages.length !== pipeline * chunks) {
      const why = `pipeline (${pipeline}) x chunks (${chunks}) = ${pipeline * chunks}`
      return [{ field, what: `has ${stages.length}`, why, fix: `Write ${pipeline * chunks} numbers.` }]
    }
    if (layers === undefined || sum === layers) return []
    const fix = `Write numbers that add up to ${layers}.`
    return [{ field, what: `adds up to ${sum}`, why: `the model has ${layers} layers`, fix }]
  },
}

/** Copies of what is sharded are whole. */
export const shardRanksDivide: Rule<TrainingJob> = {
  reads: ['spec.shardRanks', 'spec.parallelism'],
  check: ({ spec: { shardRanks, parallelism } }) => {
    const { data, context = 1 } = parallelism
    if (shardRanks === undefined || data === undefined || (data * context) % shardRanks === 0) return []
    const why = `it does not divide data x context = ${data * context}`
    return [
      { field: 'spec.shardRanks', what: `is ${shardRanks}`, why, fix: `Use ${orList(divisors(data * context))}.` },
    ]
  },
}
