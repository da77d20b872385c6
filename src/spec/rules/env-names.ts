/** Names of environment variables: what a shell can read, and none that Solvent sets itself. */
import type { Problem } from '../../base/problem.ts'
import { formatFieldPath } from '../../kube/schema-path.ts'
import type { Server, TrainingJob } from '../kinds.ts'
import type { Rule } from './rule.ts'

/** The launcher's and torchrun's: a value of the user's would be overwritten in silence. */
const RESERVED =
  /^(MASTER_ADDR|MASTER_PORT|RANK|WORLD_SIZE|LOCAL_RANK|LOCAL_WORLD_SIZE|GROUP_RANK|GROUP_WORLD_SIZE|POD_IP|TORCHELASTIC_\w+|SOLVENT_\w+)$/

const problemsOf = (map: 'env' | 'config', names: readonly string[], isReserved: RegExp): readonly Problem[] =>
  names.flatMap(name => {
    const at = formatFieldPath(['spec', map, name])
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
      const why = 'the name of a variable has letters, digits and _, and no digit first'
      const fixed = name.replace(/[^A-Za-z0-9_]/g, '_').replace(/^(?=\d)/, '_')
      return [{ field: at, what: 'is no name of a variable', why, fix: `Write ${fixed || 'NAME'}` }]
    }
    if (isReserved.test(name)) {
      return [{ field: at, what: `sets ${name}`, why: 'Solvent sets it', fix: 'Remove it.' }]
    }
    return []
  })

export const envOfRanks: Rule<TrainingJob> = {
  reads: ['spec.env'],
  check: ({ spec }) => problemsOf('env', Object.keys(spec.env ?? {}), RESERVED),
}

export const configOfServer: Rule<Server> = {
  reads: ['spec.config'],
  check: ({ spec }) => problemsOf('config', Object.keys(spec.config ?? {}), /^SOLVENT_\w+$/),
}
