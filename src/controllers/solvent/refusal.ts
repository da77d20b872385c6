/** What a declaration is refused for, before anything runs: spec/'s own sentences, with the reason that the command line's exit code rests on. */
import type { Problem } from '../../base/problem.ts'
import { checkDeclaration } from '../../spec/check/check-declaration.ts'
import type { Declaration } from '../../spec/kinds.ts'
import { unresolved } from '../../spec/resolve/is-resolved.ts'
import { declarationInfo } from '../../spec/schema/kinds-table.ts'

export interface Refusal {
  /** `InvalidSpec`: the declaration contradicts itself. `InvalidInput`: files do not fit it. `PlanFailed`: this cluster cannot run it. */
  readonly reason: 'InvalidSpec' | 'InvalidInput' | 'PlanFailed'
  readonly problems: readonly Problem[]
}

export function refuseSpec(declaration: Declaration): Refusal | undefined {
  const problems = [...checkDeclaration(declarationInfo(declaration.kind)!, declaration), ...unresolved(declaration)]
  return problems.length === 0 ? undefined : { reason: 'InvalidSpec', problems }
}
