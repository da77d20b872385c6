/** A split cuts lines, and only text has lines as its records. */
import type { BatchJob } from '../kinds.ts'
import type { Rule } from './rule.ts'

export const splitReadsText: Rule<BatchJob> = {
  reads: ['spec.map', 'spec.input'],
  check: ({ spec: { map, input } }) => {
    if (map.split === undefined || input.text !== undefined) return []
    const format = input.jsonl ? 'jsonl' : input.parquet ? 'parquet' : undefined
    if (format === undefined) return []
    const why = `records of ${format} are objects, not lines`
    const fix = 'Write map: { sql: "select COLUMN as key, 1 as value from input" } with one of its columns.'
    return [{ field: 'spec.map.split', what: `is ${JSON.stringify(map.split)}`, why, fix }]
  },
}
