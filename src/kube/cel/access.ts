/** Fields, keys and indexes: what stands there, what it costs to walk over a value, what it means that nothing stands there. */
import { CelError, CelList, CelMap, type CelValue, NONE, Optional, Uint } from './values.ts'

export function entry(value: CelValue, key: CelValue): CelValue {
  if (value instanceof CelMap) {
    const found = value.get(key)
    if (found === undefined) throw new CelError(`no such key: ${shownKey(key)}`)
    return found
  }
  if (value instanceof CelList) {
    const index = typeof key === 'bigint' ? Number(key) : key instanceof Uint ? Number(key.value) : key
    if (typeof index !== 'number' || !Number.isInteger(index)) throw new CelError('no such overload')
    if (index < 0 || index >= value.size) throw new CelError(`index out of bounds: ${index}`)
    return value.at(index)
  }
  throw new CelError('no such overload')
}

const shownKey = (key: CelValue): string => (key instanceof Uint ? String(key.value) : String(key))

export function optionalEntry(value: CelValue, key: CelValue): CelValue {
  const inner = value instanceof Optional ? value.value : value
  if (inner === undefined || inner === null) return NONE
  if (inner instanceof CelMap) {
    const found = inner.get(key)
    return found === undefined ? NONE : new Optional(found)
  }
  if (inner instanceof CelList && typeof key === 'bigint') {
    return key >= 0n && key < BigInt(inner.size) ? new Optional(inner.at(Number(key))) : NONE
  }
  throw new CelError('no such overload')
}

export function has(value: CelValue, field: string): boolean {
  const inner = value instanceof Optional ? value.value : value
  if (inner === undefined) return false
  if (!(inner instanceof CelMap)) throw new CelError('no such overload')
  return inner.get(field) !== undefined
}

/** What walking over a value costs: the size of collections, a tenth for characters. */
export function weight(value: CelValue): number {
  if (typeof value === 'string') return value.length / 10
  if (value instanceof Uint8Array) return value.length / 10
  return value instanceof CelList || value instanceof CelMap ? value.size : 1
}

/** A condition's value; anything but a bool is an error. */
export const isTrue = (value: CelValue): boolean => {
  if (typeof value !== 'boolean') throw new CelError('no such overload')
  return value
}
