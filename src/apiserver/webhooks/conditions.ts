/** Expressions about a request, compiled once a text: conditions of webhooks and policies, validations, messages. */
import { compileExpression } from '../../kube/cel/compile.ts'
import type { Compiled, Outcome } from '../../kube/cel/program.ts'
import { type CelType, DYN } from '../../kube/cel/types.ts'
import { CelError, type CelValue, fromJson, LazyMap } from '../../kube/cel/values.ts'
import type { AdmissionRequest } from '../admission/stage.ts'
import type { Store } from '../store/store.ts'
import { attributesOf } from './attributes.ts'
import { namespaceOf } from './matching.ts'

const NAMES = ['object', 'oldObject', 'request', 'namespaceObject', 'params', 'variables']
const VARIABLES: ReadonlyMap<string, CelType> = new Map(NAMES.map(name => [name, DYN]))

const MAX_KEPT = 2000
const kept = new Map<string, Compiled>()

export function compiled(expression: string): Compiled {
  const known = kept.get(expression)
  if (known) return known
  const made = compileExpression(expression, VARIABLES)
  if (kept.size >= MAX_KEPT) kept.clear()
  kept.set(expression, made)
  return made
}

export type Values = Record<string, CelValue>

export const valuesOf = (store: Store, request: AdmissionRequest, dryRun = false): Values => ({
  object: fromJson(request.object, DYN),
  oldObject: fromJson(request.old, DYN),
  request: fromJson(attributesOf(request, dryRun), DYN),
  namespaceObject: fromJson(namespaceOf(store, request), DYN),
})

/** What an expression yields; one that does not compile fails, as it would have at its writing. */
export function evaluate(expression: string, values: Values): Outcome {
  const program = compiled(expression)
  return 'issues' in program ? { kind: 'failed', message: program.issues, cost: 0 } : program.program.run(values)
}

export interface NamedExpression {
  readonly name: string
  readonly expression: string
}

/** `variables.x`, worked out when first asked for, in terms of those before it. */
export function withVariables(values: Values, named: readonly NamedExpression[]): Values {
  const all: Values = { ...values }
  all.variables = new LazyMap(
    new Map(named.map(({ name, expression }) => [name, () => resultOf(evaluate(expression, all))] as const)),
  )
  return all
}

/** A variable that cannot be worked out makes what reads it fail. */
function resultOf(outcome: Outcome): CelValue {
  if (outcome.kind === 'value') return outcome.value
  throw new CelError(outcome.message)
}

export type Verdict = 'yes' | 'no' | { readonly error: string }

/** All hold, or one does not; an error counts only where none says no (matchconditions upstream). */
export function allHold(conditions: readonly NamedExpression[], values: Values): Verdict {
  const errors: string[] = []
  for (const { expression } of conditions) {
    const outcome = evaluate(expression, values)
    if (outcome.kind === 'value' && outcome.value === false) return 'no'
    if (outcome.kind !== 'value' || outcome.value !== true) {
      errors.push(outcome.kind === 'value' ? 'the expression does not evaluate to a bool' : outcome.message)
    }
  }
  return errors.length === 0 ? 'yes' : { error: errors.join(', ') }
}
