/** JSON values: equality without making text of them (an absent field and an undefined one are the same), and parts of records. */

export function sameJson(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a) || Array.isArray(b)) {
    return Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((item, i) => sameJson(item, b[i]))
  }
  return sameFields(a as Fields, b as Fields)
}

type Fields = Readonly<Record<string, unknown>>

function sameFields(a: Fields, b: Fields): boolean {
  const keys = Object.keys(a)
  return keys.every(key => sameJson(a[key], b[key])) && Object.keys(b).every(key => b[key] === undefined || key in a)
}

/** Whether all fields but these are equal. */
export function sameExcept(left: object, right: object, ...ignored: readonly string[]): boolean {
  const [a, b] = [left as Fields, right as Fields]
  const keys = new Set([...Object.keys(a), ...Object.keys(b)])
  for (const key of ignored) keys.delete(key)
  return [...keys].every(key => sameJson(a[key], b[key]))
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
