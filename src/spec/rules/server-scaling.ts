/** What a Server is scaled by. */
import type { Problem } from '../../base/problem.ts'
import type { Server } from '../kinds.ts'
import type { Rule } from './rule.ts'

/** Two hands on one wheel: both would answer the same load, each undoing the other (VPA's README, "Known limitations"). */
export const scalesByOneThing: Rule<Server> = {
  reads: ['spec.replicas', 'spec.resources'],
  check: ({ spec: { replicas = {}, resources } }) => {
    const { min = 1, max = Math.max(min, 1), targetCpu, targetRequestsPerSecond } = replicas
    const target = ['targetCpu', 'targetRequestsPerSecond'].find(name => replicas[name as 'targetCpu'] !== undefined)
    if (target !== undefined && max <= Math.max(min, 1)) {
      const why = `there are always ${max} copies`
      return [{ field: `spec.replicas.${target}`, what: 'aims at a load', why, fix: `Write max: ${max + 1} or more.` }]
    }
    const byCpu = targetCpu !== undefined || (targetRequestsPerSecond === undefined && max > Math.max(min, 1))
    if (!resources?.auto || !byCpu) return []
    const problem: Problem = {
      field: 'spec.resources.auto',
      what: 'lets requests follow the use of CPU',
      why: 'the number of copies follows it too, in shares of the requests',
      fix: 'Write targetRequestsPerSecond instead of targetCpu, or fix the number of copies.',
    }
    return [problem]
  },
}

export const fromZeroOverTcp: Rule<Server> = {
  reads: ['spec.replicas', 'spec.run'],
  check: ({ spec: { run, replicas } }) => {
    if (replicas?.min !== 0 && replicas?.idleSeconds !== undefined) {
      const what = `is ${replicas.idleSeconds}`
      return [
        { field: 'spec.replicas.idleSeconds', what, why: 'there is always a copy', fix: 'Write min: 0 beside it.' },
      ]
    }
    if (replicas?.min !== 0 || replicas.max === 0 || run.protocol !== 'udp') return []
    const why = 'a datagram does not wait for a copy to start'
    return [{ field: 'spec.replicas.min', what: 'is 0', why, fix: 'Write min: 1.' }]
  },
}
