/** A batch job reads one format: a record has one type. */
import type { BatchJob } from '../kinds.ts'
import { exactlyOne } from './exactly-one.ts'
import type { Rule } from './rule.ts'

export const oneInput: Rule<BatchJob> = {
  reads: ['spec.input'],
  check: ({ spec }) =>
    exactlyOne('spec.input', spec.input, ['text', 'jsonl', 'parquet'], 'input: { text: "data/*.txt" }'),
}
