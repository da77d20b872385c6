/**
 * Server-side apply: a manager says which fields it wants how, and owns those until it no longer says so (structured-merge-diff's
 * merge/update.go under apimachinery's managedfields). Pure: live object and applied one in, new object or conflicts out. Needs only the
 * kind's schema: which lists merge by which keys, what is atomic.
 */
import { formatTime, type Instant } from '../../base/clock.ts'
import { isSame } from '../equal.ts'
import type { UnknownObject } from '../object.ts'
import type { StructuralSchema } from '../schema.ts'
import { apiError } from '../status.ts'
import { type Comparison, compare } from './compare.ts'
import type { Conflict } from './conflict.ts'
import { difference, type FieldSet, intersection, pathsOf, union } from './field-set.ts'
import { fieldsOf } from './fields-of.ts'
import { isSameManager, type Manager, manageable, readManagers, UNMANAGED, withManagers } from './managed-fields.ts'
import { merge } from './merge.ts'
import { prune } from './prune.ts'

export interface ApplyInput {
  /** Absent where the apply creates. */
  readonly live: UnknownObject | undefined
  readonly applied: UnknownObject
  readonly manager: string
  /** Takes fields from other managers instead of conflicting with them. */
  readonly force?: boolean
  readonly schema?: StructuralSchema
  readonly now: Instant
  readonly subresource?: string
}

export type ApplyOutcome =
  | { readonly kind: 'applied'; readonly object: UnknownObject }
  | { readonly kind: 'conflicts'; readonly conflicts: readonly Conflict[] }

/** Where nothing changes the very `live` comes back. Throws ApiError BadRequest for an object that nobody may apply. */
export function serverSideApply(input: ApplyInput): ApplyOutcome {
  const { live, applied, schema } = input
  if (applied.metadata.managedFields?.length) throw apiError('BadRequest', 'metadata.managedFields must be nil')
  const before = live ?? emptyLike(applied)
  const managers = managersOf(live, schema)
  const claim = claimOf(input)
  const last = managers.find(each => isSameManager(each, claim))
  const others = managers.filter(each => each !== last)

  const kept = [...others, claim].reduce<FieldSet | undefined>((all, each) => union(all, each.fields), UNMANAGED)
  const merged = merge(before, applied, schema)
  const after = (last?.fields ? prune(merged, last.fields, kept, schema) : merged) as UnknownObject
  const comparison = compare(before, after, schema)

  const changed = manageable(union(comparison.added, comparison.modified))
  const conflicts = others.flatMap(owner => conflictsWith(owner, changed))
  if (conflicts.length > 0 && !input.force) return { kind: 'conflicts', conflicts }

  const isSameClaim = isSame(last?.fields, claim.fields)
  if (live !== undefined && after === live && isSameClaim) return { kind: 'applied', object: live }
  // Who changes nothing has no new time, and a new manager none at all.
  const own = live !== undefined && after === live ? { ...claim, time: last?.time } : claim
  return { kind: 'applied', object: withManagers(after, [...disowned(others, comparison), own]) }
}

/** An object that nobody manages was written by somebody: its fields are not for the first applier to take unasked. */
function managersOf(live: UnknownObject | undefined, schema: StructuralSchema | undefined): readonly Manager[] {
  const managers = readManagers(live)
  if (live === undefined || managers.length > 0) return managers
  const fields = manageable(compare(emptyLike(live), live, schema).added)
  const { apiVersion } = live
  return [{ manager: 'before-first-apply', operation: 'Update', apiVersion, subresource: '', time: undefined, fields }]
}

/** What the one who applies claims now. */
const claimOf = ({ applied, manager, schema, now, subresource = '' }: ApplyInput): Manager => ({
  manager,
  operation: 'Apply',
  apiVersion: applied.apiVersion,
  subresource,
  time: formatTime(now),
  fields: manageable(fieldsOf(applied, schema)),
})

const conflictsWith = (owner: Manager, changed: FieldSet | undefined): readonly Conflict[] =>
  pathsOf(intersection(owner.fields, changed)).map(path => ({ owner, path }))

/** Managers lose what another has changed or removed. */
export const disowned = (
  managers: readonly Manager[],
  { added, modified, removed }: Comparison,
): readonly Manager[] => {
  const lost = union(union(added, modified), removed)
  return managers.map(each => ({ ...each, fields: difference(each.fields, lost) }))
}

export const emptyLike = ({ apiVersion, kind }: UnknownObject): UnknownObject => ({ apiVersion, kind, metadata: {} })
