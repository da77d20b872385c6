/**
 * What a schema may say beyond being structural: which keywords, which list types with which keys, and rules that compile
 * (apiextensions' validation of OpenAPI schemas).
 */
import { schemaType } from '../../kube/cel/schema-type.ts'
import { isRecord } from '../../kube/equal.ts'
import type { StructuralSchema, ValidationRule } from '../../kube/schema.ts'
import { fieldSchema } from '../../kube/schema-correlate.ts'
import { compileRule, parseRulePath } from '../../kube/schema-rules.ts'
import { denied, type FieldError, invalid, notSupported, required } from '../resource/field-error.ts'

interface Walk {
  readonly found: FieldError[]
  readonly rules: FieldError[]
  readonly compiles: boolean
}

interface Place {
  readonly at: string
  readonly isRoot?: boolean
  readonly forbidsDefaults?: string | undefined
  /** Around this place old and new values cannot be told to belong together. */
  readonly uncorrelated?: string | undefined
}

/** `compiles`: the schema is sound so far, so its rules can be given types. */
export function openApiProblems(root: StructuralSchema, at: string, compiles: boolean): readonly FieldError[] {
  const walk: Walk = { found: [], rules: [], compiles }
  visit(root, { at, isRoot: true }, walk)
  // Rules are judged only where the schema itself is sound.
  return walk.found.length > 0 ? walk.found : walk.rules
}

const TYPES = ['array', 'boolean', 'integer', 'number', 'object', 'string']
const NOT_SUPPORTED = ['id', 'additionalItems', 'patternProperties', 'definitions', 'dependencies', '$ref']

function visit(schema: StructuralSchema, place: Place, walk: Walk): void {
  if (!isRecord(schema)) return
  const { at } = place
  keywords(schema, place, walk.found)
  listTypes(schema, at, walk.found)
  rules(schema, place, walk)
  children(schema, place, walk)
}

function keywords(schema: StructuralSchema, { at, forbidsDefaults }: Place, found: FieldError[]): void {
  const { type, properties, additionalProperties } = schema
  if (type !== undefined && !TYPES.includes(type)) found.push(notSupported(`${at}.type`, type, TYPES))
  if (forbidsDefaults && schema.default !== undefined) {
    found.push(denied(`${at}.default`, `must not be set ${forbidsDefaults}`))
  }
  for (const key of NOT_SUPPORTED) if (key in schema) found.push(denied(`${at}.${key}`, `${key} is not supported`))
  if (schema.uniqueItems) {
    found.push(
      denied(`${at}.uniqueItems`, 'uniqueItems cannot be set to true since the runtime complexity becomes quadratic'),
    )
  }
  if (
    properties &&
    Object.keys(properties).length > 0 &&
    additionalProperties !== undefined &&
    additionalProperties !== true
  ) {
    found.push(denied(`${at}.additionalProperties`, 'additionalProperties and properties are mutual exclusive'))
  }
  if (schema['x-kubernetes-preserve-unknown-fields'] === false) {
    found.push(invalid(`${at}.x-kubernetes-preserve-unknown-fields`, false, 'must be true or undefined'))
  }
}

function children(schema: StructuralSchema, place: Place, walk: Walk): void {
  const { at, isRoot = false } = place
  const { properties = {}, additionalProperties, items } = schema
  const below = { forbidsDefaults: place.forbidsDefaults, uncorrelated: place.uncorrelated }
  if (isRecord(additionalProperties)) {
    visit(additionalProperties as StructuralSchema, { ...below, at: `${at}.additionalProperties` }, walk)
  }
  const uncorrelated = schema['x-kubernetes-map-type'] === 'atomic' ? (place.uncorrelated ?? at) : place.uncorrelated
  for (const [name, property] of Object.entries(properties)) {
    const isMeta = isRoot && ['metadata', 'kind', 'apiVersion'].includes(name)
    const forbidsDefaults = isMeta ? `in top-level ${name}` : place.forbidsDefaults
    visit(property, { at: `${at}.properties[${name}]`, forbidsDefaults, uncorrelated }, walk)
  }
  if (!items) return
  const isMap = schema['x-kubernetes-list-type'] === 'map'
  visit(
    items,
    { ...below, at: `${at}.items`, uncorrelated: isMap ? place.uncorrelated : (place.uncorrelated ?? at) },
    walk,
  )
}

