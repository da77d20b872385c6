/** What a write to an object or to its status may change of it. */
import type { UnknownObject } from '../../kube/object.ts'
import { without } from './json.ts'
import { hasSubresource, type Resource } from './resource.ts'

/** A status write keeps all but the status, any other write keeps the status. */
export function withinSubresource(
  resource: Resource,
  old: UnknownObject,
  next: UnknownObject,
  subresource: string | undefined,
): UnknownObject {
  if (!hasSubresource(resource, 'status')) return next
  if (subresource === 'status') {
    const { status } = next
    return withStatus({ ...old, metadata: statusMetadata(resource, old, next) }, status)
  }
  return withStatus(next, old.status)
}

const withStatus = (object: UnknownObject, status: unknown): UnknownObject =>
  status === undefined ? without(object, ['status']) : { ...object, status }

/** Kubelets set annotations and labels through the status of nodes and pods; a custom resource's status carries no metadata. */
function statusMetadata(resource: Resource, old: UnknownObject, next: UnknownObject): UnknownObject['metadata'] {
  const { labels, annotations, managedFields } = next.metadata
  const metadata = without(old.metadata, ['managedFields'])
  return {
    ...metadata,
    ...(!resource.isCustom && labels && { labels }),
    ...(!resource.isCustom && annotations && { annotations }),
    ...(managedFields && { managedFields }),
  }
}
