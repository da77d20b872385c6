/**
 * Which part of an old value a part of a new one was (apiserver's pkg/cel/common, CorrelatedObject): fields by name, items of lists of type
 * map by their keys; items of other lists are nobody's successors.
 */
import { isRecord, isSame } from './equal.ts'
import type { SchemaViolation, StructuralSchema } from './schema.ts'

type Fields = Readonly<Record<string, unknown>>

/** The old field; undefined where there was none. */
export const oldField = (old: unknown, name: string): unknown =>
  typeof old === 'object' && old !== null && !Array.isArray(old) && Object.hasOwn(old, name)
    ? (old as Fields)[name]
    : undefined

/** The old item with the same keys; undefined where there was none or where items cannot be told apart. */
export function oldItem(schema: StructuralSchema, old: unknown, item: unknown): unknown {
  const keys = schema['x-kubernetes-list-map-keys']
  if (schema['x-kubernetes-list-type'] !== 'map' || !keys || !Array.isArray(old)) return undefined
  if (typeof item !== 'object' || item === null) return undefined
  return old.find(each => keys.every(key => isSame((each as Fields | null)?.[key], (item as Fields)[key])))
}

export const fieldSchema = (
  { properties, additionalProperties }: StructuralSchema,
  name: string,
): StructuralSchema | undefined => {
  if (properties && Object.hasOwn(properties, name)) return properties[name]
  return typeof additionalProperties === 'object' ? additionalProperties : undefined
}

/**
 * The violations that an update brings: what stood there before, or stands inside something that has not changed, is tolerated
 * ("ratcheting"). Nothing is compared unless something is wrong.
 */
export function newViolations(
  schema: StructuralSchema,
  value: unknown,
  old: unknown,
  violations: readonly SchemaViolation[],
): readonly SchemaViolation[] {
  return violations.filter(({ path, at = path }) => !isUnchanged(schema, value, old, at))
}

/** Whether the value at a path, or the nearest one around it that has a predecessor, is what it was. */
export function isUnchanged(
  schema: StructuralSchema,
  value: unknown,
  old: unknown,
  path: readonly (string | number)[],
): boolean {
  let [here, now, before]: [StructuralSchema | undefined, unknown, unknown] = [schema, value, old]
  for (const step of path) {
    if (before !== undefined && before !== null && now !== value && isEquivalent(here, now, before)) return true
    const nowNext: unknown = (now as Fields | undefined)?.[step]
    const beforeNext =
      here && typeof step === 'number' ? oldItem(here, before, nowNext) : oldField(before, String(step))
    // No predecessor of its own: what is around it decides.
    if (beforeNext === undefined) return before !== undefined && isEquivalent(here, now, before)
    here = here && (typeof step === 'number' ? here.items : fieldSchema(here, step))
    ;[now, before] = [nowNext, beforeNext]
  }
  return before !== undefined && isEquivalent(here, now, before)
}

/** Equal, where the order of items that have keys says nothing. */
function isEquivalent(schema: StructuralSchema | undefined, now: unknown, before: unknown): boolean {
  if (!schema || isSame(now, before)) return isSame(now, before)
  if (Array.isArray(now) && Array.isArray(before)) {
    if (schema['x-kubernetes-list-type'] !== 'map' || now.length !== before.length) return false
    return now.every(item => {
      const was = oldItem(schema, before, item)
      return was !== undefined && isEquivalent(schema.items, item, was)
    })
  }
  if (!isRecord(now) || !isRecord(before)) return false
  const names = Object.keys(now)
  if (names.length !== Object.keys(before).length) return false
  return names.every(
    name => Object.hasOwn(before, name) && isEquivalent(fieldSchema(schema, name), now[name], before[name]),
  )
}
