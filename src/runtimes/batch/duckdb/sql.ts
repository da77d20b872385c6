/** The SQL of map and reduce, as text: which query makes partial results of a split, and which merges those of all splits. Pure. */
import type { Algebra } from '../../../spec/kinds.ts'
import { UserError } from '../failure.ts'

export const quote = (text: string): string => `'${text.replaceAll("'", "''")}'`

/** Names and types as DESCRIBE gives them. */
export interface Columns {
  readonly names: readonly string[]
  readonly types: readonly string[]
}

/** What the bytes of a split allow to leave out: most text has no white space but blanks. */
export interface TextTraits {
  readonly onlyBlanks: boolean
}

const BLANK_CLASSES: readonly string[] = [
  '\\s+',
  '\\s',
  '[\\s]+',
  '[ \\t\\n\\r]+',
  '[ \\t]+',
  '[ \\t\\n]+',
  ' +',
  '[ ]+',
]

/**
 * Pieces of each line of `input`; empty ones are dropped. The pattern is RE2's, as DuckDB has it, whichever way it is run: splitting at a
 * single character is 2.5 times as fast as with a pattern, and for text without other white space `\s+` is a blank.
 */
export function splitPairs(pattern: string, { onlyBlanks }: TextTraits): string {
  const isBlank = onlyBlanks && BLANK_CLASSES.includes(pattern)
  const plain = isBlank ? ' ' : /^[^\\^$.|?*+()[\]{}]$/u.test(pattern) ? pattern : undefined
  const pieces =
    plain === undefined ? `string_split_regex(line, ${quote(pattern)})` : `string_split(line, ${quote(plain)})`
  return `SELECT key, 1::BIGINT AS value FROM (SELECT unnest(${pieces}) AS key FROM input) WHERE key <> ''`
}

export const withoutSemicolon = (select: string): string => select.trim().replace(/;\s*$/, '')

/** The user's select with its columns named. */
export function sqlPairs(text: string, { names }: Columns, by: Algebra | 'module'): string {
  const select = withoutSemicolon(text)
  if (names.length === 2) return `SELECT * FROM (${select}) AS pairs(key, value)`
  if (names.length === 1 && by === 'count') return `SELECT key, 1::BIGINT AS value FROM (${select}) AS pairs(key)`
  throw new UserError(
    `the select gives ${names.length} column${names.length === 1 ? '' : 's'} (${names.join(', ')}); it must give two, the key and the value`,
  )
}

const INTEGERS = /^U?(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT)$/
const NUMBERS = /^(FLOAT|DOUBLE|DECIMAL\(.*\))$/

/** Sums of whole numbers are HUGEINT in DuckDB, which Parquet cannot hold. */
function sumOf(column: string, type: string, by: Algebra): string {
  if (INTEGERS.test(type)) return `sum(${column})::BIGINT`
  if (NUMBERS.test(type)) return `sum(${column})`
  throw new UserError(`the values are ${type}; reduce ${by} needs numbers`)
}

export interface Partials {
  /** From pairs to partial results. */
  readonly select: (pairs: string) => string
  /** Partial results to partial results: chunks of one split. */
  readonly again: (partials: string) => string
}

export function partialsOf(by: Algebra, valueType: string, k: number, combine: boolean): Partials {
  const grouped = (columns: string) => (from: string) => `SELECT key, ${columns} FROM (${from}) GROUP BY key`
  switch (by) {
    case 'sum': {
      const sum = sumOf('value', valueType, by)
      const again = grouped(`${sum} AS value`)
      return { select: combine ? again : from => from, again }
    }
    case 'count':
      return {
        select: combine ? grouped('count(*) AS value') : from => `SELECT key, 1::BIGINT AS value FROM (${from})`,
        again: grouped('sum(value)::BIGINT AS value'),
      }
    case 'avg': {
      sumOf('value', valueType, by)
      return {
        select: combine
          ? grouped('sum(value)::DOUBLE AS total, count(value) AS number')
          : from => `SELECT key, value::DOUBLE AS total, (value IS NOT NULL)::BIGINT AS number FROM (${from})`,
        again: grouped('sum(total) AS total, sum(number)::BIGINT AS number'),
      }
    }
    case 'min':
    case 'max': {
      const again = grouped(`${by}(value) AS value`)
      return { select: combine ? again : from => from, again }
    }
    case 'topK': {
      const top = (from: string): string =>
        `SELECT key, value FROM (${from}) ORDER BY value DESC NULLS LAST, key LIMIT ${k}`
      return { select: top, again: top }
    }
  }
}

/** The final select of a partition over all partial results. */
export function finalOf(by: Algebra, k: number, valueType: string, from: string): string {
  switch (by) {
    case 'sum':
      return `SELECT key, ${sumOf('value', valueType, by)} AS value FROM ${from} GROUP BY key`
    case 'count':
      return `SELECT key, sum(value)::BIGINT AS value FROM ${from} GROUP BY key`
    case 'avg':
      return `SELECT key, sum(total) / sum(number) AS value FROM ${from} GROUP BY key`
    case 'min':
    case 'max':
      return `SELECT key, ${by}(value) AS value FROM ${from} GROUP BY key`
    case 'topK':
      return `SELECT key, value FROM ${from} ORDER BY value DESC NULLS LAST, key LIMIT ${k}`
  }
}

/** `(FORMAT …)` of COPY for each output format. */
export const COPY_OPTIONS = {
  parquet: 'FORMAT parquet',
  csv: 'FORMAT csv, HEADER',
  jsonl: 'FORMAT json, ARRAY false',
} as const
