/** What a degree cuts, it cuts evenly: heads, experts, sequences, tokens. Degrees that are left to the planner are not looked at. */
import type { Problem } from '../../base/problem.ts'
import { orList } from '../check/show.ts'
import type { TrainingJob } from '../kinds.ts'
import { divisors } from './divisors.ts'
import { modelNumbers } from './model-numbers.ts'
import type { Rule } from './rule.ts'

/** Tensor ranks share the heads of attention. */
export const headsDivide: Rule<TrainingJob> = {
  reads: ['spec.model', 'spec.parallelism'],
  check: ({ spec: { model, parallelism } }) => {
    const { heads } = modelNumbers(model)
    const { tensor } = parallelism
    if (heads === undefined || tensor === undefined || heads % tensor === 0) return []
    return [notDivided('tensor', tensor, `${heads} attention heads do not divide by ${tensor}`, divisors(heads))]
  },
}

/** Expert ranks have the same number of experts each. */
export const expertsDivide: Rule<TrainingJob> = {
  reads: ['spec.model', 'spec.parallelism'],
  check: ({ spec: { model, parallelism } }) => {
    const { experts = 0 } = modelNumbers(model)
    const { expert } = parallelism
    if (model === undefined || expert === undefined || expert === 1) return []
    if (model.huggingface?.file !== undefined && !model.huggingface.config) return []
    if (experts === 0) return [notDivided('expert', expert, 'the model has no experts', [1])]
    if (experts % expert === 0) return []
    return [notDivided('expert', expert, `${experts} experts do not divide by ${expert}`, divisors(experts))]
  },
}

/** Every data rank has whole micro-batches. */
export const batchDivides: Rule<TrainingJob> = {
  reads: ['spec.data', 'spec.parallelism', 'spec.microBatch'],
  check: ({ spec: { data, parallelism, microBatch = 1 } }) => {
    if (!data) return []
    const { data: copies = 1 } = parallelism
    const { globalBatch } = data
    const atOnce = copies * microBatch
    if (globalBatch % atOnce === 0) return []
    const below = Math.floor(globalBatch / atOnce) * atOnce
    const batches = [below, below + atOnce].filter(batch => batch > 0)
    const factors = microBatch === 1 ? `data (${copies})` : `data (${copies}) x microBatch (${microBatch}) = ${atOnce}`
    const fitting = divisors(globalBatch).filter(degree => globalBatch % (degree * microBatch) === 0)
    const degrees = fitting.length > 0 ? `, or set data to ${orList(fitting)}` : ''
    const why = `${factors} does not divide it`
    const fix = `Write ${orList(batches)}${degrees}.`
    return [{ field: 'spec.data.globalBatch', what: `is ${globalBatch}`, why, fix }]
  },
}

/** Context ranks have the same number of tokens of a sequence each. */
export const sequenceDivides: Rule<TrainingJob> = {
  reads: ['spec.data', 'spec.parallelism'],
  check: ({ spec: { data, parallelism } }) => {
    const { context } = parallelism
    if (!data || context === undefined || data.sequenceLength % context === 0) return []
    const why = `a sequence of ${data.sequenceLength} tokens does not divide by ${context}`
    return [notDivided('context', context, why, divisors(data.sequenceLength))]
  },
}

function notDivided(axis: string, degree: number, why: string, fitting: readonly number[]): Problem {
  return { field: `spec.parallelism.${axis}`, what: `is ${degree}`, why, fix: `Use ${orList(near(fitting, degree))}.` }
}

/** Those that fit best: up to eight, around the one that was wanted. */
function near(fitting: readonly number[], wanted: number): readonly number[] {
  const above = fitting.findIndex(degree => degree > wanted)
  const end = Math.min(fitting.length, Math.max(8, (above < 0 ? fitting.length : above) + 2))
  return fitting.slice(Math.max(0, end - 8), end)
}
