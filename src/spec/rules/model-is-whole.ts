/** A model is a config.json or the numbers that make one; without what a step reads, neither says how long a step takes. */
import type { Problem } from '../../base/problem.ts'
import { andList } from '../check/show.ts'
import type { TrainingJob, TrainingModel } from '../kinds.ts'
import type { Rule } from './rule.ts'

const NEEDED = ['layers', 'hidden', 'heads', 'vocab'] as const
const field = 'spec.model'

export const modelIsWhole: Rule<TrainingJob> = {
  reads: [field],
  check: ({ spec: { model } }) => (model ? problemsOf(model) : []),
}

function problemsOf(model: TrainingModel): readonly Problem[] {
  const { huggingface, name: _, ...numbers } = model
  const given = Object.keys(numbers)
  if (huggingface) {
    if (given.length > 0) {
      const fix = 'Keep huggingface, or the numbers without it.'
      return [{ field, what: `has huggingface and ${andList(given)}`, why: 'config.json tells the numbers', fix }]
    }
    if (huggingface.file !== undefined || huggingface.config !== undefined) return []
    return [{ field: `${field}.huggingface`, what: 'is empty', fix: 'Write huggingface: ./config.json' }]
  }
  const missing = NEEDED.filter(name => model[name] === undefined)
  if (missing.length === 0) return []
  const fix =
    given.length === 0
      ? 'Write model: { huggingface: ./config.json }'
      : `Add ${andList(missing)}, or write model: { huggingface: ./config.json }`
  return [{ field, what: `has no ${andList(missing)}`, why: 'a model cannot be planned without', fix }]
}

export const dataBesideModel: Rule<TrainingJob> = {
  reads: [field, 'spec.data'],
  check: ({ spec: { model, data } }) => {
    if (!model || data) return []
    const why = 'the strategy for a model depends on what a step reads'
    return [
      { field: 'spec.data', what: 'is missing', why, fix: 'Add data: { sequenceLength: 4096, globalBatch: 256 }' },
    ]
  },
}
