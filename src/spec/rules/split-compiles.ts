/**
 * The expression of a split, which DuckDB runs (RE2). JavaScript's parser stands in for RE2's here: what both refuse is refused, and what
 * only JavaScript knows. DuckDB has the last word when the job runs.
 */
import type { Problem } from '../../base/problem.ts'
import type { BatchJob } from '../kinds.ts'
import type { Rule } from './rule.ts'

export const splitCompiles: Rule<BatchJob> = {
  reads: ['spec.map.split'],
  check: ({ spec }) => (spec.map.split === undefined ? [] : problemsOf(spec.map.split)),
}

/** Look-around, back-references and `\u`: RE2 has none of them (github.com/google/re2/wiki/Syntax). */
const FOREIGN = /\(\?(?:[=!]|<[=!])|\\[1-9]|\\k<|\\u/

function problemsOf(pattern: string): readonly Problem[] {
  const problem = (why: string, fix: string): readonly Problem[] => [
    { field: 'spec.map.split', what: `is ${JSON.stringify(pattern)}`, why, fix },
  ]
  const foreign = FOREIGN.exec(pattern)?.[0]
  if (foreign) {
    return problem(
      `DuckDB, which runs it, does not know ${foreign}`,
      'Say it without, or write a map with module and export.',
    )
  }
  const source = inJavaScript(pattern)
  const wrong = syntaxError(source)
  if (wrong) return problem(`it is no regular expression (${wrong})`, "Write one such as '\\s+' or '[^a-z]+'.")
  if (new RegExp(`^(?:${source})$`).test('')) {
    const fix = pattern.endsWith('*')
      ? `Write '${pattern.slice(0, -1)}+'.`
      : "Write one that takes at least one character, such as '\\s+'."
    return problem('it matches the empty text, which lies between any two letters', fix)
  }
  return []
}

/** What RE2 writes differently: flags inside, and named groups. */
const inJavaScript = (pattern: string): string => pattern.replace(/\(\?[imsU]+\)/g, '').replaceAll('(?P<', '(?<')

function syntaxError(source: string): string | undefined {
  try {
    new RegExp(source)
    return undefined
  } catch (error) {
    return String((error as Error).message)
      .split(': ')
      .at(-1)
  }
}
