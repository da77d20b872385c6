/** Types whose JSON is not their fields, as their UnmarshalJSON and MarshalJSON have it (apimachinery, apiextensions-apiserver). */
import { isRecord } from './equal.ts'
import { formatQuantity, parseQuantity } from './quantity.ts'
import { jsonKind, mismatch, type Place, type Walk, WrongType } from './wrong-type.ts'

type ReadNamed = (walk: Walk, name: string, value: unknown, place: Place) => unknown
type Reader = (value: unknown, place: Place, walk: Walk, read: ReadNamed) => unknown

const wrongKind = (value: unknown, place: Place, go: string): WrongType =>
  new WrongType(mismatch(place, jsonKind(value), go))

const QUANTITY = /^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$/

const quantity: Reader = value => {
  const text = typeof value === 'string' || typeof value === 'number' ? String(value) : ''
  const found = parseQuantity(text)
  if (found) {
    const canonical = formatQuantity(found)
    return canonical === value ? value : canonical
  }
  throw new WrongType(
    QUANTITY.test(text)
      ? "unable to parse quantity's suffix"
      : `quantities must match the regular expression '${QUANTITY.source}'`,
  )
}

const CANONICAL_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/
const CANONICAL_MICRO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/
const ANY_TIME = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:[.,](\d+))?(Z|[+-]\d\d:\d\d)$/

const timeReader =
  (layout: string, canonical: RegExp, digits: number): Reader =>
  (value, place) => {
    if (typeof value !== 'string') throw wrongKind(value, place, 'string')
    if (canonical.test(value) && !Number.isNaN(Date.parse(value))) return value
    const [, whole, fraction = '', zone] = ANY_TIME.exec(value) ?? []
    const moment = Date.parse(`${whole}${zone}`)
    if (whole === undefined || Number.isNaN(moment)) {
      const shown = JSON.stringify(value)
      throw new WrongType(`parsing time ${shown} as "${layout}": cannot parse ${shown} as "2006"`)
    }
    const seconds = new Date(moment).toISOString().slice(0, 19)
    return digits === 0 ? `${seconds}Z` : `${seconds}.${fraction.padEnd(digits, '0').slice(0, digits)}Z`
  }

const intOrString: Reader = (value, place) => {
  if (typeof value === 'string') return value
  if (typeof value !== 'number') throw wrongKind(value, place, 'int32')
  if (Number.isInteger(value) && Math.abs(value) <= 2 ** 31) return value
  throw new WrongType(mismatch(place, `number ${value}`, 'int32'))
}

const duration: Reader = (value, place) => {
  if (typeof value !== 'string') throw wrongKind(value, place, 'string')
  if (/^[+-]?(\d+(\.\d*)?(ns|us|µs|ms|s|m|h))+$|^0$/.test(value)) return value
  throw new WrongType(`time: invalid duration ${JSON.stringify(value)}`)
}

const anything: Reader = value => value
const SCHEMA = 'apiextensions/v1.JSONSchemaProps'

const schemaOr =
  (isOther: (value: unknown) => boolean): Reader =>
  (value, place, walk, read) =>
    isOther(value) || !isRecord(value) ? value : read(walk, SCHEMA, value, place)

const READERS: Readonly<Record<string, Reader>> = {
  'meta/v1.Time': timeReader('2006-01-02T15:04:05Z07:00', CANONICAL_TIME, 0),
  'meta/v1.MicroTime': timeReader('2006-01-02T15:04:05.000000Z07:00', CANONICAL_MICRO, 6),
  'meta/v1.Duration': duration,
  'meta/v1.FieldsV1': anything,
  'runtime.RawExtension': anything,
  'apiextensions/v1.JSON': anything,
  'resource.Quantity': quantity,
  'intstr.IntOrString': intOrString,
  'apiextensions/v1.JSONSchemaPropsOrBool': schemaOr(value => typeof value === 'boolean'),
  'apiextensions/v1.JSONSchemaPropsOrStringArray': schemaOr(Array.isArray),
  'apiextensions/v1.JSONSchemaPropsOrArray': (value, place, walk, read) =>
    Array.isArray(value)
      ? value.map((item, i) => read(walk, SCHEMA, item, { ...place, path: [...place.path, i] }))
      : schemaOr(() => false)(value, place, walk, read),
}

export const SPECIAL_TYPES: ReadonlySet<string> = new Set(Object.keys(READERS))

export function readSpecial(walk: Walk, name: string, value: unknown, place: Place, read: ReadNamed): unknown {
  return READERS[name]?.(value, place, walk, read) ?? value
}
