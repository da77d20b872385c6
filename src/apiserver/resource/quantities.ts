/** Quantities are stored in one way of writing (`0.5` and `500m` are `500m`), as Go's clients write them back. */
import { isRecord } from '../../kube/equal.ts'
import { formatQuantity, parseQuantity } from '../../kube/quantity.ts'
import type { StructuralSchema } from '../../kube/schema.ts'

const known = new WeakMap<StructuralSchema, boolean>()

/** Whether there is anything to look for below. */
function holdsQuantities(schema: StructuralSchema): boolean {
  const before = known.get(schema)
  if (before !== undefined) return before
  // A type that contains itself is asked again while it is being answered: it adds nothing of its own.
  known.set(schema, false)
  const { format, properties = {}, items, additionalProperties } = schema
  const below = [...Object.values(properties), items, additionalProperties].filter(isSchema)
  const holds = format === 'quantity' || below.some(holdsQuantities)
  known.set(schema, holds)
  return holds
}

const isSchema = (schema: unknown): schema is StructuralSchema => isRecord(schema)

/** What is no quantity stays as it is, for validation to refuse. Unchanged parts are shared. */
export function canonicalQuantities(schema: StructuralSchema, value: unknown): unknown {
  if (!holdsQuantities(schema)) return value
  if (schema.format === 'quantity') return canonical(value)
  if (Array.isArray(value)) {
    const { items } = schema
    return items ? value.map(item => canonicalQuantities(items, item)) : value
  }
  if (!isRecord(value)) return value
  const { properties = {}, additionalProperties } = schema
  const fields = Object.entries(value).map(([name, field]) => {
    const inside = Object.hasOwn(properties, name) ? properties[name] : additionalProperties
    return [name, isSchema(inside) ? canonicalQuantities(inside, field) : field] as const
  })
  return Object.fromEntries(fields)
}

function canonical(value: unknown): unknown {
  if (typeof value !== 'string' && typeof value !== 'number') return value
  const quantity = parseQuantity(value)
  return quantity ? formatQuantity(quantity) : value
}
