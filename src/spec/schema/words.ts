/** The few words in which the kinds' schemas are written: a type, its description first, then what bounds it. */
import type { StructuralSchema } from '../../kube/schema.ts'

type Bounds = Omit<StructuralSchema, 'type' | 'description' | 'properties' | 'items' | 'additionalProperties'>

export const text = (description: string, bounds: Bounds = {}): StructuralSchema => ({
  type: 'string',
  description,
  ...bounds,
})

export const integer = (description: string, bounds: Bounds = {}): StructuralSchema => ({
  type: 'integer',
  description,
  ...bounds,
})

export const number = (description: string, bounds: Bounds = {}): StructuralSchema => ({
  type: 'number',
  description,
  ...bounds,
})

export const flag = (description: string): StructuralSchema => ({ type: 'boolean', description })

export const oneOf = (description: string, values: readonly string[]): StructuralSchema => ({
  type: 'string',
  description,
  enum: values,
})

export const list = (description: string, items: StructuralSchema, bounds: Bounds = {}): StructuralSchema => ({
  type: 'array',
  description,
  items,
  ...bounds,
})

/** Free keys to text. */
export const textMap = (description: string): StructuralSchema => ({
  type: 'object',
  description,
  additionalProperties: { type: 'string' },
})

export const record = (
  description: string,
  properties: Readonly<Record<string, StructuralSchema>>,
  required: readonly string[] = [],
): StructuralSchema => ({
  type: 'object',
  description,
  properties,
  ...(required.length > 0 ? { required } : {}),
})

export const time = (description: string): StructuralSchema => text(description, { format: 'date-time' })

/** As apimachinery's api/resource reads them: `500m`, `1.5`, `400Mi`; never negative here. */
export const QUANTITY = '^\\+?([0-9]+(\\.[0-9]*)?|\\.[0-9]+)([numkMGTPE]|[KMGTPE]i|[eE][+-]?[0-9]+)?$'

export const quantity = (description: string): StructuralSchema => text(description, { pattern: QUANTITY })
