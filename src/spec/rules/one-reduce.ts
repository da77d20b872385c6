/** A reduce is an algebra or a function of a module. */
import type { BatchJob } from '../kinds.ts'
import { exactlyOne } from './exactly-one.ts'
import type { Rule } from './rule.ts'

export const oneReduce: Rule<BatchJob> = {
  reads: ['spec.reduce'],
  check: ({ spec }) => exactlyOne('spec.reduce', spec.reduce, ['by', 'module'], 'reduce: sum'),
}
