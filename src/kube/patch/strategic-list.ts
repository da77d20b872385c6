/**
 * Lists in a strategic merge patch: items are told apart by a merge key, or by their value where they are primitive. The patch's items come
 * in the patch's order; those that only the server has keep their place among them as far as the old order says (strategicpatch's
 * normalizeElementOrder).
 */
import { canonicalJson } from '../canonical-json.ts'
import { isRecord } from '../equal.ts'
import { badPatch } from './bad-patch.ts'

type Json = Readonly<Record<string, unknown>>

/** What tells an item apart: the value of its merge key, or the item itself. */
function identity(item: unknown, mergeKey: string | undefined): unknown {
  if (!isRecord(item)) return item
  if (mergeKey === undefined) throw badPatch('it merges a list of objects that have no merge key')
  if (!Object.hasOwn(item, mergeKey)) throw badPatch(`an item has no ${mergeKey}, by which its list is merged`)
  return item[mergeKey]
}

/** Where each identity first stands: lists have as many items as a client likes, and each is looked up. */
function placesIn(list: readonly unknown[], mergeKey: string | undefined): Map<string, number> {
  const places = new Map<string, number>()
  for (const [at, item] of list.entries()) {
    const id = idText(item, mergeKey)
    if (!places.has(id)) places.set(id, at)
  }
  return places
}

const idText = (item: unknown, mergeKey: string | undefined): string => canonicalJson(identity(item, mergeKey))

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

  const gone = placesIn(
    patch.filter((_, i) => directives[i] === 'delete'),
    mergeKey,
  )
  const merged = gone.size === 0 ? [...original] : original.filter(item => !gone.has(idText(item, mergeKey)))
  const places = changes.length === 0 ? new Map<string, number>() : placesIn(merged, mergeKey)
  for (const change of changes) {
    const id = idText(change, mergeKey)
    const at = places.get(id)
    if (at === undefined) {
      places.set(id, merged.length)
      merged.push(isRecord(change) ? mergeItems({}, change) : change)
    } else if (isRecord(change)) merged[at] = mergeItems(merged[at] as Json, change)
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
  const places = placesIn(order, mergeKey)
  for (const item of patched) {
    if (!places.has(idText(item, mergeKey))) {
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
  const [inOrder, inOriginal] = [placesIn(order, mergeKey), placesIn(original, mergeKey)]
  const placed = list.map(item => {
    const id = idText(item, mergeKey)
    return { item, wanted: inOrder.get(id) ?? -1, before: inOriginal.get(id) ?? -1 }
  })
  const named = placed.filter(({ wanted }) => wanted >= 0).sort((a, b) => a.wanted - b.wanted)
  const others = placed.filter(({ wanted }) => wanted < 0)
  const arranged: unknown[] = []
  let next = 0
  for (const { item, before } of named) {
    // An item goes before the next named one only where the server had both, and so.
    for (; next < others.length; next++) {
      const other = others[next]
      if (!other || before < 0 || other.before < 0 || other.before >= before) break
      arranged.push(other.item)
    }
    arranged.push(item)
  }
  return [...arranged, ...others.slice(next).map(({ item }) => item)]
}
