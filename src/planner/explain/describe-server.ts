/** A Server has no strategy to choose; `solvent plan` says what will run all the same. */
import { plural } from '../../base/units.ts'
import type { Server, ServerReplicas } from '../../spec/kinds.ts'
import { columns } from './table.ts'

export function describeServer({ metadata, spec }: Server): readonly string[] {
  const { run, replicas = {}, config = {} } = spec
  const names = Object.keys(config)
  return [
    `Server ${metadata.name}`,
    ...columns(
      [
        ['run', run.command?.join(' ') ?? run.module ?? ''],
        ['address', `${metadata.name}:${run.port}`],
        ['copies', copiesText(replicas)],
        ...(names.length > 0 ? [['config', `${plural(names.length, 'variable')}: ${names.join(', ')}`]] : []),
      ],
      '  ',
    ),
  ]
}

export function copiesText({ min = 1, max = min, ...targets }: ServerReplicas): string {
  if (max <= min) return String(min)
  const { targetCpu, targetRequestsPerSecond } = targets
  const aims = [
    ...(targetRequestsPerSecond === undefined ? [] : [`${targetRequestsPerSecond} requests/s`]),
    ...(targetCpu === undefined && targetRequestsPerSecond !== undefined ? [] : [`${targetCpu ?? 70} % of its CPU`]),
  ]
  const follow = max > Math.max(min, 1) ? `, at ${aims.join(' or ')} each` : ''
  return `${min} to ${max}${follow}${min === 0 ? '; none while nobody asks' : ''}`
}
