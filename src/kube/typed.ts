/**
 * An object of a built-in kind as Go's typed clients and servers have it: fields that the type does not know are told and dropped, wrong
 * types are refused in the words of Go's JSON decoder, and what encoding would leave out or fill in is left out or filled in (`omitempty`;
 * `status: {}`; quantities and times in one way of writing). One walk along the table of types; what needs no change is shared.
 */
import { isRecord } from './equal.ts'
import type { FieldPath } from './schema-path.ts'
import { emptyStruct, isEmpty, type Struct, structOf, ZEROS } from './struct-plan.ts'
import { type Scalar, type TypeField, type TypeRef, typeRow } from './type-table.ts'
import { readSpecial, SPECIAL_TYPES } from './typed-special.ts'
import { jsonKind, mismatch, type Place, type Walk, WrongType } from './wrong-type.ts'

export interface Typed {
  readonly value: unknown
  readonly unknown: readonly FieldPath[]
}

/** What a type's defaulting function fills in, by the type's name; the same object where there is nothing to fill in. */
export type TypeDefaults = Readonly<Record<string, (value: Fields) => Fields>>
export type Fields = Readonly<Record<string, unknown>>

/**
 * `type` as in the table of types: `core/v1.Pod`. Throws WrongType. With `defaults` the table's declared ones are filled in too, those of
 * inner types after those of the types around them, as upstream does.
 */
export function asTyped(type: string, value: unknown, defaults?: TypeDefaults): Typed {
  const walk: TypedWalk = { unknown: [], wrong: undefined, defaults }
  const result = readNamed(walk, type, value, { struct: '', stack: [], path: [] })
  if (walk.wrong !== undefined) throw new WrongType(walk.wrong)
  return { value: result, unknown: walk.unknown }
}

interface TypedWalk extends Walk {
  readonly defaults: TypeDefaults | undefined
}

const goPackageName = (name: string): string => name.slice(name.lastIndexOf('/', name.lastIndexOf('.')) + 1)
const GO_SCALARS: Readonly<Record<Scalar, string>> = {
  s: 'string',
  y: '[]uint8',
  b: 'bool',
  i: 'int32',
  l: 'int64',
  u: 'uint32',
  n: 'int',
  d: 'float64',
}

/** A type in Go's words: `[]v1.Container`, `map[string]string`. */
function goType(type: TypeRef): string {
  switch (type.kind) {
    case 'scalar':
      return GO_SCALARS[type.scalar]
    case 'list':
      return `[]${goType(type.of)}`
    case 'map':
      return `map[string]${goType(type.of)}`
    case 'named':
      return goPackageName(type.name)
  }
}

function note(walk: Walk, place: Place, kind: string, go: string): undefined {
  walk.wrong ??= mismatch(place, kind, go)
  return undefined
}

const goText = (type: TypeRef, named: string | undefined): string =>
  named === undefined ? goType(type) : goPackageName(named)

/** `named`: the type's name where it has one of its own, for messages. */
function read(walk: TypedWalk, type: TypeRef, value: unknown, place: Place, named?: string): unknown {
  switch (type.kind) {
    case 'scalar':
      return readScalar(walk, type, value, place, named)
    case 'list':
      if (!Array.isArray(value)) return note(walk, place, jsonKind(value), goText(type, named))
      return mapSame(value, (item, i) => readItem(walk, type.of, item, place, i))
    case 'map':
      if (!isRecord(value)) return note(walk, place, jsonKind(value), goText(type, named))
      return mapValuesSame(value, (item, key) => readItem(walk, type.of, item, place, key))
    case 'named':
      return readNamed(walk, type.name, value, place)
  }
}

/** A scalar that is what it should be, as most are: nothing needs to know where it stands. */
const isSound = (type: TypeRef, value: unknown): boolean =>
  type.kind === 'scalar' &&
  (type.scalar === 's'
    ? typeof value === 'string'
    : type.scalar === 'b'
      ? typeof value === 'boolean'
      : type.scalar === 'i' && Number.isInteger(value) && Math.abs(value as number) < 2 ** 31)

/** In a list or a map a null is the type's zero. */
function readItem(walk: TypedWalk, type: TypeRef, value: unknown, around: Place, key: string | number): unknown {
  if (isSound(type, value)) return value
  return readUnsound(walk, type, value, { ...around, path: [...around.path, key] })
}

function readUnsound(walk: TypedWalk, type: TypeRef, value: unknown, place: Place): unknown {
  if (value !== null && value !== undefined) return read(walk, type, value, place)
  if (type.kind === 'scalar') return ZEROS[type.scalar] ?? ''
  if (type.kind !== 'named') return type.kind === 'list' ? [] : {}
  const row = typeRow(type.name)
  if (row?.kind === 'alias') return readUnsound(walk, row.of, value, place)
  return row?.kind === 'struct' ? emptyStruct(type.name) : value
}

function readNamed(walk: TypedWalk, name: string, value: unknown, place: Place): unknown {
  if (SPECIAL_TYPES.has(name))
    return readSpecial(walk, name, value, place, (_, inner, item, at) => readNamed(walk, inner, item, at))
  const row = typeRow(name)
  if (row?.kind === 'alias') return read(walk, row.of, value, place, name)
  const struct = structOf(name)
  if (!struct) return value
  if (!isRecord(value)) return note(walk, place, jsonKind(value), goPackageName(name))
  return readStruct(walk, name, struct, value, place)
}

