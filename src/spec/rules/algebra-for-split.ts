/** A split gives every piece the value 1: only adding up and counting tell anything about those. */
import type { BatchJob } from '../kinds.ts'
import type { Rule } from './rule.ts'

export const algebraForSplit: Rule<BatchJob> = {
  reads: ['spec.map', 'spec.reduce'],
  check: ({ spec: { map, reduce } }) => {
    const { by } = reduce
    if (map.split === undefined || by === undefined || by === 'sum' || by === 'count') return []
    const why = `every piece of a split has the value 1, and ${by} of ones tells nothing`
    return [{ field: 'spec.reduce.by', what: `is ${by}`, why, fix: 'Write sum or count.' }]
  },
}
