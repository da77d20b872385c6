/** A batch job writes one format, into one folder. */
import type { BatchJob } from '../kinds.ts'
import { exactlyOne } from './exactly-one.ts'
import type { Rule } from './rule.ts'

export const oneOutput: Rule<BatchJob> = {
  reads: ['spec.output'],
  check: ({ spec }) => exactlyOne('spec.output', spec.output, ['parquet', 'jsonl', 'csv'], 'output: { parquet: out/ }'),
}
