/** `k` belongs to topK, and topK needs it. */
import type { BatchJob } from '../kinds.ts'
import type { Rule } from './rule.ts'

export const kOfTopK: Rule<BatchJob> = {
  reads: ['spec.reduce', 'spec.map'],
  check: ({ spec: { map, reduce } }) => {
    if (reduce.by === 'topK' && reduce.k === undefined) {
      return [{ field: 'spec.reduce', what: 'is topK without k', fix: 'Write reduce: { topK: 20 }' }]
    }
    if (reduce.by !== 'topK' && reduce.k !== undefined) {
      const why = `only topK keeps k pairs, and this reduce is ${reduce.by ?? 'a function'}`
      // Pairs of a split all have the value 1.
      const fix = map.split === undefined ? `Remove k, or write reduce: { topK: ${reduce.k} }` : 'Remove k.'
      return [{ field: 'spec.reduce.k', what: `is ${reduce.k}`, why, fix }]
    }
    return []
  },
}
