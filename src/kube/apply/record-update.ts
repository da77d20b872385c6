/** Who managed what after a write that is no apply (create, update, the other patches): the writer owns what it changed. */
import { formatTime, type Instant } from '../../base/clock.ts'
import { isRecord, isSame } from '../equal.ts'
import type { UnknownObject } from '../object.ts'
import type { StructuralSchema } from '../schema.ts'
import { compare } from './compare.ts'
import { difference, union } from './field-set.ts'
import { isSameManager, type Manager, manageable, readManagers, withManagers } from './managed-fields.ts'
import { disowned, emptyLike } from './server-side-apply.ts'

export interface UpdateInput {
  /** Absent where the write creates. */
  readonly before: UnknownObject | undefined
  readonly after: UnknownObject
  readonly manager: string
  readonly schema?: StructuralSchema
  readonly now: Instant
  readonly subresource?: string
}

/** `after` with its managedFields; the very `before` where the write changes nothing (whatever its resourceVersion says). */
export function recordUpdate({ before, after, manager, schema, now, subresource = '' }: UpdateInput): UnknownObject {
  const comparison = compare(before ?? emptyLike(after), after, schema)
  const changed = manageable(union(comparison.added, comparison.modified))
  const removed = manageable(comparison.removed)
  const managers = managersAfter(before, after)
  if (changed === undefined && removed === undefined && managers === undefined && before) {
    const same = withManagersOf(after, before)
    return isSame(same, before) ? before : same
  }
  const known = managers ?? readManagers(before)
  const writer: Manager = {
    manager,
    operation: 'Update',
    apiVersion: after.apiVersion,
    subresource,
    time: formatTime(now),
    fields: undefined,
  }
  const last = known.find(each => isSameManager(each, writer))
  const others = known.filter(each => each !== last)
  const own = { ...writer, fields: union(difference(last?.fields, removed), changed) }
  // Who changes nothing of its own keeps its time.
  const isUntouched = last !== undefined && isSame(last.fields, own.fields) && changed === undefined
  return withManagers(after, [...disowned(others, comparison), isUntouched ? last : own])
}

/** Managers that the write itself sets: a client may take itself off, or reset all by a list with one empty entry. */
function managersAfter(before: UnknownObject | undefined, after: UnknownObject): readonly Manager[] | undefined {
  const entries = after.metadata.managedFields
  if (entries === undefined || entries.length === 0) return undefined
  if (entries.length === 1 && isRecord(entries[0]) && Object.keys(entries[0]).length === 0) return []
  return isSame(entries, before?.metadata.managedFields) ? undefined : readManagers(after)
}

/** `after` under the managers and the version of `before`. */
function withManagersOf(after: UnknownObject, before: UnknownObject): UnknownObject {
  const { managedFields, resourceVersion } = before.metadata
  return { ...after, metadata: { ...after.metadata, managedFields, resourceVersion } }
}
