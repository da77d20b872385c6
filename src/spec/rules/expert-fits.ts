/**
 * Experts are carved out of the ranks of one pipeline stage: expertTensor x expert divides data x context x tensor, and the quotient is
 * the data-parallel degree of the expert parameters (Megatron-LM, megatron/core/parallel_state.py).
 */
import { orList } from '../check/show.ts'
import type { TrainingJob } from '../kinds.ts'
import { divisors } from './divisors.ts'
import { isPlanned } from './is-planned.ts'
import type { Rule } from './rule.ts'

export const expertFits: Rule<TrainingJob> = {
  reads: ['spec.parallelism', 'spec.model'],
  check: ({ spec: { parallelism, model } }) => {
    if (model && isPlanned(parallelism, ['data', 'context', 'tensor'])) return []
    const { data = 1, context = 1, tensor = 1, expert = 1 } = parallelism
    const { expertTensor = tensor } = parallelism
    const stageRanks = data * context * tensor
    if (stageRanks % (expertTensor * expert) === 0) return []
    const why = `expertTensor (${expertTensor}) x expert (${expert}) = ${expertTensor * expert} does not divide data x context x tensor = ${stageRanks}`
    if (stageRanks % expertTensor === 0) {
      const fix = `Set expert to ${orList(divisors(stageRanks / expertTensor))}.`
      return [{ field: 'spec.parallelism.expert', what: `is ${expert}`, why, fix }]
    }
    // Only a declared expertTensor can be wrong: tensor, which it is otherwise, is a factor of the product.
    const fix =
      stageRanks % expert === 0
        ? `Set expertTensor to ${orList(divisors(stageRanks / expert))}.`
        : `Set expert to 1, and expertTensor to ${orList(divisors(stageRanks))}.`
    return [{ field: 'spec.parallelism.expertTensor', what: `is ${expertTensor}`, why, fix }]
  },
}
