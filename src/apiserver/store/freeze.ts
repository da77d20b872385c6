/** Values as the store keeps them: what JSON would give back, frozen all the way down, so that they can be shared with every reader. */

/**
 * The value frozen in place; where it holds an `undefined` (which the disk would not give back) a copy without it. What is frozen already
 * is taken to be frozen all the way down: a new version of an object costs only what is new in it.
 */
export function freeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  return (Array.isArray(value) ? freezeArray(value) : freezeRecord(value as Record<string, unknown>)) as T
}

function freezeArray(array: unknown[]): readonly unknown[] {
  for (let i = 0; i < array.length; i++) array[i] = freeze(array[i] === undefined ? null : array[i])
  return Object.freeze(array)
}

function freezeRecord(record: Record<string, unknown>): Readonly<Record<string, unknown>> {
  for (const key in record) {
    const value = record[key]
    if (value === undefined) return freezeRecord(withoutUndefined(record))
    const frozen = freeze(value)
    if (frozen !== value) record[key] = frozen
  }
  return Object.freeze(record)
}

const withoutUndefined = (record: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined))
