/** "Exactly one of these", the commonest rule of all. */
import type { Problem } from '../../base/problem.ts'
import { andList, orList } from '../check/show.ts'

export function exactlyOne(
  field: string,
  value: object,
  names: readonly string[],
  example: string,
): readonly Problem[] {
  const given = names.filter(name => (value as Readonly<Record<string, unknown>>)[name] !== undefined)
  if (given.length === 1) return []
  if (given.length === 0) {
    return [{ field, what: `has none of ${orList(names)}`, why: 'exactly one is needed', fix: `Write ${example}` }]
  }
  return [
    { field, what: `has ${andList(given)}`, why: 'exactly one is possible', fix: `Keep one of ${orList(given)}.` },
  ]
}
