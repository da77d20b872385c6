/** Which values are equal, and which comes first: numbers of all types by what they are worth. */
import { CelList, CelMap, type CelValue, Duration, Opaque, Optional, Timestamp, TypeValue, Uint } from './values.ts'

/** A number of any type, for comparison with one of another: bigints as they are, doubles as numbers. */
const numeric = (value: CelValue): bigint | number | undefined =>
  typeof value === 'bigint' || typeof value === 'number' ? value : value instanceof Uint ? value.value : undefined

export function equals(a: CelValue, b: CelValue): boolean {
  if (a === b) return true
  const x = numeric(a)
  const y = numeric(b)
  // biome-ignore lint/suspicious/noDoubleEquals: 1n == 1 compares by value, which is CEL's meaning
  if (x !== undefined && y !== undefined) return x == y
  if (a instanceof CelList && b instanceof CelList) return sameLists(a, b)
  if (a instanceof CelMap && b instanceof CelMap) return sameMaps(a, b)
  if (a instanceof Timestamp && b instanceof Timestamp) return a.nanos === b.nanos
  if (a instanceof Duration && b instanceof Duration) return a.nanos === b.nanos
  if (a instanceof TypeValue && b instanceof TypeValue) return a.name === b.name
  if (a instanceof Uint8Array && b instanceof Uint8Array) return Buffer.compare(a, b) === 0
  if (a instanceof Optional && b instanceof Optional) {
    return a.value === undefined || b.value === undefined ? a.value === b.value : equals(a.value, b.value)
  }
  if (a instanceof Opaque && b instanceof Opaque) return a.type === b.type && sameOpaque(a.value, b.value)
  return false
}

const sameOpaque = (a: unknown, b: unknown): boolean => JSON.stringify(a, plain) === JSON.stringify(b, plain)
const plain = (_: string, value: unknown): unknown => (typeof value === 'bigint' ? `${value}` : value)

function sameLists(a: CelList, b: CelList): boolean {
  if (a.size !== b.size) return false
  for (let i = 0; i < a.size; i++) if (!equals(a.at(i), b.at(i))) return false
  return true
}

function sameMaps(a: CelMap, b: CelMap): boolean {
  if (a.size !== b.size) return false
  for (const key of a.keys()) {
    const other = b.get(key)
    if (other === undefined || !equals(a.get(key) ?? null, other)) return false
  }
  return true
}

/** Something that JavaScript's own `<` orders as CEL does. */
function ordered(value: CelValue): number | bigint | string | boolean {
  if (value instanceof Uint) return value.value
  if (value instanceof Timestamp || value instanceof Duration) return value.nanos
  if (value instanceof Uint8Array) return Buffer.from(value).toString('latin1')
  return value as number | bigint | string | boolean
}

/** Below, at or above zero; NaN where there is no order. */
export function compareValues(a: CelValue, b: CelValue): number {
  const x = ordered(a)
  const y = ordered(b)
  return x < y ? -1 : x > y ? 1 : x === y || (typeof x !== typeof y && !(x < y) && !(x > y)) ? 0 : Number.NaN
}
