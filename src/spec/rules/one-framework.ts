/** Every rank runs one program. */
import type { TrainingJob } from '../kinds.ts'
import { exactlyOne } from './exactly-one.ts'
import type { Rule } from './rule.ts'

export const oneFramework: Rule<TrainingJob> = {
  reads: ['spec.framework'],
  check: ({ spec }) =>
    exactlyOne('spec.framework', spec.framework, ['command', 'node'], 'framework: { command: [python3, train.py] }'),
}
