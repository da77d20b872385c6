/** What decoding has to know of a struct, worked out once from the table of types: its fields by name, what goes and what always comes. */
import { isRecord } from './equal.ts'
import { jsonFields, type Scalar, type TypeField, typeRow } from './type-table.ts'

export interface Struct {
  /** Defaults that the table declares. */
  readonly declared: readonly (readonly [name: string, value: unknown])[]

  readonly byName: ReadonlyMap<string, TypeField>
  /** Fields that are left out where they are empty: scalars, lists and maps, but no structs. */
  readonly droppable: ReadonlySet<string>
  /** Fields that stand in the JSON even where nobody set them. */
  readonly always: readonly (readonly [name: string, zero: (() => unknown) | null | string | number | boolean])[]
  /** Times that are written as null. */
  readonly nullTimes: ReadonlySet<string>
  readonly isObject: boolean
}

const structs = new Map<string, Struct | undefined>()

export function structOf(name: string): Struct | undefined {
  if (structs.has(name)) return structs.get(name)
  const row = typeRow(name)
  if (row?.kind !== 'struct') {
    structs.set(name, undefined)
    return undefined
  }
  const fields = jsonFields(row)
  const always = fields.flatMap((field): Struct['always'] => {
    const zero = field.isPointer || field.omitsZero ? undefined : zeroOf(field)
    return zero === undefined ? [] : [[field.json, zero]]
  })
  const struct: Struct = {
    declared: fields.flatMap(field => (isDeclared(field) ? [[field.json, field.default] as const] : [])),
    always,
    nullTimes: new Set(always.flatMap(([field, zero]) => (zero === null ? [field] : []))),
    byName: new Map(fields.map(field => [field.json, field])),
    droppable: new Set(fields.filter(isDroppable).map(field => field.json)),
    isObject: row.isObject,
  }
  structs.set(name, struct)
  return struct
}

/** OpenAPI names the zero of everything that is no pointer; only other values are there to be filled in. */
const isDeclared = (field: TypeField): boolean =>
  'default' in field &&
  (field.isPointer || (field.type.kind !== 'named' && !isEmpty(field.default)) || isText(field.default))

const isText = (value: unknown): boolean => typeof value === 'string' && value !== ''

function isDroppable({ type, omitsEmpty, isPointer }: TypeField): boolean {
  if (!omitsEmpty || isPointer) return false
  return type.kind !== 'named' || typeRow(type.name)?.kind === 'alias'
}

export const ZEROS: Partial<Record<Scalar, string | number | boolean>> = {
  s: '',
  b: false,
  i: 0,
  l: 0,
  u: 0,
  n: 0,
  d: 0,
}
const TIMES = new Set(['meta/v1.Time', 'meta/v1.MicroTime'])

/** What Go writes for a field that was never set; undefined is nothing. Lists and maps would be null: they stay absent. */
function zeroOf({ type, omitsEmpty }: TypeField): Struct['always'][number][1] | undefined {
  if (type.kind === 'scalar') return omitsEmpty ? undefined : ZEROS[type.scalar]
  if (type.kind !== 'named') return undefined
  if (TIMES.has(type.name)) return null
  const row = typeRow(type.name)
  if (row?.kind === 'alias') return row.of.kind === 'scalar' && !omitsEmpty ? ZEROS[row.of.scalar] : undefined
  const { name } = type
  return row?.kind === 'struct' ? () => emptyStruct(name) : undefined
}

export function emptyStruct(name: string): Record<string, unknown> {
  return Object.fromEntries(
    (structOf(name)?.always ?? []).map(([field, zero]) => [field, typeof zero === 'function' ? zero() : zero]),
  )
}

export function isEmpty(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0
  if (isRecord(value)) return Object.keys(value).length === 0
  return value === '' || value === 0 || value === false
}
