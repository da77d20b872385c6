/**
 * A parsed CEL expression as the checker and the evaluator read it: operators are calls (`_+_`), macros are nodes of their own, and every
 * node knows the offset at which cel-go would point when it complains.
 */
import type { CelType } from './types.ts'

export type Expression =
  | { readonly kind: 'literal'; readonly value: Literal; readonly type: CelType; readonly at: number }
  | { readonly kind: 'name'; readonly name: string; readonly at: number }
  | {
      readonly kind: 'select'
      readonly operand: Expression
      readonly field: string
      /** `a.?b` */
      readonly isOptional: boolean
      /** Inside `has()`. */
      readonly isTest: boolean
      readonly at: number
    }
  | {
      readonly kind: 'call'
      readonly name: string
      readonly target: Expression | undefined
      readonly args: readonly Expression[]
      readonly at: number
    }
  | { readonly kind: 'list'; readonly items: readonly Expression[]; readonly at: number }
  | { readonly kind: 'map'; readonly entries: readonly (readonly [Expression, Expression])[]; readonly at: number }
  | {
      readonly kind: 'macro'
      readonly macro: Macro
      readonly range: Expression
      /** One variable (an item or a key) or two (index and item, key and value). */
      readonly variables: readonly string[]
      /** `map(x, filter, transform)`, `transformList(i, v, filter, transform)`. */
      readonly filter: Expression | undefined
      readonly body: Expression
      readonly at: number
    }

export type Literal = bigint | number | string | boolean | null | Uint8Array | { readonly uint: bigint }

export const MACROS = [
  'all',
  'exists',
  'exists_one',
  'existsOne',
  'map',
  'filter',
  'sortBy',
  'transformList',
  'transformMap',
  'transformMapEntry',
  'optMap',
  'optFlatMap',
] as const
export type Macro = (typeof MACROS)[number]

/** Something wrong with an expression, at an offset of its text. */
export interface Issue {
  readonly at: number
  readonly message: string
}

/** As cel-go prints it: line and column, the line, and dots up to the place. */
export function formatIssues(source: string, issues: readonly Issue[]): string {
  return issues
    .map(({ at, message }) => {
      const before = source.slice(0, at)
      const line = before.split('\n').length
      const column = at - (before.lastIndexOf('\n') + 1)
      const text = source.split('\n')[line - 1] ?? ''
      return `ERROR: <input>:${line}:${column + 1}: ${message}\n | ${text}\n | ${'.'.repeat(column)}^`
    })
    .join('\n')
}
