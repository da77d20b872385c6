/** Split and select run in DuckDB, which cannot call a function of a module for each key. */
import type { BatchJob } from '../kinds.ts'
import type { Rule } from './rule.ts'

export const algebraForDuckDb: Rule<BatchJob> = {
  reads: ['spec.map', 'spec.reduce'],
  check: ({ spec: { map, reduce } }) => {
    const engine = map.split !== undefined ? 'split' : map.sql !== undefined ? 'sql' : undefined
    if (engine === undefined || reduce.module === undefined) return []
    const why = `map.${engine} runs in DuckDB, which knows the algebras only`
    const fix = 'Write reduce: sum or another algebra, or a map with module and export.'
    return [{ field: 'spec.reduce.module', what: `is ${JSON.stringify(reduce.module)}`, why, fix }]
  },
}
