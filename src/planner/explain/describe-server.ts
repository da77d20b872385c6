/** A Server has no strategy to choose; `solvent plan` says what will run all the same. */
import { plural } from '../../base/units.ts'
import type { Server } from '../../spec/kinds.ts'
import { columns } from './table.ts'

export function describeServer({ metadata, spec }: Server): readonly string[] {
  const { run, replicas = {}, config = {} } = spec
  const { min = 1, max = min, targetCpu } = replicas
  const later =
    max > min ? `; up to ${max}${targetCpu ? ` at ${targetCpu} % CPU` : ''} once there is an autoscaler` : ''
  const names = Object.keys(config)
  return [
    `Server ${metadata.name}`,
    ...columns(
      [
        ['run', run.command.join(' ')],
        ['address', `${metadata.name}:${run.port}`],
        ['copies', `${min}${later}`],
        ...(names.length > 0 ? [['config', `${plural(names.length, 'variable')}: ${names.join(', ')}`]] : []),
      ],
      '  ',
    ),
  ]
}
