/**
 * What an object of a definition breaks: its schema, its lists, its scale, its rules, in upstream's order (apiextensions-apiserver's
 * registry/customresource). Everything that can be made from the schema alone is made once.
 */
import { isRecord } from '../../kube/equal.ts'
import type { UnknownObject } from '../../kube/object.ts'
import type { SchemaViolation, StructuralSchema } from '../../kube/schema.ts'
import { newViolations } from '../../kube/schema-correlate.ts'
import { TEXT_RULES } from '../../kube/schema-format.ts'
import { validateLists } from '../../kube/schema-lists.ts'
import { formatDottedPath, formatFieldPath } from '../../kube/schema-path.ts'
import { compileRules } from '../../kube/schema-rules.ts'
import { causeMessage, validateValues } from '../../kube/schema-validate.ts'
import { checkLabels } from '../kinds/names.ts'
import { type FieldError, invalid } from '../resource/field-error.ts'
import type { ScalePaths } from '../resource/resource.ts'

export type CustomValidator = (
  object: UnknownObject,
  old?: UnknownObject,
  warn?: (text: string) => void,
) => readonly FieldError[]

/** An object that is wrong in one of these ways is not shown to rules: they could not rely on its shape. */
const BLOCKING = new Set([
  'FieldValueNotSupported',
  'FieldValueRequired',
  'FieldValueTooLong',
  'FieldValueTooMany',
  'FieldValueTypeInvalid',
])

export function customValidator(schema: StructuralSchema, scale: ScalePaths | undefined): CustomValidator {
  let rules: ReturnType<typeof compileRules>
  let areCompiled = false
  const compiledRules = () => {
    if (!areCompiled) rules = compileRules(schema)
    areCompiled = true
    return rules
  }
  return (object, old, warn) => {
    const values = withRemarks(validateValues(schema, object, TEXT_RULES))
    const fresh = old ? newViolations(schema, object, old, values) : values
    const errors = [
      ...fresh.map(shown),
      ...(scale ? scaleProblems(object, scale) : []),
      ...(hasEmbedded(schema) ? embeddedProblems(schema, object, '') : []),
      ...listProblems(schema, object, old),
    ]
    const compiled = compiledRules()
    if (!compiled) return errors
    if (errors.some(({ reason }) => BLOCKING.has(reason))) return [...errors, NOT_CHECKED]
    const { violations, warnings } = compiled.validate(object, old)
    // What an update has not touched is told, not refused.
    for (const { field, body } of warnings.map(shown)) warn?.(`${field}: ${body}`)
    return [...errors, ...violations.map(shown)]
  }
}

const NOT_CHECKED: FieldError = {
  field: '<nil>',
  reason: 'FieldValueInvalid',
  body: 'Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation',
}

const shown = (violation: SchemaViolation): FieldError => ({
  field: violation.field ?? (fieldOf(violation) || '<nil>'),
  reason: violation.reason,
  body: causeMessage(violation),
})

/** kube-openapi puts a dot before every name; keys of lists are apimachinery's own and stand in brackets. */
const fieldOf = ({ path, reason }: SchemaViolation): string =>
  reason === 'FieldValueDuplicate' ? formatFieldPath(path) : formatDottedPath(path)

/** A fraction where an integer belongs is complained of twice. */
const withRemarks = (violations: readonly SchemaViolation[]): readonly SchemaViolation[] =>
  violations.flatMap(violation =>
    violation.reason === 'FieldValueTypeInvalid' && violation.detail.endsWith('of type integer: "number"')
      ? [violation, fractionRemark(violation)]
      : [violation],
  )

const fractionRemark = ({ path }: SchemaViolation): SchemaViolation => ({
  path: [],
  at: path,
  reason: 'FieldValueInvalid',
  value: '',
  detail: `Checked value must be of type integer (default format) in ${formatDottedPath(path)}`,
})

/** A list that was wrong already may stay so. */
function listProblems(
  schema: StructuralSchema,
  object: UnknownObject,
  old: UnknownObject | undefined,
): readonly FieldError[] {
  const found = validateLists(schema, object)
  if (found.length === 0 || (old && validateLists(schema, old).length > 0)) return []
  return found.map(shown)
}

