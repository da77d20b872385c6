/** Whether two JSON values say the same; shared parts are equal without looking. */

type Json = Readonly<Record<string, unknown>>

export const isRecord = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The order of fields does not count, a field that is `undefined` is as good as absent. */
export function isSame(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((item, i) => isSame(item, b[i]))
  return isRecord(a) && isRecord(b) && holds(a, b) && hasNoMoreThan(b, a)
}

const holds = (a: Json, b: Json): boolean => Object.keys(a).every(key => isSame(a[key], ownValue(b, key)))
const hasNoMoreThan = (b: Json, a: Json): boolean =>
  Object.keys(b).every(key => b[key] === undefined || Object.hasOwn(a, key))

/** A field of a JSON object; never what its prototype has. */
export const ownValue = (record: Json, key: string): unknown => (Object.hasOwn(record, key) ? record[key] : undefined)

/** The object without a field. */
export function without<T extends Json>(record: T, key: string): T {
  if (!Object.hasOwn(record, key)) return record
  const { [key]: _, ...rest } = record
  return rest as T
}
