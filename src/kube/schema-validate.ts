/**
 * Checks a value against a structural schema and returns everything that breaks it. The wording follows upstream's
 * (apiextensions-apiserver/pkg/apiserver/validation on top of kube-openapi's validation/errors), because people search for it;
 * `spec/` turns the same violations into sentences of its own.
 */
import { canonicalJson } from './canonical-json.ts'
import type { SchemaViolation, StructuralSchema } from './schema.ts'
import { validateLists } from './schema-lists.ts'
import { numberFormatProblem } from './schema-number.ts'
import { type FieldPath, formatDottedPath } from './schema-path.ts'

/** In place of a value that a message leaves out. */
export const OMITTED = Symbol('omitted')

/** What a schema says of texts, and takes much code to tell: `schema-format.ts`, where somebody else wrote the schema. */
export interface TextRules {
  readonly matches: (pattern: string, text: string) => boolean
  /** True for a format that nobody checks. */
  readonly hasFormat: (format: string, text: string) => boolean
}

/** All violations, in the order in which the fields stand in the value; lists that name an item twice come last. */
export function validateSchema(schema: StructuralSchema, value: unknown, texts: TextRules): SchemaViolation[] {
  return [...validateValues(schema, value, texts), ...validateLists(schema, value)]
}

/** The same but for lists that name an item twice. */
export function validateValues(schema: StructuralSchema, value: unknown, texts: TextRules): SchemaViolation[] {
  const found: SchemaViolation[] = []
  check(schema, value, { path: [], found, texts })
  return found
}

/** The message of a `Status` cause: `Invalid value: "x": spec.a in body must be of type integer: "string"`. */
export function causeMessage({ reason, value, detail }: SchemaViolation): string {
  const shown = `${JSON.stringify(value) ?? 'null'}${detail ? `: ${detail}` : ''}`
  switch (reason) {
    case 'FieldValueRequired':
      return detail ? `Required value: ${detail}` : 'Required value'
    case 'FieldValueNotSupported':
      return `Unsupported value: ${shown}`
    case 'FieldValueForbidden':
      return detail ? `Forbidden: ${detail}` : 'Forbidden'
    case 'FieldValueDuplicate':
      return value === OMITTED ? 'Duplicate value' : `Duplicate value: ${JSON.stringify(value)}`
    case 'FieldValueTooLong':
      return `Too long: ${detail}`
    case 'FieldValueTooMany':
      return `Too many: ${value}: ${detail}`
    case 'FieldValueInvalid':
    case 'FieldValueTypeInvalid':
      return value === OMITTED ? `Invalid value: ${detail}` : `Invalid value: ${shown}`
  }
}

export type JsonType = 'null' | 'boolean' | 'integer' | 'number' | 'string' | 'array' | 'object'

function jsonTypeOf(value: unknown): JsonType {
  if (value === null || value === undefined) return 'null'
  if (Array.isArray(value)) return 'array'
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number'
  return typeof value as JsonType
}

/** Where the walk is: one array that grows and shrinks, copied only into a violation. */
type Path = (string | number)[]
type Found = SchemaViolation[]
type Fields = Readonly<Record<string, unknown>>

interface Walk {
  readonly path: Path
  readonly found: Found
  readonly texts: TextRules
}

function check(schema: StructuralSchema, value: unknown, walk: Walk): void {
  const { path, found } = walk
  const type = jsonTypeOf(value)
  if (type === 'null' && schema.nullable) return
  if (!isOfType(schema, type)) {
    const wanted = schema['x-kubernetes-int-or-string'] ? 'integer,string' : (schema.type ?? '')
    found.push(typeViolation(path, wanted, type))
    return
  }
  if (schema.enum) checkEnum(schema.enum, value, path, found)
  if (hasConditions(schema)) checkConditions(schema, value, walk)
  switch (type) {
    case 'string':
      checkString(schema, value as string, walk)
      break
    case 'integer':
    case 'number':
      checkNumber(schema, value as number, path, found)
      break
    case 'array':
      checkArray(schema, value as readonly unknown[], walk)
      break
    case 'object':
      checkObject(schema, value as Fields, walk)
      break
    default:
  }
}

