/** A select of a map names its columns key and value and reads the table input. DuckDB checks the rest when the job runs. */
import type { Problem } from '../../base/problem.ts'
import type { BatchJob } from '../kinds.ts'
import type { Rule } from './rule.ts'

export const sqlGivesKeyAndValue: Rule<BatchJob> = {
  reads: ['spec.map.sql', 'spec.reduce'],
  check: ({ spec: { map, reduce } }) =>
    map.sql === undefined ? [] : problemsOf(map.sql.trim().replace(/;$/, ''), reduce.by === 'count'),
}

function problemsOf(sql: string, countsOnly: boolean): readonly Problem[] {
  const code = withoutQuotes(sql)
  const example = `select word as key${countsOnly ? '' : ', 1 as value'} from input`
  const problem = (what: string, fix: string): Problem => ({ field: 'spec.map.sql', what, fix })
  if (!/^(select|with|from)\b/i.test(code))
    return [problem('does not begin with select', `Write one such as: ${example}`)]
  if (code.includes(';'))
    return [
      problem('has more than one statement', 'Write one select; a common table expression (with …) holds the steps.'),
    ]
  const columns = (countsOnly ? ['key'] : ['key', 'value']).filter(name => !new RegExp(`\\b${name}\\b`, 'i').test(code))
  return [
    ...columns.map(name => problem(`names no column ${name}`, `Add an "as ${name}", as in: ${example}`)),
    ...(/\binput\b/i.test(code) ? [] : [problem('does not read input', `Add "from input", as in: ${example}`)]),
  ]
}

/** Text and comments out of the way, since a `;` or a word in them means nothing. Quoted names stay. */
const withoutQuotes = (sql: string): string =>
  sql
    .replace(/'(?:[^']|'')*'/g, "''")
    .replace(/--[^\n]*/g, ' ')
    .replace(/\/\*[\s\S]*?\*\//g, ' ')
    .trim()