function listTypes(schema: StructuralSchema, at: string, found: FieldError[]): void {
  const { type, items } = schema
  const mapType = schema['x-kubernetes-map-type']
  const listType = schema['x-kubernetes-list-type']
  const mustBe = (wanted: string, key: string): void => {
    const why = `must be ${wanted} if ${key} is specified`
    found.push(type ? invalid(`${at}.type`, type, why) : required(`${at}.type`, why))
  }
  if (mapType !== undefined && type !== 'object') mustBe('object', 'x-kubernetes-map-type')
  if (mapType !== undefined && !['atomic', 'granular'].includes(mapType)) {
    found.push(notSupported(`${at}.x-kubernetes-map-type`, mapType, ['atomic', 'granular']))
  }
  if (listType !== undefined && type !== 'array') mustBe('array', 'x-kubernetes-list-type')
  else if (listType === 'set' && items) setItems(items, at, found)
  if (listType !== undefined && !['atomic', 'set', 'map'].includes(listType)) {
    found.push(notSupported(`${at}.x-kubernetes-list-type`, listType, ['atomic', 'set', 'map']))
  }
  mapKeys(schema, at, found)
  if ((listType === 'set' || listType === 'map') && items?.nullable) {
    found.push(denied(`${at}.items.nullable`, `cannot be nullable when x-kubernetes-list-type is ${listType}`))
  }
}

function setItems(items: StructuralSchema, at: string, found: FieldError[]): void {
  const why = 'must be atomic as item of a list with x-kubernetes-list-type=set'
  const listType = items['x-kubernetes-list-type']
  if (items.type === 'array' && listType !== undefined && listType !== 'atomic') {
    found.push(invalid(`${at}.items.x-kubernetes-list-type`, listType, why))
  }
  if (items.type === 'object' && items['x-kubernetes-map-type'] !== 'atomic') {
    found.push(invalid(`${at}.items.x-kubernetes-map-type`, listType ?? null, why))
  }
}

function mapKeys(schema: StructuralSchema, at: string, found: FieldError[]): void {
  const listType = schema['x-kubernetes-list-type']
  const keys = schema['x-kubernetes-list-map-keys'] ?? []
  const { items } = schema
  const keysField = `${at}.x-kubernetes-list-map-keys`
  if (keys.length > 0 && listType !== 'map') {
    const why = 'must be map if x-kubernetes-list-map-keys is non-empty'
    const field = `${at}.x-kubernetes-list-type`
    found.push(listType === undefined ? required(field, why) : invalid(field, listType, why))
  }
  if (listType !== 'map') return
  if (keys.length === 0) found.push(required(keysField, 'must not be empty if x-kubernetes-list-type is map'))
  if (!items) found.push(required(`${at}.items`, 'must have a schema if x-kubernetes-list-type is map'))
  if (!items) return
  if (items.type !== 'object') {
    found.push(
      invalid(`${at}.items.type`, items.type ?? '', "must be object if parent array's x-kubernetes-list-type is map"),
    )
    return
  }
  keys.forEach((key, i) => {
    const property = items.properties?.[key]
    const field = `${at}.items.properties[${key}]`
    if (!property) found.push(invalid(keysField, keys, 'entries must all be names of item properties'))
    else if (property.type === 'array' || property.type === 'object') {
      found.push(
        invalid(`${field}.type`, items.type, "must be a scalar type if parent array's x-kubernetes-list-type is map"),
      )
    }
    if (keys.indexOf(key) < i) found.push(invalid(keysField, keys, 'must not contain duplicate entries'))
    if (!property) return
    if (!items.required?.includes(key) && property.default === undefined) {
      const why = 'this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property'
      found.push(required(`${field}.default`, why))
    }
    if (property.nullable) {
      found.push(
        denied(`${field}.nullable`, 'this property is in x-kubernetes-list-map-keys, so it cannot be nullable'),
      )
    }
  })
}

