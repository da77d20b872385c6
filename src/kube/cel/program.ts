/**
 * CEL in one call: text and the types of its variables in, a program or what is wrong with it out. The base of functions is what
 * Kubernetes 1.37 gives every rule (apiserver's pkg/cel/environment).
 */
import { checkExpression } from './check.ts'
import { compileChecked } from './evaluate.ts'
import { formatIssues } from './expression.ts'
import { CostExceeded, Frame } from './frame.ts'
import { type Functions, functionsOf } from './functions.ts'
import { KUBERNETES } from './library/kubernetes.ts'
import { LISTS, OPTIONALS } from './library/lists.ts'
import { NETWORK, URLS } from './library/network.ts'
import { STANDARD } from './library/standard.ts'
import { STRINGS } from './library/strings.ts'
import { PER_CALL_LIMIT } from './limits.ts'
import { parseExpression } from './parse.ts'
import type { CelType } from './types.ts'
import { CelError, type CelValue } from './values.ts'

const BASE: Functions = functionsOf(STANDARD, STRINGS, LISTS, OPTIONALS, NETWORK, URLS, KUBERNETES)

export type Outcome =
  | { readonly kind: 'value'; readonly value: CelValue; readonly cost: number }
  /** The rule went wrong: `no such key: x`, `division by zero`. */
  | { readonly kind: 'failed'; readonly message: string; readonly cost: number }
  /** It took more than it may; nothing further should be evaluated. */
  | { readonly kind: 'expensive'; readonly message: string; readonly cost: number }

export interface Program {
  readonly type: CelType
  /** Names of variables that it reads. */
  readonly reads: ReadonlySet<string>
  run(variables: Record<string, CelValue>, limit?: number): Outcome
}

export type Compiled = { readonly program: Program } | { readonly issues: string }

export function compileExpression(source: string, variables: ReadonlyMap<string, CelType>, functions = BASE): Compiled {
  const parsed = parseExpression(source)
  if (!parsed.root) return { issues: formatIssues(source, parsed.issues) }
  const checked = checkExpression(parsed.root, { variables, functions })
  if (checked.issues.length > 0) return { issues: formatIssues(source, checked.issues) }
  const evaluate = compileChecked(parsed.root, checked)
  return {
    program: {
      type: checked.type,
      reads: checked.reads,
      run: (values, limit = PER_CALL_LIMIT) => {
        const frame = new Frame(values, limit)
        try {
          return { kind: 'value', value: evaluate(frame), cost: frame.cost }
        } catch (error) {
          if (error instanceof CostExceeded) return { kind: 'expensive', message: error.message, cost: frame.cost }
          if (error instanceof CelError) return { kind: 'failed', message: error.message, cost: frame.cost }
          // A stack that overflows on a deeply nested value is the rule's own doing.
          if (error instanceof RangeError) return { kind: 'failed', message: 'evaluation too deep', cost: frame.cost }
          throw error
        }
      },
    },
  }
}
