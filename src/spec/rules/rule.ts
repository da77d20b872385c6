/** What a rule is: a claim about a declaration that no schema can make. One rule a file, listed in `table.ts`. */
import type { Problem } from '../../base/problem.ts'
import type { Declaration } from '../kinds.ts'

export interface Rule<D extends Declaration> {
  /** Fields that it looks at. Where the schema already found one of them wrong, the rule is silent. */
  readonly reads: readonly string[]
  check(declaration: D): readonly Problem[]
}
