/** The expression of a split is read by JavaScript here and by RE2 in DuckDB: it must be one that both know. */
import type { Problem } from '../../base/problem.ts'
import type { BatchJob } from '../kinds.ts'
import type { Rule } from './rule.ts'

export const splitCompiles: Rule<BatchJob> = {
  reads: ['spec.map.split'],
  check: ({ spec }) => (spec.map.split === undefined ? [] : problemsOf(spec.map.split)),
}

function problemsOf(pattern: string): readonly Problem[] {
  const problem = (why: string, fix: string): readonly Problem[] => [
    { field: 'spec.map.split', what: `is ${JSON.stringify(pattern)}`, why, fix },
  ]
  const wrong = syntaxError(pattern)
  if (wrong) return problem(`it is no regular expression (${wrong})`, "Write one such as '\\s+' or '[^a-z]+'.")
  const foreign = /\(\?(?:[=!]|<[=!])|\\[1-9]|\\k</.exec(pattern)?.[0]
  if (foreign) {
    return problem(
      `DuckDB has no look-around and no back-references (${foreign})`,
      'Say it without, or write a map with module and export.',
    )
  }
  if (new RegExp(`^(?:${pattern})$`).test('')) {
    const fix = pattern.endsWith('*')
      ? `Write '${pattern.slice(0, -1)}+'.`
      : "Write one that takes at least one character, such as '\\s+'."
    return problem('it matches the empty text, which lies between any two letters', fix)
  }
  return []
}

function syntaxError(pattern: string): string | undefined {
  try {
    new RegExp(pattern, 'u')
    return undefined
  } catch (error) {
    return String((error as Error).message)
      .split(': ')
      .at(-1)
  }
}