const MAX_REPLICAS = 2 ** 31 - 1

function scaleProblems(
  object: UnknownObject,
  { specReplicas, statusReplicas, selector }: ScalePaths,
): readonly FieldError[] {
  const count = (path: readonly string[]): readonly FieldError[] => {
    const field = `.${path.join('.')}`
    const value = valueAt(object, path)
    if (isRefusal(value)) return [invalid(field, 0, `${field} accessor error: ${value.refusal}`)]
    if (value === undefined) return []
    if (typeof value !== 'number' || !Number.isInteger(value)) {
      return [
        invalid(field, 0, `${field} accessor error: ${String(value)} is of the type ${goType(value)}, expected int64`),
      ]
    }
    if (value < 0) return [invalid(field, value, 'should be a non-negative integer')]
    return value > MAX_REPLICAS ? [invalid(field, value, `should be less than or equal to ${MAX_REPLICAS}`)] : []
  }
  const text = selector && valueAt(object, selector)
  const field = `.${selector?.join('.')}`
  return [
    ...count(specReplicas),
    ...count(statusReplicas),
    ...(text === undefined || typeof text === 'string'
      ? []
      : [
          invalid(
            field,
            '',
            `${field} accessor error: ${JSON.stringify(text)} is of the type ${goType(text)}, expected string`,
          ),
        ]),
  ]
}

/** The value at a path, or Go's words for what stands in the way. */
function valueAt(object: unknown, path: readonly string[]): unknown {
  let here = object
  for (const step of path) {
    if (here === undefined) return undefined
    if (!isRecord(here))
      return { refusal: `${String(here)} is of the type ${goType(here)}, expected map[string]interface{}` }
    here = here[step]
  }
  return here
}

const isRefusal = (value: unknown): value is { readonly refusal: string } =>
  isRecord(value) && typeof value.refusal === 'string' && Object.keys(value).length === 1

function goType(value: unknown): string {
  if (typeof value === 'number') return Number.isInteger(value) ? 'int64' : 'float64'
  if (typeof value === 'boolean') return 'bool'
  if (typeof value === 'string') return 'string'
  if (value === null) return '<nil>'
  return Array.isArray(value) ? '[]interface {}' : 'map[string]interface {}'
}

const embedded = new WeakMap<StructuralSchema, boolean>()
function hasEmbedded(schema: StructuralSchema): boolean {
  const known = embedded.get(schema)
  if (known !== undefined) return known
  const { properties = {}, additionalProperties, items } = schema
  const below = [...Object.values(properties), items, additionalProperties].filter(isRecord) as StructuralSchema[]
  const has = schema['x-kubernetes-embedded-resource'] === true || below.some(hasEmbedded)
  embedded.set(schema, has)
  return has
}

/** Whole objects inside of others have metadata like any. */
function embeddedProblems(schema: StructuralSchema, value: unknown, at: string): readonly FieldError[] {
  if (!hasEmbedded(schema)) return []
  if (Array.isArray(value)) {
    const { items } = schema
    return items ? value.flatMap((item, i) => embeddedProblems(items, item, `${at}[${i}]`)) : []
  }
  if (!isRecord(value)) return []
  const { properties = {}, additionalProperties } = schema
  const own = schema['x-kubernetes-embedded-resource'] ? metadataProblems(value, at) : []
  return [
    ...own,
    ...Object.entries(value).flatMap(([name, field]) => {
      const known = Object.hasOwn(properties, name) ? properties[name] : additionalProperties
      if (!isRecord(known)) return []
      return embeddedProblems(known as StructuralSchema, field, at === '' ? name : `${at}.${name}`)
    }),
  ]
}

const metadataProblems = ({ metadata }: Readonly<Record<string, unknown>>, at: string): readonly FieldError[] =>
  isRecord(metadata) && metadata.labels !== undefined ? checkLabels(metadata.labels, `${at}.metadata.labels`) : []