const REASONS = ['FieldValueDuplicate', 'FieldValueForbidden', 'FieldValueInvalid', 'FieldValueRequired']

function rules(schema: StructuralSchema, place: Place, walk: Walk): void {
  const all = schema['x-kubernetes-validations'] ?? []
  if (all.length === 0) return
  const isWhole = place.isRoot === true || schema['x-kubernetes-embedded-resource'] === true
  const type = walk.compiles ? schemaType(schema, 'self', isWhole) : undefined
  all.forEach((rule, i) => {
    const at = `${place.at}.x-kubernetes-validations[${i}]`
    const wrong = wording(schema, rule, at)
    walk.found.push(...wrong)
    if (wrong.length > 0 || !type) return
    const { problems, usesOldSelf } = compileRule(rule, type)
    for (const { key, detail } of problems) walk.rules.push(invalid(`${at}.${key}`, shownRule(rule), detail))
    if (usesOldSelf && place.uncorrelated) {
      const why = `oldSelf cannot be used on the uncorrelatable portion of the schema within ${place.uncorrelated}`
      walk.rules.push(invalid(`${at}.rule`, rule.rule, why))
    }
    if (!usesOldSelf && rule.optionalOldSelf !== undefined) {
      const why = 'may not be set if oldSelf is not used in rule'
      walk.rules.push(invalid(`${at}.optionalOldSelf`, rule.optionalOldSelf, why))
    }
  })
}

function wording(schema: StructuralSchema, rule: ValidationRule, at: string): readonly FieldError[] {
  const found: FieldError[] = []
  const message = rule.message?.trim() ?? ''
  if (!rule.rule?.trim()) found.push(required(`${at}.rule`, 'rule is not specified'))
  else if (rule.message && message === '') {
    found.push(invalid(`${at}.message`, rule.message, 'must be non-empty if specified'))
  } else if (/[\n\r]/.test(message)) found.push(invalid(`${at}.message`, rule.message, 'must not contain line breaks'))
  else if (/[\n\r]/.test(rule.rule.trim()) && message === '') {
    found.push(required(`${at}.message`, 'message must be specified if rule contains line breaks'))
  }
  if (rule.messageExpression && rule.messageExpression.trim() === '') {
    found.push(required(`${at}.messageExpression`, 'messageExpression must be non-empty if specified'))
  }
  if (rule.reason !== undefined && !REASONS.includes(rule.reason)) {
    found.push(notSupported(`${at}.reason`, rule.reason, REASONS))
  }
  const { fieldPath } = rule
  if (!fieldPath) return found
  if (fieldPath.trim() === '') found.push(invalid(`${at}.fieldPath`, fieldPath, 'must be non-empty if specified'))
  if (/[\n\r]/.test(fieldPath)) found.push(invalid(`${at}.fieldPath`, fieldPath, 'must not contain line breaks'))
  if (!leadsSomewhere(schema, fieldPath)) found.push(invalid(`${at}.fieldPath`, fieldPath, 'must be a valid path'))
  return found
}

function leadsSomewhere(schema: StructuralSchema, path: string): boolean {
  if (!/^(\.[^.[\]]+|\['(?:[^'\\]|\\.)*'\])+$/.test(path)) return false
  let here: StructuralSchema | undefined = schema
  for (const step of parseRulePath(path)) here = here && fieldSchema(here, String(step))
  return here !== undefined
}

/** A rule as upstream's message shows it: the fields of its Go struct. */
const shownRule = ({ rule, message, messageExpression, reason, fieldPath, optionalOldSelf }: ValidationRule) => ({
  Rule: rule,
  Message: message ?? '',
  MessageExpression: messageExpression ?? '',
  Reason: reason ?? null,
  FieldPath: fieldPath ?? '',
  OptionalOldSelf: optionalOldSelf ?? null,
})
