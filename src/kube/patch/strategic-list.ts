/**
 * Lists in a strategic merge patch: items are told apart by a merge key, or by their value where they are primitive. The patch's items come
 * in the patch's order; those that only the server has keep their place among them as far as the old order says (strategicpatch's
 * normalizeElementOrder).
 */
import { isRecord, isSame } from '../equal.ts'
import { badPatch } from './bad-patch.ts'

type Json = Readonly<Record<string, unknown>>

/** What tells an item apart: the value of its merge key, or the item itself. */
function identity(item: unknown, mergeKey: string | undefined): unknown {
  if (!isRecord(item)) return item
  if (mergeKey === undefined) throw badPatch('it merges a list of objects that have no merge key')
  if (!Object.hasOwn(item, mergeKey)) throw badPatch(`an item has no ${mergeKey}, by which its list is merged`)
  return item[mergeKey]
}

const find = (list: readonly unknown[], id: unknown, mergeKey: string | undefined): number =>
  list.findIndex(item => isSame(identity(item, mergeKey), id))

export function mergeLists(
  original: readonly unknown[],
  patch: readonly unknown[],
  mergeKey: string | undefined,
  mergeItems: (item: Json, change: Json) => Json,
): readonly unknown[] {
  const directives = patch.map(item => (isRecord(item) ? item.$patch : undefined))
  const changes = patch.filter((_, i) => directives[i] === undefined)
  if (directives.includes('replace')) return changes.map(item => (isRecord(item) ? mergeItems({}, item) : item))
  const odd = directives.find(directive => directive !== undefined && directive !== 'delete')
  if (odd !== undefined)
    throw badPatch(`$patch in a list is ${JSON.stringify(odd)}, which is neither delete nor replace`)

  const gone = patch.filter((_, i) => directives[i] === 'delete').map(item => identity(item, mergeKey))
  const merged = original.filter(item => !gone.some(id => isSame(id, identity(item, mergeKey))))
  for (const change of changes) {
    const at = find(merged, identity(change, mergeKey), mergeKey)
    if (at < 0) merged.push(isRecord(change) ? mergeItems({}, change) : change)
    else if (isRecord(change)) merged[at] = mergeItems(merged[at] as Json, change)
  }
  return arrange(merged, changes, original, mergeKey)
}

/** `$setElementOrder`: `order` names items by their keys; whatever `inPatch` holds must be among them. */
export function orderAs(
  list: readonly unknown[],
  order: readonly unknown[],
  original: readonly unknown[],
  mergeKey: string | undefined,
  inPatch: unknown,
): readonly unknown[] {
  const patched = Array.isArray(inPatch) ? inPatch.filter(item => !isRecord(item) || item.$patch === undefined) : []
  for (const item of patched) {
    if (find(order, identity(item, mergeKey), mergeKey) < 0) {
      throw badPatch(`its $setElementOrder leaves out ${JSON.stringify(identity(item, mergeKey))}, which it sets`)
    }
  }
  return arrange(list, order, original, mergeKey)
}

/** Puts those of `list` that `order` names in its order, the others between them where `original` had them. */
function arrange(
  list: readonly unknown[],
  order: readonly unknown[],
  original: readonly unknown[],
  mergeKey: string | undefined,
): readonly unknown[] {
  const placeIn = (places: readonly unknown[]) => (item: unknown) => find(places, identity(item, mergeKey), mergeKey)
  const [wanted, before] = [placeIn(order), placeIn(original)]
  const named = list.filter(item => wanted(item) >= 0).sort((a, b) => wanted(a) - wanted(b))
  const others = list.filter(item => wanted(item) < 0)
  const arranged: unknown[] = []
  for (const item of named) {
    // An item goes before the next named one only where the server had both, and so.
    while (others.length > 0 && before(item) >= 0 && before(others[0]) >= 0 && before(others[0]) < before(item)) {
      arranged.push(others.shift())
    }
    arranged.push(item)
  }
  return [...arranged, ...others]
}
