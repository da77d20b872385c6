/** At least is not more than at most. */
import type { Problem } from '../../base/problem.ts'
import type { BatchJob, Server } from '../kinds.ts'
import type { Rule } from './rule.ts'

interface Range {
  readonly min?: number
  readonly max?: number
}

const problemsOf = (field: string, { min, max }: Range): readonly Problem[] =>
  min === undefined || max === undefined || min <= max
    ? []
    : [
        {
          field: `${field}.min`,
          what: `is ${min}`,
          why: `max is ${max}`,
          fix: `Write ${max} or less, or a larger max.`,
        },
      ]

export const workersAreOrdered: Rule<BatchJob> = {
  reads: ['spec.workers'],
  check: ({ spec }) => problemsOf('spec.workers', spec.workers ?? {}),
}

export const replicasAreOrdered: Rule<Server> = {
  reads: ['spec.replicas'],
  check: ({ spec }) => problemsOf('spec.replicas', spec.replicas ?? {}),
}
