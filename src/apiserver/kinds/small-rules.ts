/** Rules for one value that many kinds share, with upstream's words: numbers, choices, ports, addresses, percentages. */
import { isIP } from 'node:net'
import { type FieldError, invalid, notSupported, required } from '../resource/field-error.ts'

export type Errors = readonly FieldError[]

export const MAX_INT32 = 2 ** 31 - 1

export const when = (condition: unknown, ...errors: readonly FieldError[]): Errors => (condition ? errors : [])

export const oneOf = (supported: readonly string[], value: unknown, field: string): Errors =>
  value === undefined || supported.includes(String(value)) ? [] : [notSupported(field, value, supported)]

export const notNegative = (value: number | undefined, field: string): Errors =>
  value === undefined || value >= 0 ? [] : [invalid(field, value, 'must be greater than or equal to 0')]

export const within = (value: number | undefined, low: number, high: number, field: string): Errors =>
  value === undefined || (value >= low && value <= high)
    ? []
    : [invalid(field, value, `must be between ${low} and ${high}, inclusive`)]

export const validatePort = (port: unknown, field: string): Errors =>
  port === undefined
    ? [required(field)]
    : typeof port === 'number' && Number.isInteger(port) && port >= 1 && port <= 65535
      ? []
      : [invalid(field, port, 'must be between 1 and 65535, inclusive')]

/** IANA service names, by which ports are called. */
export function checkPortName(name: string, field: string): Errors {
  const isPlain = /^[-a-z0-9]+$/.test(name)
  return [
    ...when(name.length > 15, invalid(field, name, 'must be no more than 15 characters')),
    ...when(!isPlain, invalid(field, name, 'must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)')),
    ...when(!/[a-z]/i.test(name), invalid(field, name, 'must contain at least one letter (a-z)')),
    ...when(name.includes('--'), invalid(field, name, 'must not contain consecutive hyphens')),
    ...when(/^-|-$/.test(name), invalid(field, name, 'must not begin or end with a hyphen')),
  ]
}

/** A number, or the name of a port. */
export const checkPortOrName = (port: number | string | undefined, field: string): Errors =>
  typeof port === 'string' ? checkPortName(port, field) : validatePort(port ?? 0, field)

export const checkAddress = (text: string | undefined, field: string): Errors =>
  isIP(text ?? '') ? [] : [invalid(field, text ?? '', 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)')]

/** A count of pods, or a share of them (`25%`). */
export function checkCountOrShare(value: number | string | undefined, field: string): Errors {
  if (typeof value === 'number') return notNegative(value, field)
  if (value === undefined || /^\d+%$/.test(value)) return []
  return [
    invalid(
      field,
      value,
      "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')",
    ),
  ]
}

/** A `100%` or less. */
export const atMostAll = (value: number | string | undefined, field: string): Errors =>
  typeof value === 'string' && Number.parseInt(value, 10) > 100
    ? [invalid(field, value, 'must not be greater than 100%')]
    : []
