/** Every pod of a gang carries the same number of ranks. */
import { orList } from '../check/show.ts'
import type { TrainingJob } from '../kinds.ts'
import { divisors } from './divisors.ts'
import { isPlanned } from './is-planned.ts'
import type { Rule } from './rule.ts'

export const ranksFillPods: Rule<TrainingJob> = {
  reads: ['spec.parallelism', 'spec.ranksPerPod', 'spec.model'],
  check: ({ spec: { parallelism, ranksPerPod = 1, model } }) => {
    // No degree at all is `auto`: the planner will know the ranks.
    if (Object.keys(parallelism).length === 0) return []
    if (model && isPlanned(parallelism, ['data', 'context', 'tensor', 'pipeline'])) return []
    const { data = 1, context = 1, tensor = 1, pipeline = 1 } = parallelism
    const ranks = data * context * tensor * pipeline
    if (ranks % ranksPerPod === 0) return []
    return [
      {
        field: 'spec.ranksPerPod',
        what: `is ${ranksPerPod}`,
        why: `data x context x tensor x pipeline = ${ranks} ranks do not fill pods of ${ranksPerPod}`,
        fix: `Write ${orList(divisors(ranks))}.`,
      },
    ]
  },
}
