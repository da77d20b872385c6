/** What is told of a request: the `request` of expressions and of AdmissionReviews. */
import { randomUUID } from 'node:crypto'
import type { AdmissionRequest } from '../admission/stage.ts'

export function attributesOf(request: AdmissionRequest, dryRun: boolean): Readonly<Record<string, unknown>> {
  const { resource, namespace, name, subresource, user, operation } = request
  const { group, version, kind, plural } = resource.info
  const ownKind = { group, version, kind }
  const ownResource = { group, version, resource: plural }
  return {
    uid: randomUUID(),
    kind: ownKind,
    resource: ownResource,
    ...(subresource !== undefined && { subResource: subresource }),
    requestKind: ownKind,
    requestResource: ownResource,
    ...(subresource !== undefined && { requestSubResource: subresource }),
    name,
    ...(namespace !== undefined && { namespace }),
    operation,
    userInfo: {
      username: user.name,
      ...(user.uid && { uid: user.uid }),
      groups: user.groups,
      ...(user.extra && { extra: user.extra }),
    },
    dryRun,
    options: { kind: OPTIONS[operation], apiVersion: 'meta.k8s.io/v1' },
  }
}

const OPTIONS = { CREATE: 'CreateOptions', UPDATE: 'UpdateOptions', DELETE: 'DeleteOptions' } as const
