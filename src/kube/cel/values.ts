/**
 * Values of CEL: an `int` is a bigint, a `double` a number. Objects, lists and maps that come from JSON stay JSON and are turned into
 * values where an expression looks (a schema says which number is an int), so that a rule on one field of a large object costs one field.
 */
import { formatRfc3339, parseDuration, parseTimestamp } from './time.ts'
import type { CelType } from './types.ts'

export type CelValue =
  | bigint
  | number
  | string
  | boolean
  | null
  | Uint8Array
  | Uint
  | Timestamp
  | Duration
  | Optional
  | TypeValue
  | Opaque
  | CelList
  | CelMap

/** Something that went wrong while a rule ran; `||`, `&&` and quantifiers may yet ignore it. */
export class CelError extends Error {}

export class Uint {
  readonly value: bigint
  constructor(value: bigint) {
    this.value = value
  }
}

/** Nanoseconds since 1970. */
export class Timestamp {
  readonly nanos: bigint
  constructor(nanos: bigint) {
    this.nanos = nanos
  }
}

export class Duration {
  readonly nanos: bigint
  constructor(nanos: bigint) {
    this.nanos = nanos
  }
}

export class Optional {
  readonly value: CelValue | undefined
  constructor(value: CelValue | undefined) {
    this.value = value
  }
}
export const NONE = new Optional(undefined)

export class TypeValue {
  readonly name: string
  constructor(name: string) {
    this.name = name
  }
}

/** A value of a library's own type: a URL, an address, a quantity. */
export class Opaque {
  readonly type: string
  readonly value: unknown
  constructor(type: string, value: unknown) {
    this.type = type
    this.value = value
  }
}

