/**
 * Everything that is wrong with a declaration in the stored form: fields that nobody knows, types and bounds from the schema, then the
 * rules. The parser calls it for what a person typed, the controllers for what reached the API some other way.
 */
import type { Problem } from '../../base/problem.ts'
import type { StructuralSchema } from '../../kube/schema.ts'
import { type FieldPath, formatFieldPath } from '../../kube/schema-path.ts'
import { pruneUnknown } from '../../kube/schema-prune.ts'
import { type TextRules, validateSchema } from '../../kube/schema-validate.ts'
import type { Declaration } from '../kinds.ts'
import { brokenRules } from '../rules/table.ts'
import type { DeclarationInfo } from '../schema/kinds-table.ts'
import { metadataSchema } from '../schema/metadata.ts'
import { isMisspelt, sentenceOf, unknownField } from './sentences.ts'

/** A problem of an unknown field is about its key, the others are about the value. */
export type FoundProblem = Problem & { readonly part: 'key' | 'value' }

export function checkDeclaration(info: DeclarationInfo, value: unknown): readonly FoundProblem[] {
  const { kind } = info
  const schema = wholeSchema(info)
  const violations = validateSchema(schema, value, OWN_TEXTS)
  const ofWrongType = violations.filter(({ reason }) => reason === 'FieldValueTypeInvalid')
  const unknown = unknownFields(info, value).filter(field => !ofWrongType.some(({ path }) => isInside(path, field)))
  const sentences = violations
    .filter(({ path, reason }) => reason !== 'FieldValueRequired' || !unknown.some(field => isMisspelt(field, path)))
    .map(violation => sentenceOf(kind, schema, value, violation))
  const unsure = [...unknown, ...violations.map(({ path }) => path)].map(formatFieldPath)
  return [
    ...unknown.map(path => ({ ...unknownField(kind, schema, path), part: 'key' as const })),
    ...[...sentences, ...brokenRules(value as Declaration, kind, unsure)].map(problem => ({
      ...problem,
      part: 'value' as const,
    })),
  ]
}

/** Our own schemas have simple patterns and no formats; others' need an engine that cannot stall, which a command need not load. */
const OWN_TEXTS: TextRules = {
  matches: (pattern, text) => new RegExp(pattern).test(text),
  hasFormat: () => true,
}

const isInside = (outer: FieldPath, inner: FieldPath): boolean => outer.every((step, i) => step === inner[i])

/** Without `status`: what is written there is ignored. */
function wholeSchema({ schema }: DeclarationInfo): StructuralSchema {
  const { spec } = schema.properties ?? {}
  return {
    type: 'object',
    required: ['metadata', 'spec'],
    properties: {
      apiVersion: { type: 'string' },
      kind: { type: 'string' },
      metadata: metadataSchema,
      ...(spec ? { spec } : {}),
      status: { 'x-kubernetes-preserve-unknown-fields': true },
    },
  }
}

function unknownFields(info: DeclarationInfo, value: unknown): readonly FieldPath[] {
  const { metadata } = (value ?? {}) as { readonly metadata?: unknown }
  return [
    ...pruneUnknown(metadataSchema, metadata).unknown.map(path => ['metadata', ...path]),
    ...pruneUnknown(wholeSchema(info), value).unknown,
  ]
}
