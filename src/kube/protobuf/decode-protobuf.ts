/**
 * A protobuf body of a Kubernetes client as the object that its JSON would be. Typed clients of client-go 0.32 and later send nothing else
 * for built-in kinds. The envelope is `k8s\0` and a runtime.Unknown (apimachinery, pkg/runtime/serializer/protobuf).
 */
import { type FieldRow, messageOfKind, messageTable } from './messages.ts'
import { SPECIAL } from './special.ts'
import { BYTES, FIXED64, MalformedProtobuf, VARINT, WireReader } from './wire.ts'

const MAGIC = [0x6b, 0x38, 0x73, 0x00]
const MAX_DEPTH = 200

type Fields = Record<string, unknown>

/** Throws `MalformedProtobuf` with what is wrong. A kind without a message, a custom one say, has no protobuf form. */
export function decodeProtobuf(body: Uint8Array): unknown {
  if (!MAGIC.every((byte, i) => body[i] === byte)) {
    throw new MalformedProtobuf(
      'provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]',
    )
  }
  const envelope = unknownOf(body.subarray(MAGIC.length))
  const message = messageOfKind(envelope.apiVersion, envelope.kind)
  if (!message)
    throw new MalformedProtobuf(`no protobuf form of ${envelope.kind} in version "${envelope.apiVersion}" is known`)
  return {
    apiVersion: envelope.apiVersion,
    kind: envelope.kind,
    ...(decodeMessage(message, envelope.raw, 0) as Fields),
  }
}

/** runtime.Unknown: { typeMeta { apiVersion = 1, kind = 2 } = 1, raw = 2 }. */
function unknownOf(bytes: Uint8Array): { apiVersion: string; kind: string; raw: Uint8Array } {
  const found = { apiVersion: '', kind: '', raw: new Uint8Array() }
  const reader = new WireReader(bytes)
  while (!reader.isAtEnd) {
    const { field, wire } = reader.tag()
    if (field === 1 && wire === BYTES) {
      const meta = new WireReader(reader.chunk())
      while (!meta.isAtEnd) {
        const { field: part, wire: kind } = meta.tag()
        if (part === 1 && kind === BYTES) found.apiVersion = meta.text()
        else if (part === 2 && kind === BYTES) found.kind = meta.text()
        else meta.skip(kind)
      }
    } else if (field === 2 && wire === BYTES) found.raw = reader.chunk() as Uint8Array<ArrayBuffer>
    else reader.skip(wire)
  }
  return found
}

function decodeMessage(name: string, bytes: Uint8Array, depth: number): unknown {
  if (depth > MAX_DEPTH) throw new MalformedProtobuf(`nested more than ${MAX_DEPTH} levels deep`)
  const special = SPECIAL[name]
  if (special) return special(bytes, (inner, part) => decodeMessage(inner, part, depth + 1))
  const table = messageTable(name)
  if (!table) throw new MalformedProtobuf(`no message ${name}`)
  const fields: Fields = {}
  const reader = new WireReader(bytes)
  while (!reader.isAtEnd) {
    const { field, wire } = reader.tag()
    const row = table[field]
    if (!row) reader.skip(wire)
    else addField(fields, row, reader, wire, depth)
  }
  // A list with a name of its own (`ExtraValue`) is a message around its items.
  const isList = table[1]?.[0] === '' && table[1][1].startsWith('*')
  return isList ? (fields[''] ?? []) : fields
}

function addField(
  fields: Fields,
  [name, type, flags]: FieldRow,
  reader: WireReader,
  wire: number,
  depth: number,
): void {
  if (type.startsWith('*')) {
    fields[name] ??= []
    ;(fields[name] as unknown[]).push(read(type.slice(1), reader, wire, depth))
  } else if (type.startsWith('@')) {
    const [key, value] = entryOf(type.slice(1), reader, wire, depth)
    fields[name] ??= {}
    // Not assigned: `__proto__` is a key like any other here, and refused later.
    Object.defineProperty(fields[name], key, { value, enumerable: true, writable: true, configurable: true })
  } else {
    const value = read(type, reader, wire, depth)
    if (value === undefined || (flags.includes('0') && type.length === 1 && isZero(value))) return
    if (flags.includes('>')) Object.assign(fields, value)
    else fields[name] = value
  }
}

const isZero = (value: unknown): boolean => value === '' || value === 0 || value === false

/** A map's entry is a message { key = 1, value = 2 }. */
function entryOf(type: string, reader: WireReader, wire: number, depth: number): readonly [string, unknown] {
  if (wire !== BYTES) throw new MalformedProtobuf(`proto: wrong wireType = ${wire} for a map`)
  const entry = new WireReader(reader.chunk())
  let key = ''
  let value: unknown = type === 's' || type === 'y' ? '' : undefined
  while (!entry.isAtEnd) {
    const { field, wire: kind } = entry.tag()
    if (field === 1) key = read('s', entry, kind, depth) as string
    else if (field === 2) value = read(type, entry, kind, depth)
    else entry.skip(kind)
  }
  return [key, value]
}

const WIRES: Readonly<Record<string, number>> = { i: VARINT, b: VARINT, d: FIXED64 }

function read(type: string, reader: WireReader, wire: number, depth: number): unknown {
  if (wire !== (WIRES[type] ?? BYTES)) throw new MalformedProtobuf(`proto: wrong wireType = ${wire}`)
  switch (type) {
    case 's':
      return reader.text()
    case 'y':
      return base64(reader.chunk())
    case 'i':
      return reader.integer()
    case 'b':
      return reader.integer() !== 0
    case 'd':
      return reader.double()
    default:
      return decodeMessage(type, reader.chunk(), depth + 1)
  }
}

function base64(bytes: Uint8Array): string {
  let text = ''
  for (let i = 0; i < bytes.length; i += 0x8000) text += String.fromCharCode(...bytes.subarray(i, i + 0x8000))
  return btoa(text)
}
