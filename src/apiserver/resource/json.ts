/** Parts of records, and equality that leaves some of them out. */
import { isSame } from '../../kube/equal.ts'

type Fields = Readonly<Record<string, unknown>>

/** Whether all fields but these are equal. */
export function sameExcept(left: object, right: object, ...ignored: readonly string[]): boolean {
  const [a, b] = [left as Fields, right as Fields]
  const keys = new Set([...Object.keys(a), ...Object.keys(b)])
  for (const key of ignored) keys.delete(key)
  return [...keys].every(key => isSame(a[key], b[key]))
}

/** The record without these fields. */
export function without<T extends object>(record: T, keys: readonly (keyof T)[]): T {
  const rest = { ...record }
  for (const key of keys) delete rest[key]
  return rest
}

/** Of these fields those that the record has. */
export function only<T extends object>(record: T, keys: readonly (keyof T)[]): Partial<T> {
  const kept: Partial<T> = {}
  for (const key of keys) if (record[key] !== undefined) kept[key] = record[key]
  return kept
}