export class CelList {
  readonly #items: readonly unknown[]
  /** Of JSON items that are yet to be read; undefined where the items are values already. */
  readonly #type: CelType | undefined
  constructor(items: readonly unknown[], jsonType?: CelType) {
    this.#items = items
    this.#type = jsonType
  }
  get size(): number {
    return this.#items.length
  }
  at(index: number): CelValue {
    const item = this.#items[index]
    return this.#type ? fromJson(item, this.#type) : (item as CelValue)
  }
  *[Symbol.iterator](): Generator<CelValue> {
    for (let i = 0; i < this.#items.length; i++) yield this.at(i)
  }
}

/** Maps and objects. */
export abstract class CelMap {
  abstract get size(): number
  /** Undefined where there is no such key. */
  abstract get(key: CelValue): CelValue | undefined
  abstract keys(): Iterable<CelValue>
}

export class MapValue extends CelMap {
  readonly #entries: ReadonlyMap<unknown, readonly [CelValue, CelValue]>
  constructor(entries: Iterable<readonly [CelValue, CelValue]>) {
    super()
    const map = new Map<unknown, readonly [CelValue, CelValue]>()
    for (const entry of entries) {
      const key = keyOf(entry[0])
      if (map.has(key)) throw new CelError(`Failed with repeated key ${String(key)}`)
      map.set(key, entry)
    }
    this.#entries = map
  }
  get size(): number {
    return this.#entries.size
  }
  get(key: CelValue): CelValue | undefined {
    return this.#entries.get(keyOf(key))?.[1]
  }
  *keys(): Generator<CelValue> {
    for (const [key] of this.#entries.values()) yield key
  }
}

/** Numbers of all types that are equal are one key. */
function keyOf(key: CelValue): unknown {
  if (key instanceof Uint) return key.value
  if (typeof key === 'number' && Number.isInteger(key)) return BigInt(key)
  return key
}

/** A JSON object as its type says: a map (`additionalProperties`) or an object with fields. */
class JsonMap extends CelMap {
  readonly #json: Readonly<Record<string, unknown>>
  readonly #type: CelType
  constructor(json: Readonly<Record<string, unknown>>, type: CelType) {
    super()
    this.#json = json
    this.#type = type
  }
  get size(): number {
    return Object.keys(this.#json).length
  }
  get(key: CelValue): CelValue | undefined {
    if (typeof key !== 'string') return undefined
    const { fields, params } = this.#type
    if (!fields) return this.#read(key, params[1] ?? DYNAMIC)
    const field = fields.get(key)
    return field && this.#read(field.jsonName, field.type)
  }
  #read(name: string, type: CelType): CelValue | undefined {
    if (!Object.hasOwn(this.#json, name)) return undefined
    const value = this.#json[name]
    return value === undefined ? undefined : fromJson(value, type)
  }
  *keys(): Generator<CelValue> {
    const { fields } = this.#type
    if (!fields) yield* Object.keys(this.#json)
    else for (const [name, { jsonName }] of fields) if (Object.hasOwn(this.#json, jsonName)) yield name
  }
}

/** Fields that are worked out when they are asked for, and then kept. */
export class LazyMap extends CelMap {
  readonly #make: ReadonlyMap<string, () => CelValue>
  readonly #made = new Map<string, CelValue>()
  constructor(make: ReadonlyMap<string, () => CelValue>) {
    super()
    this.#make = make
  }
  get size(): number {
    return this.#make.size
  }
  get(key: CelValue): CelValue | undefined {
    const name = key as string
    const known = this.#made.get(name)
    if (known !== undefined) return known
    const made = this.#make.get(name)?.()
    if (made !== undefined) this.#made.set(name, made)
    return made
  }
  keys(): Iterable<CelValue> {
    return this.#make.keys()
  }
}

const DYNAMIC: CelType = { name: 'dyn', params: [] }

export function fromJson(value: unknown, type: CelType): CelValue {
  if (value === null || value === undefined) return null
  switch (typeof value) {
    case 'boolean':
      return value
    case 'number':
      return type.name === 'double' || !Number.isInteger(value) ? value : BigInt(value)
    case 'string':
      return textValue(value, type.name)
    case 'object':
      if (Array.isArray(value)) return new CelList(value, type.params[0] ?? DYNAMIC)
      return new JsonMap(value as Record<string, unknown>, type)
    default:
      return null
  }
}

function textValue(text: string, type: string): CelValue {
  if (type === 'timestamp') return new Timestamp(orError(parseTimestamp(text), text, type))
  if (type === 'duration') return new Duration(orError(parseDuration(text), text, type))
  if (type === 'bytes') return new Uint8Array(Buffer.from(text, 'base64'))
  return text
}

function orError(nanos: bigint | undefined, text: string, type: string): bigint {
  if (nanos === undefined) throw new CelError(`Invalid ${type} ${JSON.stringify(text)}`)
  return nanos
}

export function typeName(value: CelValue): string {
  switch (typeof value) {
    case 'bigint':
      return 'int'
    case 'number':
      return 'double'
    case 'string':
      return 'string'
    case 'boolean':
      return 'bool'
    default:
      break
  }
  if (value === null) return 'null_type'
  if (value instanceof Uint) return 'uint'
  if (value instanceof CelList) return 'list'
  if (value instanceof CelMap) return 'map'
  if (value instanceof Uint8Array) return 'bytes'
  if (value instanceof Timestamp) return 'google.protobuf.Timestamp'
  if (value instanceof Duration) return 'google.protobuf.Duration'
  if (value instanceof Optional) return 'optional_type'
  if (value instanceof TypeValue) return 'type'
  return (value as Opaque).type
}

/** A value as JSON would have it, for messages and audit annotations. */
export function toJson(value: CelValue): unknown {
  if (typeof value === 'bigint') return Number(value)
  if (value instanceof Uint) return Number(value.value)
  if (value instanceof CelList) return [...value].map(toJson)
  if (value instanceof CelMap) return Object.fromEntries([...value.keys()].map(k => [k, toJson(value.get(k) ?? null)]))
  if (value instanceof Timestamp) return formatRfc3339(value.nanos)
  if (value instanceof Optional) return value.value === undefined ? null : toJson(value.value)
  return value
}
