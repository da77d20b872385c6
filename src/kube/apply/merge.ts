/** The live value with the applied one laid over it (structured-merge-diff's typed/merge.go). What does not change is shared. */
import { ownValue } from '../equal.ts'
import { saysTheSame } from './compare.ts'
import { fieldSchema, isList, isObject, itemElement, itemsByElement, type Schema } from './shape.ts'

type Json = Readonly<Record<string, unknown>>

export function merge(live: unknown, applied: unknown, schema: Schema): unknown {
  if (live === undefined) return applied
  if (isObject(live, schema) && isObject(applied, schema)) return mergeObjects(live, applied, schema)
  if (isList(live, schema) && isList(applied, schema)) return mergeLists(live, applied, schema)
  return saysTheSame(live, applied, schema) ? live : applied
}

function mergeObjects(live: Json, applied: Json, schema: Schema): Json {
  const merged = new Map(Object.entries(live))
  for (const [name, value] of Object.entries(applied)) {
    // A null is a field that is there and says nothing: it is owned, and the value goes.
    if (value === null) merged.delete(name)
    else merged.set(name, merge(ownValue(live, name), value, fieldSchema(schema, name)))
  }
  const entries = [...merged]
  const isUnchanged =
    entries.length === Object.keys(live).length && entries.every(([name, value]) => live[name] === value)
  return isUnchanged ? live : Object.fromEntries(entries)
}

/** Shared items take the applied order; those that only the live list has stay where they stand among the shared ones. */
function mergeLists(live: readonly unknown[], applied: readonly unknown[], schema: Schema): readonly unknown[] {
  const liveItems = itemsByElement(live, schema)
  const appliedElements = applied.map(item => itemElement(item, schema))
  const claimed = new Set(appliedElements)
  const merged: unknown[] = []
  let next = 0
  const takeApplied = (): void => {
    merged.push(merge(liveItems.get(appliedElements[next]!), applied[next], schema?.items))
    next++
  }
  const nextShared = (): number => {
    let at = next
    while (at < appliedElements.length && !liveItems.has(appliedElements[at]!)) at++
    return at
  }
  for (const item of live) {
    const element = itemElement(item, schema)
    if (!claimed.has(element)) merged.push(item)
    else if (element === appliedElements[nextShared()]) for (let end = nextShared(); next <= end; ) takeApplied()
  }
  while (next < applied.length) takeApplied()
  return merged.length === live.length && merged.every((item, i) => item === live[i]) ? live : merged
}
