/** Who owns which field (`metadata.managedFields`): recorded on every write, decided by in server-side apply. */
import type { UnknownObject } from '../../kube/object.ts'
import { sameJson } from './json.ts'
import type { Resource } from './resource.ts'

export interface OwnershipRequest {
  readonly manager: string
  readonly subresource?: string
  readonly time: string
}

export function trackUpdate(
  _resource: Resource,
  _old: UnknownObject | undefined,
  next: UnknownObject,
  _request: OwnershipRequest,
): UnknownObject {
  return next
}

export function trackApply(
  _resource: Resource,
  _current: UnknownObject,
  applied: UnknownObject,
  _request: OwnershipRequest & { readonly force: boolean; readonly isNew?: boolean },
): UnknownObject {
  return applied
}

export function sameOwnership(a: UnknownObject, b: UnknownObject): boolean {
  return sameJson(a.metadata.managedFields, b.metadata.managedFields)
}
