/** A map is a function of a module, a split or a select. */
import type { BatchJob } from '../kinds.ts'
import { exactlyOne } from './exactly-one.ts'
import type { Rule } from './rule.ts'

export const oneMap: Rule<BatchJob> = {
  reads: ['spec.map'],
  check: ({ spec }) => exactlyOne('spec.map', spec.map, ['module', 'split', 'sql'], "map: { split: '\\s+' }"),
}
