/** A probe asks one question, and one that the program can answer. */
import type { Problem } from '../../base/problem.ts'
import { show } from '../check/show.ts'
import type { Server, ServerProbe } from '../kinds.ts'
import type { Rule } from './rule.ts'

const CHECKS = ['path', 'command', 'grpc', 'tcp', 'none'] as const

const checksOf = (probe: ServerProbe) => CHECKS.filter(check => probe[check] !== undefined && probe[check] !== false)

const probesOf = ({ spec }: Server): readonly (readonly [field: string, probe: ServerProbe])[] =>
  Object.entries(spec.probes ?? {}).flatMap(([name, probe]) => (probe ? [[`spec.probes.${name}`, probe] as const] : []))

export const oneCheckAProbe: Rule<Server> = {
  reads: ['spec.probes'],
  check: server =>
    probesOf(server).flatMap(([field, probe]): readonly Problem[] => {
      const checks = checksOf(probe)
      if (checks.length > 1)
        return [
          { field, what: `asks ${checks.join(' and ')}`, why: 'a probe asks one thing', fix: 'Leave one of them.' },
        ]
      const { successThreshold } = probe
      if (!field.endsWith('readiness') && successThreshold !== undefined && successThreshold !== 1) {
        const why = 'only readiness may ask for several answers in a row'
        return [{ field: `${field}.successThreshold`, what: `is ${successThreshold}`, why, fix: 'Remove it.' }]
      }
      return []
    }),
}

/** What a program over UDP answers nobody but it knows. */
export const checkFitsProtocol: Rule<Server> = {
  reads: ['spec.probes', 'spec.run'],
  check: server => {
    if (server.spec.run.protocol !== 'udp') return []
    return probesOf(server).flatMap(([field, probe]): readonly Problem[] => {
      const [check] = checksOf(probe)
      if (check === 'command' || check === 'none' || probe.port !== undefined) return []
      const what = check ? `asks ${check} ${show(probe[check])}` : 'asks nothing in particular'
      const fix = 'Write command: [...], or the port: on which it answers.'
      return [{ field, what, why: 'the program speaks UDP, over which no probe asks', fix }]
    })
  },
}