function isOfType({ type: wanted, 'x-kubernetes-int-or-string': isEither }: StructuralSchema, type: JsonType): boolean {
  if (isEither) return type === 'integer' || type === 'string'
  return wanted === undefined || wanted === type || (wanted === 'number' && type === 'integer')
}

const typeViolation = (path: FieldPath, wanted: string, value: unknown): SchemaViolation => ({
  path: [...path],
  reason: 'FieldValueTypeInvalid',
  value,
  detail: `${inBody(path)} must be of type ${wanted}: ${JSON.stringify(value)}`,
})

const named = (path: FieldPath): string => formatDottedPath(path) || '<nil>'
const inBody = (path: FieldPath): string => (path.length === 0 ? '<nil>' : `${named(path)} in body`)

const invalid = (path: FieldPath, value: unknown, claim: string): SchemaViolation => ({
  path: [...path],
  reason: 'FieldValueInvalid',
  value,
  detail: `${inBody(path)} ${claim}`,
})

/** What upstream says of no field in particular. */
const whole = (path: FieldPath, detail: string): SchemaViolation => ({
  path: [],
  at: [...path],
  reason: 'FieldValueInvalid',
  value: '',
  detail,
})

function checkEnum(allowed: readonly unknown[], value: unknown, path: Path, found: Found): void {
  if (allowed.includes(value) || (typeof value === 'object' && allowed.some(each => sameJson(each, value)))) return
  const shown = allowed.map(each =>
    typeof each === 'string' ? JSON.stringify(each) : JSON.stringify(JSON.stringify(each)),
  )
  found.push({
    path: [...path],
    reason: 'FieldValueNotSupported',
    value,
    detail: `supported values: ${shown.join(', ')}`,
  })
}

const hasConditions = ({ allOf, anyOf, oneOf, not }: StructuralSchema): boolean =>
  allOf !== undefined || anyOf !== undefined || oneOf !== undefined || not !== undefined

function checkConditions(schema: StructuralSchema, value: unknown, walk: Walk): void {
  const { path, found } = walk
  const tried = (schemas: readonly StructuralSchema[]): Found[] =>
    schemas.map(each => {
      const inner: Found = []
      check(each, value, { ...walk, found: inner })
      return inner
    })
  const { anyOf, oneOf, allOf, not } = schema
  // `int-or-string` with its usual conditions is checked as a type.
  if (anyOf) {
    const results = tried(anyOf)
    if (results.every(inner => inner.length > 0)) {
      found.push(whole(path, `"${named(path)}" must validate at least one schema (anyOf)`), ...best(results))
    }
  }
  if (oneOf) {
    const results = tried(oneOf)
    const numValid = results.filter(inner => inner.length === 0).length
    if (numValid !== 1) {
      const which = numValid === 0 ? 'Found none valid' : `Found ${numValid} valid alternatives`
      found.push(whole(path, `"${named(path)}" must validate one and only one schema (oneOf). ${which}`))
      if (numValid === 0) found.push(...best(results))
    }
  }
  if (allOf) {
    const results = tried(allOf)
    const numValid = results.filter(inner => inner.length === 0).length
    found.push(...results.flat())
    if (numValid < allOf.length) {
      found.push(
        whole(
          path,
          `"${named(path)}" must validate all the schemas (allOf)${numValid === 0 ? '. None validated' : ''}`,
        ),
      )
    }
  }
  if (not && tried([not])[0]?.length === 0) {
    found.push(whole(path, `"${named(path)}" must not validate the schema (not)`))
  }
}

/** The alternative that came nearest: upstream counts what held, this counts what did not. */
const best = (results: readonly Found[]): Found => results.reduce((a, b) => (b.length < a.length ? b : a))

