/** Messages whose JSON is not an object of their fields, as their MarshalJSON in apimachinery and apiextensions-apiserver has it. */
import { MalformedProtobuf, WireReader } from './wire.ts'

/** Field number -> value of a small message, read by the kinds of its fields: `i` integer, `s` text, `y` bytes. */
function fieldsOf(
  bytes: Uint8Array,
  kinds: Readonly<Record<number, 'i' | 's' | 'y'>>,
): Readonly<Record<number, number | string | Uint8Array>> {
  const reader = new WireReader(bytes)
  const found: Record<number, number | string | Uint8Array> = {}
  while (!reader.isAtEnd) {
    const { field, wire } = reader.tag()
    const kind = kinds[field]
    if (kind === 'i' && wire === 0) found[field] = reader.integer()
    else if (kind === 's' && wire === 2) found[field] = reader.text()
    else if (kind === 'y' && wire === 2) found[field] = reader.chunk()
    else reader.skip(wire)
  }
  return found
}

/** `undefined` is an absent field. */
type Special = (bytes: Uint8Array, message: (name: string, bytes: Uint8Array) => unknown) => unknown

const utf8 = new TextDecoder()

function json(bytes: unknown): unknown {
  if (!(bytes instanceof Uint8Array) || bytes.length === 0) return undefined
  try {
    return JSON.parse(utf8.decode(bytes))
  } catch {
    throw new MalformedProtobuf('a field that holds JSON holds none')
  }
}

function time(bytes: Uint8Array, digits: number): string | undefined {
  const { 1: seconds = 0, 2: nanos = 0 } = fieldsOf(bytes, { 1: 'i', 2: 'i' })
  if (bytes.length === 0) return undefined
  const moment = new Date(Number(seconds) * 1000)
  if (Number.isNaN(moment.getTime())) throw new MalformedProtobuf('a time out of range')
  const whole = moment.toISOString().slice(0, 19)
  return digits === 0 ? `${whole}Z` : `${whole}.${String(nanos).padStart(9, '0').slice(0, digits)}Z`
}

/** Go's Duration.String for whole seconds and fractions: `1h2m3.5s`. */
function duration(bytes: Uint8Array): string {
  const nanos = Number(fieldsOf(bytes, { 1: 'i' })[1] ?? 0)
  const total = Math.abs(nanos) / 1e9
  const [hours, minutes, seconds] = [Math.floor(total / 3600), Math.floor((total % 3600) / 60), total % 60]
  return `${nanos < 0 ? '-' : ''}${hours ? `${hours}h` : ''}${hours || minutes ? `${minutes}m` : ''}${seconds}s`
}

const META = 'meta/v1'
const EXTENSIONS = 'apiextensions/v1'
const SCHEMA = `${EXTENSIONS}.JSONSchemaProps`

export const SPECIAL: Readonly<Record<string, Special>> = {
  [`${META}.Time`]: bytes => time(bytes, 0),
  [`${META}.MicroTime`]: bytes => time(bytes, 6),
  [`${META}.Duration`]: bytes => duration(bytes),
  [`${META}.FieldsV1`]: bytes => json(fieldsOf(bytes, { 1: 'y' })[1]),
  'resource.Quantity': bytes => fieldsOf(bytes, { 1: 's' })[1] ?? '0',
  'intstr.IntOrString': bytes => {
    const { 1: isText = 0, 2: number = 0, 3: text = '' } = fieldsOf(bytes, { 1: 'i', 2: 'i', 3: 's' })
    return isText === 1 ? text : number
  },
  'runtime.RawExtension': bytes => json(fieldsOf(bytes, { 1: 'y' })[1]),
  [`${EXTENSIONS}.JSON`]: bytes => json(fieldsOf(bytes, { 1: 'y' })[1]),
  [`${EXTENSIONS}.JSONSchemaPropsOrBool`]: (bytes, message) => {
    const { 1: allows = 0, 2: schema } = fieldsOf(bytes, { 1: 'i', 2: 'y' })
    return schema instanceof Uint8Array ? message(SCHEMA, schema) : allows === 1
  },
  [`${EXTENSIONS}.JSONSchemaPropsOrArray`]: (bytes, message) => {
    const reader = new WireReader(bytes)
    const several: unknown[] = []
    while (!reader.isAtEnd) {
      const { field, wire } = reader.tag()
      if (field === 1 && wire === 2) return message(SCHEMA, reader.chunk())
      if (field === 2 && wire === 2) several.push(message(SCHEMA, reader.chunk()))
      else reader.skip(wire)
    }
    return several
  },
  [`${EXTENSIONS}.JSONSchemaPropsOrStringArray`]: (bytes, message) => {
    const reader = new WireReader(bytes)
    const names: string[] = []
    while (!reader.isAtEnd) {
      const { field, wire } = reader.tag()
      if (field === 1 && wire === 2) return message(SCHEMA, reader.chunk())
      if (field === 2 && wire === 2) names.push(reader.text())
      else reader.skip(wire)
    }
    return names
  },
}
