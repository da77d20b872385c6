/**
 * What is wrong with one field, and the 422 that tells all of them at once (apimachinery's util/validation/field).
 * Validation functions return lists of these; an empty list is a valid object.
 */
import type { KindInfo } from '../../kube/kinds.ts'
import { type ApiError, aggregateText, apiError, type StatusCause } from '../../kube/status.ts'

export interface FieldError {
  readonly field: string
  readonly reason: string
  /** The message without the field: `Invalid value: "x": must be …`. */
  readonly body: string
}

export const required = (field: string, detail = ''): FieldError => ({
  field,
  reason: 'FieldValueRequired',
  body: `Required value${detail && `: ${detail}`}`,
})

/** The text is made when it is told: rules name their errors before they know whether there is one. */
export const invalid = (field: string, value: unknown, detail: string): FieldError => ({
  field,
  reason: 'FieldValueInvalid',
  get body() {
    return `Invalid value: ${shown(value)}: ${detail}`
  },
})

export const notSupported = (field: string, value: unknown, supported: readonly string[]): FieldError => ({
  field,
  reason: 'FieldValueNotSupported',
  get body() {
    return `Unsupported value: ${shown(value)}: supported values: ${supported.map(s => JSON.stringify(s)).join(', ')}`
  },
})

export const denied = (field: string, detail: string): FieldError => ({
  field,
  reason: 'FieldValueForbidden',
  body: `Forbidden: ${detail}`,
})

export const duplicate = (field: string, value: unknown): FieldError => ({
  field,
  reason: 'FieldValueDuplicate',
  body: `Duplicate value: ${shown(value)}`,
})

export const absent = (field: string, value: unknown): FieldError => ({
  field,
  reason: 'FieldValueNotFound',
  body: `Not found: ${shown(value)}`,
})

export const tooLong = (field: string, maxBytes: number): FieldError => ({
  field,
  reason: 'FieldValueTooLong',
  body: `Too long: may not be more than ${maxBytes} bytes`,
})

const shown = (value: unknown): string => JSON.stringify(value) ?? 'null'

const allTexts = (errors: readonly FieldError[]): string =>
  aggregateText(errors.map(({ field, body }) => `${field}: ${body}`))

const causeOf = ({ field, reason, body }: FieldError): StatusCause => ({ reason, message: body, field })

/** 422, with one cause a field. */
export function invalidObject(
  { group, kind }: Pick<KindInfo, 'group' | 'kind'>,
  name: string,
  errors: readonly FieldError[],
): ApiError {
  return apiError('Invalid', `${group === '' ? kind : `${kind}.${group}`} "${name}" is invalid: ${allTexts(errors)}`, {
    ...(name && { name }),
    ...(group && { group }),
    ...(kind && { kind }),
    causes: errors.map(causeOf),
  })
}
