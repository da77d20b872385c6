/** JSON Merge Patch (RFC 7386): an object merges field by field, `null` removes, anything else replaces. The document is never changed. */
import { isRecord, ownValue } from '../equal.ts'

export function applyMergePatch(document: unknown, patch: unknown): unknown {
  if (!isRecord(patch)) return patch
  const base = isRecord(document) ? document : {}
  const merged = new Map(Object.entries(base))
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) merged.delete(key)
    else merged.set(key, applyMergePatch(ownValue(base, key), value))
  }
  return Object.fromEntries(merged)
}
