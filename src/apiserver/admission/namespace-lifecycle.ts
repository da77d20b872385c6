/** Nothing is created in a namespace that is not there or on its way out, and some namespaces stay (plugin/namespace/lifecycle). */
import type { Namespace } from '../../kube/core.ts'
import { apiError } from '../../kube/status.ts'
import { notFound, qualifiedResource } from '../resource/refusals.ts'
import type { Store } from '../store/store.ts'
import { type AdmissionRequest, isOf, refused, type Stage } from './stage.ts'

const IMMORTAL = ['default', 'kube-system', 'kube-public']

export const NAMESPACE_LIFECYCLE: Stage = {
  name: 'NamespaceLifecycle',
  mutate(object, request, { store }) {
    if (request.namespace !== undefined) checkNamespace(store, request, request.namespace)
    return object
  },
  check(request) {
    const isEnd = request.operation === 'DELETE' && isOf(request, 'namespaces')
    if (isEnd && IMMORTAL.includes(request.name)) throw refused(request, 'this namespace may not be deleted')
  },
}

function checkNamespace(store: Store, { resource, name }: AdmissionRequest, namespace: string): void {
  const found = store.get({ resource: 'namespaces', namespace: '', name: namespace }) as Namespace | undefined
  if (!found) throw notFound({ group: '', plural: 'namespaces', kind: 'Namespace' }, namespace)
  if (found.metadata.deletionTimestamp === undefined && found.status?.phase !== 'Terminating') return
  const { group, plural } = resource.info
  throw apiError(
    'Forbidden',
    `${qualifiedResource(resource.info)} "${name}" is forbidden: unable to create new content in namespace ${namespace} because it is being terminated`,
    {
      name,
      ...(group && { group }),
      kind: plural,
      causes: [
        {
          reason: 'NamespaceTerminating',
          message: `namespace ${namespace} is being terminated`,
          field: 'metadata.namespace',
        },
      ],
    },
  )
}
