/** What is fixed by hand of the strategy must be possible for the reduce. */
import type { Problem } from '../../base/problem.ts'
import type { BatchJob } from '../kinds.ts'
import type { Rule } from './rule.ts'

export const strategyFitsReduce: Rule<BatchJob> = {
  reads: ['spec.strategy', 'spec.reduce'],
  check: ({ spec: { strategy = {}, reduce } }) => {
    const problem = (field: string, what: string, why: string, fix: string): Problem => ({
      field: `spec.strategy.${field}`,
      what: `is ${what}`,
      why,
      fix,
    })
    const found: Problem[] = []
    if (reduce.module !== undefined && strategy.combine === true) {
      const why = 'a reduce function sees all values of its key at once, so nothing can be combined before'
      found.push(problem('combine', 'true', why, 'Write false, or a reduce that is an algebra.'))
    }
    if (reduce.module !== undefined && strategy.aggregate === 'hash') {
      const why = 'a reduce function takes all values of a key together, which sorting gives it'
      found.push(problem('aggregate', 'hash', why, 'Write sort.'))
    }
    if (reduce.by === 'topK' && strategy.partitions !== undefined && strategy.partitions > 1) {
      const why = 'topK chooses among all pairs in one place'
      found.push(problem('partitions', String(strategy.partitions), why, 'Write 1.'))
    }
    return found
  },
}
