/** Defaults have to be values that their own schema would take (apiextensions-apiserver's schema/defaulting/validation.go). */
import { isRecord, isSame } from '../../kube/equal.ts'
import type { SchemaViolation, StructuralSchema } from '../../kube/schema.ts'
import { TEXT_RULES } from '../../kube/schema-format.ts'
import { formatDottedPath } from '../../kube/schema-path.ts'
import { pruneUnknown } from '../../kube/schema-prune.ts'
import { compileRules } from '../../kube/schema-rules.ts'
import { causeMessage, validateSchema } from '../../kube/schema-validate.ts'
import { type FieldError, invalid } from '../resource/field-error.ts'

export function defaultProblems(root: StructuralSchema, at: string): readonly FieldError[] {
  const found: FieldError[] = []
  visit(root, at, found)
  return found
}

function visit(schema: StructuralSchema, at: string, found: FieldError[]): void {
  if (schema.default !== undefined) found.push(...problemsOf(schema, `${at}.default`))
  if (schema.items) visit(schema.items, `${at}.items`, found)
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    visit(property, `${at}.properties[${name}]`, found)
  }
  const { additionalProperties } = schema
  if (isRecord(additionalProperties))
    visit(additionalProperties as StructuralSchema, `${at}.additionalProperties`, found)
}

function problemsOf(schema: StructuralSchema, at: string): readonly FieldError[] {
  const value = schema.default
  const isEmbedded = schema['x-kubernetes-embedded-resource'] === true
  const kept = pruneInside(schema, value, isEmbedded)
  const wrong = validateSchema(schema, value, TEXT_RULES)
  const rules = wrong.length > 0 ? undefined : compileRules(schema)
  const violations = rules ? rules.validate(value, value).violations : wrong
  return [
    ...(isSame(kept, value) ? [] : [invalid(at, value, 'must not have unknown fields')]),
    ...violations.map(violation => within(at, violation)),
  ]
}

/** `pruneUnknown` takes a whole object; a default is a part of one unless it is embedded. */
function pruneInside(schema: StructuralSchema, value: unknown, isEmbedded: boolean): unknown {
  if (isEmbedded) return pruneUnknown(schema, value).value
  const holder: StructuralSchema = { type: 'object', properties: { value: schema } }
  return (pruneUnknown(holder, { value }).value as { readonly value: unknown }).value
}

function within(at: string, violation: SchemaViolation): FieldError {
  const path = formatDottedPath(violation.path)
  const field = path === '' ? at : `${at}${path.startsWith('[') ? '' : '.'}${path}`
  // The value is judged alone: upstream's message names it by nothing.
  const body = causeMessage(violation).replace(': <nil> must', ':  in body must')
  return { field, reason: violation.reason, body }
}