function checkString(schema: StructuralSchema, value: string, { path, found, texts }: Walk): void {
  const { minLength, maxLength, pattern, format } = schema
  // OpenAPI counts characters, not UTF-16 units.
  const length = minLength === undefined && maxLength === undefined ? 0 : lengthOf(value)
  // Upstream tells the first of these alone.
  if (maxLength !== undefined && length > maxLength) {
    found.push({
      path: [...path],
      reason: 'FieldValueTooLong',
      value,
      detail: `may not be more than ${maxLength} bytes`,
    })
  } else if (minLength !== undefined && length < minLength) {
    found.push(invalid(path, value, `should be at least ${minLength} chars long`))
  } else if (pattern !== undefined && !texts.matches(pattern, value)) {
    found.push(invalid(path, value, `should match '${pattern}'`))
  }
  if (format !== undefined && !texts.hasFormat(format, value)) found.push(typeViolation(path, format, value))
}

function lengthOf(text: string): number {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the whole of ASCII
  return /^[\x00-\x7f]*$/.test(text) ? text.length : [...text].length
}

function checkNumber(schema: StructuralSchema, value: number, path: Path, found: Found): void {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf, format } = schema
  if (multipleOf !== undefined && !isMultiple(value, multipleOf)) {
    found.push(invalid(path, value, `should be a multiple of ${multipleOf}`))
  }
  if (maximum !== undefined && (exclusiveMaximum ? value >= maximum : value > maximum)) {
    found.push(invalid(path, value, `should be less than ${exclusiveMaximum ? '' : 'or equal to '}${maximum}`))
  }
  if (minimum !== undefined && (exclusiveMinimum ? value <= minimum : value < minimum)) {
    found.push(invalid(path, value, `should be greater than ${exclusiveMinimum ? '' : 'or equal to '}${minimum}`))
  }
  const problem = format === undefined ? undefined : numberFormatProblem(schema.type, format, value)
  if (problem) found.push(whole(path, `Checked value must be of type ${problem} in ${named(path)}`))
}

const isMultiple = (value: number, of: number): boolean => {
  const ratio = value / of
  return Math.abs(ratio - Math.round(ratio)) < 1e-9
}

const items = (count: number): string => `${count} item${count === 1 ? '' : 's'}`

function checkArray(schema: StructuralSchema, value: readonly unknown[], walk: Walk): void {
  const { path, found } = walk
  const { minItems, maxItems, items: item } = schema
  if (maxItems !== undefined && value.length > maxItems) tooMany(path, value.length, maxItems, found)
  if (minItems !== undefined && value.length < minItems) {
    found.push(invalid(path, value.length, `should have at least ${minItems} items`))
  }
  if (!item) return
  for (let i = 0; i < value.length; i++) {
    path.push(i)
    check(item, value[i], walk)
    path.pop()
  }
}

function tooMany(path: Path, count: number, max: number, found: Found): void {
  found.push({ path: [...path], reason: 'FieldValueTooMany', value: count, detail: `must have at most ${items(max)}` })
}

function checkObject(schema: StructuralSchema, value: Fields, walk: Walk): void {
  const { path, found } = walk
  const { properties, additionalProperties, required, minProperties, maxProperties } = schema
  if (maxProperties !== undefined || minProperties !== undefined) {
    const size = Object.keys(value).length
    if (maxProperties !== undefined && size > maxProperties) tooMany(path, size, maxProperties, found)
    if (minProperties !== undefined && size < minProperties) {
      found.push(invalid(path, size, `should have at least ${minProperties} properties`))
    }
  }
  for (const name of required ?? []) if (value[name] === undefined) found.push(missing(path, name))
  if (schema['x-kubernetes-embedded-resource']) {
    for (const name of ['apiVersion', 'kind']) {
      if (!value[name]) found.push({ ...missing(path, name), detail: value[name] === '' ? 'must not be empty' : '' })
    }
  }
  for (const name in value) {
    const field = value[name]
    if (field === undefined) continue
    const known = properties && Object.hasOwn(properties, name) ? properties[name] : additionalProperties
    if (typeof known !== 'object') continue
    path.push(name)
    check(known, field, walk)
    path.pop()
  }
}

const missing = (path: Path, name: string): SchemaViolation => ({
  path: [...path, name],
  at: [...path],
  reason: 'FieldValueRequired',
  detail: '',
})

const sameJson = (a: unknown, b: unknown): boolean => a === b || canonicalJson(a) === canonicalJson(b)
