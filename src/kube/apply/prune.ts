/**
 * Takes out of a merged value what a manager applied last time, does not apply now, and nobody else claims (structured-merge-diff's
 * merge/update.go, prune). A field that held only such things goes as a whole, with the defaults that had grown in it.
 */
import { isRecord } from '../equal.ts'
import { type FieldSet, isMember } from './field-set.ts'
import { fieldElement, fieldSchema, isList, isNamedField, isObject, itemElement, type Schema } from './shape.ts'

/** `last`: the manager's former claims. `kept`: all claims that hold now, the manager's included. */
export function prune(value: unknown, last: FieldSet, kept: FieldSet | undefined, schema: Schema): unknown {
  if (isObject(value, schema)) {
    const entries = Object.entries(value)
    const rest = entries.flatMap(([name, field]) => {
      const element = fieldElement(name)
      const [before, now] = [last[element], kept?.[element]]
      if (before === undefined) return [[name, field] as const]
      if (isGone(before, now, isNamedField(schema, name))) return []
      const pruned = prune(field, before, now, fieldSchema(schema, name))
      const isLeftOver = isNowEmpty(field, pruned) && !isClaimed(now)
      return isLeftOver ? [] : [[name, pruned] as const]
    })
    const isUnchanged = rest.length === entries.length && rest.every(([, field], i) => field === entries[i]![1])
    return isUnchanged ? value : Object.fromEntries(rest)
  }
  if (isList(value, schema)) {
    const rest = value.flatMap(item => {
      const element = itemElement(item, schema)
      const [before, now] = [last[element], kept?.[element]]
      if (before === undefined) return [item]
      return isGone(before, now, false) ? [] : [prune(item, before, now, schema?.items)]
    })
    return rest.length === value.length && rest.every((item, i) => item === value[i]) ? value : rest
  }
  return value
}

/** A field of a type stays while anything in it is claimed; an item or a map's key only while it is claimed itself. */
const isGone = (before: FieldSet, now: FieldSet | undefined, isNamed: boolean): boolean =>
  isNamed ? now === undefined : isMember(before) && !isClaimed(now)

const isClaimed = (claims: FieldSet | undefined): boolean => claims !== undefined && isMember(claims)

const isNowEmpty = (before: unknown, after: unknown): boolean =>
  before !== after &&
  ((Array.isArray(after) && after.length === 0) || (isRecord(after) && Object.keys(after).length === 0))
