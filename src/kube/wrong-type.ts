/** How Go's JSON decoder says that a value is not of its type (encoding/json, UnmarshalTypeError): word for word what upstream answers. */
import type { FieldPath } from './schema-path.ts'

/** Something is not of its type; the message is Go's, `json: cannot unmarshal …`. */
export class WrongType extends Error {}

/** Where the decoder is: the struct around the field, the fields on the way, and the path for people. */
export interface Place {
  readonly struct: string
  readonly stack: readonly string[]
  readonly path: FieldPath
}

export interface Walk {
  readonly unknown: FieldPath[]
  /** Go goes on after a wrong type and tells the first one in the end; what a type's own decoder refuses is told at once. */
  wrong: string | undefined
}

/** What Go's decoder calls a JSON value. */
export function jsonKind(value: unknown): string {
  if (Array.isArray(value)) return 'array'
  if (typeof value === 'object') return 'object'
  return typeof value === 'boolean' ? 'bool' : typeof value
}

export function mismatch({ struct, stack }: Place, kind: string, go: string): string {
  const where = stack.length === 0 ? 'Go value' : `Go struct field ${struct}.${stack.join('.')}`
  return `json: cannot unmarshal ${kind} into ${where} of type ${go}`
}
