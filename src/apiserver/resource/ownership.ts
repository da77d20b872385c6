/** Who owns which field (`metadata.managedFields`): recorded on every write, decided by in server-side apply. */

import { applyConflict } from '../../kube/apply/conflict.ts'
import { recordUpdate } from '../../kube/apply/record-update.ts'
import { serverSideApply } from '../../kube/apply/server-side-apply.ts'
import type { UnknownObject } from '../../kube/object.ts'
import type { Resource } from './resource.ts'

export interface OwnershipRequest {
  readonly manager: string
  readonly subresource?: string
  readonly now: number
}

/** `next` with its owners; the very `old` where the write changes nothing. */
export const recordWrite = (
  resource: Resource,
  old: UnknownObject | undefined,
  next: UnknownObject,
  request: OwnershipRequest,
): UnknownObject => recordUpdate({ before: old, after: next, ...ownershipOf(resource, request) })

/** What `applied` makes of the present object, or the conflicts with other managers as a 409. */
export function recordApply(
  resource: Resource,
  current: UnknownObject | undefined,
  applied: UnknownObject,
  request: OwnershipRequest & { readonly force: boolean },
): UnknownObject {
  const ownership = ownershipOf(resource, request)
  const outcome = serverSideApply({ live: current, applied, force: request.force, ...ownership })
  if (outcome.kind === 'conflicts') throw applyConflict(outcome.conflicts)
  return outcome.object
}

function ownershipOf(resource: Resource, { manager, subresource, now }: OwnershipRequest) {
  const schema = resource.schema()
  return { manager, now, ...(subresource !== undefined && { subresource }), ...(schema && { schema }) }
}
