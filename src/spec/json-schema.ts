/**
 * JSON Schema (2020-12) of what users may write, shorthand included, for editors: `# yaml-language-server: $schema=…`. Made from the
 * stored form's schema and the table of shorthand.
 */
import type { StructuralSchema } from '../kube/schema.ts'
import { API_VERSION } from './kinds.ts'
import { DECLARATION_KINDS, type DeclarationInfo } from './schema/kinds-table.ts'
import type { JsonSchema } from './shorthand/form.ts'
import { SHORTHANDS } from './shorthand/shorthand.ts'

/** One schema for any of our kinds, chosen by `kind`. */
export function declarationJsonSchema(): JsonSchema {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Solvent declaration',
    oneOf: DECLARATION_KINDS.map(jsonSchemaOf),
  }
}

function jsonSchemaOf({ kind, schema }: DeclarationInfo): JsonSchema {
  const { spec } = schema.properties ?? {}
  return {
    title: kind,
    description: schema.description,
    type: 'object',
    required: ['apiVersion', 'kind', 'metadata', 'spec'],
    properties: {
      apiVersion: { const: API_VERSION },
      kind: { const: kind },
      metadata: { type: 'object', required: ['name'], properties: { name: { type: 'string' } } },
      spec: writtenSchema(spec ?? {}, ['spec'], kind),
      // `get -o yaml` prints it; on the way in it is ignored.
      status: { type: 'object' },
    },
    additionalProperties: false,
  }
}

/** A structural schema as JSON Schema, with the alternatives that shorthand offers at `path`. */
function writtenSchema(schema: StructuralSchema, path: readonly string[], kind: DeclarationInfo['kind']): JsonSchema {
  const stored = storedSchema(schema, path, kind)
  const alternatives = SHORTHANDS.filter(({ kinds, at }) => kinds.includes(kind) && at.join('.') === path.join('.'))
  if (alternatives.length === 0) return stored
  const { description, ...rest } = stored
  return { description, anyOf: [rest, ...alternatives.map(({ accepts }) => accepts)] }
}

function storedSchema(schema: StructuralSchema, path: readonly string[], kind: DeclarationInfo['kind']): JsonSchema {
  const { properties, additionalProperties, items, nullable, ...rest } = schema
  return {
    ...rest,
    ...(nullable && rest.type ? { type: [rest.type, 'null'] } : {}),
    ...(items ? { items: storedSchema(items, path, kind) } : {}),
    ...(properties
      ? {
          properties: Object.fromEntries(
            Object.entries(properties).map(([name, field]) => [name, writtenSchema(field, [...path, name], kind)]),
          ),
          additionalProperties: false,
        }
      : {}),
    ...(typeof additionalProperties === 'object'
      ? { additionalProperties: writtenSchema(additionalProperties, [...path, '*'], kind) }
      : {}),
  }
}