function readStruct(
  walk: TypedWalk,
  name: string,
  struct: Struct,
  value: Readonly<Record<string, unknown>>,
  place: Place,
): unknown {
  const goName = name.slice(name.lastIndexOf('.') + 1)
  if (walk.defaults) value = withDefaults(walk.defaults, name, struct, value)
  let result: Record<string, unknown> | undefined
  const keys = Object.keys(value)
  for (const [i, key] of keys.entries()) {
    const given = value[key]
    const kept = readField(walk, goName, struct, key, given, place)
    if (kept === given && kept !== undefined) {
      if (result) result[key] = kept
      continue
    }
    // The first change: what stood before it is taken over.
    result ??= Object.fromEntries(keys.slice(0, i).map(before => [before, value[before]]))
    if (kept !== undefined) result[key] = kept
  }
  for (const [field, zero] of struct.always) {
    if ((result ?? value)[field] !== undefined) continue
    result ??= { ...value }
    result[field] = typeof zero === 'function' ? zero() : zero
  }
  return result ?? value
}

/** Before the fields are walked, so that what is filled in is walked too. */
function withDefaults(defaults: TypeDefaults, name: string, struct: Struct, value: Fields): Fields {
  let filled: Record<string, unknown> | undefined
  for (const [field, fallback] of struct.declared) {
    const given = value[field]
    if (given !== undefined && given !== null && given !== '') continue
    filled ??= { ...value }
    filled[field] = fallback
  }
  // A struct that nobody set is there all the same where its own fields have defaults.
  for (const [field, zero] of struct.always) {
    if (typeof zero !== 'function' || (filled ?? value)[field] !== undefined) continue
    filled ??= { ...value }
    filled[field] = {}
  }
  return defaults[name]?.(filled ?? value) ?? filled ?? value
}

/** The field's value as it is kept; undefined for a field that is dropped. */
function readField(
  walk: TypedWalk,
  goName: string,
  struct: Struct,
  key: string,
  given: unknown,
  place: Place,
): unknown {
  const field = struct.byName.get(key)
  if (!field) {
    if (struct.isObject && (key === 'kind' || key === 'apiVersion')) {
      if (typeof given === 'string') return given
      return note(walk, { ...place, struct: goName, stack: [...place.stack, key] }, jsonKind(given), 'string')
    }
    if (given !== undefined) walk.unknown.push([...place.path, key])
    return undefined
  }
  if (given === null) return struct.nullTimes.has(key) ? null : undefined
  if (given === undefined) return undefined
  const kept = isSound(field.type, given) ? given : read(walk, field.type, given, within(place, goName, field, key))
  return struct.droppable.has(key) && isEmpty(kept) ? undefined : kept
}

const within = (place: Place, struct: string, field: TypeField, key: string): Place => ({
  struct,
  stack: field.within ? [...place.stack, ...field.within, key] : [...place.stack, key],
  path: [...place.path, key],
})

const LIMITS: Partial<Record<Scalar, number>> = { i: 2 ** 31, l: 2 ** 63, u: 2 ** 32, n: 2 ** 63 }

function readScalar(
  walk: TypedWalk,
  type: TypeRef & { readonly kind: 'scalar' },
  value: unknown,
  place: Place,
  named: string | undefined,
): unknown {
  const { scalar } = type
  const wrong = (kind = jsonKind(value)): undefined => note(walk, place, kind, goText(type, named))
  if (scalar === 's') return typeof value === 'string' ? value : wrong()
  if (scalar === 'b') return typeof value === 'boolean' ? value : wrong()
  if (scalar === 'y') return typeof value === 'string' ? checkedBase64(value) : wrong()
  if (typeof value !== 'number') return wrong()
  const limit = LIMITS[scalar]
  if (limit === undefined) return value
  const fits = Number.isInteger(value) && value < limit && value >= (scalar === 'u' ? 0 : -limit)
  return fits ? value : wrong(`number ${value}`)
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

/** Line breaks are passed over, as Go does. */
function checkedBase64(text: string): string {
  const plain = /[\r\n]/.test(text) ? text.replace(/[\r\n]/g, '') : text
  if (BASE64.test(plain)) return plain
  const wrong = text.search(/[^A-Za-z0-9+/\r\n=]/)
  throw new WrongType(
    `illegal base64 data at input byte ${wrong >= 0 ? wrong : Math.max(0, text.length - (text.length % 4 || 1))}`,
  )
}

function mapSame(values: readonly unknown[], change: (value: unknown, index: number) => unknown): readonly unknown[] {
  let changed: unknown[] | undefined
  for (const [i, value] of values.entries()) {
    const next = change(value, i)
    if (changed) changed.push(next)
    else if (next !== value) changed = [...values.slice(0, i), next]
  }
  return changed ?? values
}

function mapValuesSame(
  record: Readonly<Record<string, unknown>>,
  change: (value: unknown, key: string) => unknown,
): Readonly<Record<string, unknown>> {
  const keys = Object.keys(record)
  let isSame = true
  const entries = keys.map(key => {
    const next = change(record[key], key)
    isSame &&= next === record[key]
    return [key, next] as const
  })
  return isSame ? record : Object.fromEntries(entries)
}
