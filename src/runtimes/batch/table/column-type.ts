/**
 * The types that columns `key` and `value` may have, and how two of them meet. Every task tells what it saw; the coordinator merges
 * that into one type a column before the reduce stage, so that all output files agree.
 */
export type ColumnType = 'string' | 'integer' | 'double' | 'boolean' | 'json'

/** `undefined` where the two cannot share a column. */
export function merge(a: ColumnType | undefined, b: ColumnType | undefined): ColumnType | undefined | 'conflict' {
  if (a === undefined || a === b) return b
  if (b === undefined) return a
  if (isNumber(a) && isNumber(b)) return 'double'
  return a === 'json' || b === 'json' ? 'json' : 'conflict'
}

const isNumber = (type: ColumnType): boolean => type === 'integer' || type === 'double'

/** The type that a value of a user's function has; `undefined` for null, which every column may hold. */
export function typeOf(value: unknown): ColumnType | undefined {
  switch (typeof value) {
    case 'string':
      return 'string'
    case 'number':
      return Number.isInteger(value) ? 'integer' : 'double'
    case 'bigint':
      return 'integer'
    case 'boolean':
      return 'boolean'
    default:
      return value === null ? undefined : 'json'
  }
}
