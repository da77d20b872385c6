/** A split gives every piece the value 1, of which the smallest, the largest and the average are 1 too. */
import type { BatchJob } from '../kinds.ts'
import type { Rule } from './rule.ts'

export const algebraForSplit: Rule<BatchJob> = {
  reads: ['spec.map', 'spec.reduce'],
  check: ({ spec: { map, reduce } }) => {
    const { by } = reduce
    if (map.split === undefined || (by !== 'min' && by !== 'max' && by !== 'avg')) return []
    const why = `every piece of a split has the value 1, so ${by} is always 1`
    return [{ field: 'spec.reduce.by', what: `is ${by}`, why, fix: 'Write sum, count or { topK: 20 }.' }]
  },
}
