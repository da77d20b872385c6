/**
 * A namespace that is being deleted is emptied of every kind that lives in namespaces, custom ones too, and then let go
 * (pkg/controller/namespace/deletion).
 */
import type { Namespace } from '../../../kube/core.ts'
import { apiVersionOf, STORED_KINDS } from '../../../kube/kinds.ts'
import type { KubeObject } from '../../../kube/object.ts'
import { isApiError } from '../../../kube/status.ts'
import type { CustomResourceDefinition } from '../../../kube/workloads.ts'
import { type Action, remove, wake } from '../../runtime/action.ts'
import type { ControllerContext } from '../../runtime/context.ts'
import { customKindsOf, type Served } from '../../runtime/custom-kinds.ts'
import type { Controller } from '../../runtime/run-controller.ts'

const KUBERNETES = 'kubernetes'
/** What is left is on its way out: its own finalizers and grace periods decide when. */
const LOOK_AGAIN_MS = 100

/** `content`: everything in the namespace. */
function reconcileNamespace(namespace: Namespace, content: readonly KubeObject[]): readonly Action[] {
  if (!namespace.metadata.deletionTimestamp) return []
  if (content.length > 0) {
    return [
      ...content.filter(({ metadata }) => !metadata.deletionTimestamp).map(object => remove(object)),
      wake(LOOK_AGAIN_MS),
    ]
  }
  const finalizers = namespace.spec?.finalizers ?? []
  if (!finalizers.includes(KUBERNETES)) return []
  const spec = { ...namespace.spec, finalizers: finalizers.filter(name => name !== KUBERNETES) }
  const object: Namespace = { ...namespace, spec }
  return [{ kind: 'finalize-namespace', object }]
}

const BUILT_IN: readonly Served[] = STORED_KINDS.filter(({ namespaced }) => namespaced).map(info => ({
  apiVersion: apiVersionOf(info),
  kind: info.kind,
}))

export function namespaceController(context: ControllerContext): Controller {
  const { api, informers, newQueue, log } = context
  const { perform } = context.performerFor('namespace-controller')
  const namespaces = informers.of<Namespace>('v1', 'Namespace')
  const definitions = informers.of<CustomResourceDefinition>('apiextensions.k8s.io/v1', 'CustomResourceDefinition')
  const queue = newQueue()

  for (const event of ['add', 'update'] as const) {
    namespaces.on(event, ({ metadata }: Namespace) => metadata.deletionTimestamp && queue.add(metadata.name!))
  }

  async function contentOf(namespace: string): Promise<readonly KubeObject[]> {
    const custom = definitions.list().filter(({ spec }) => spec.scope === 'Namespaced')
    const kinds = [...BUILT_IN, ...custom.flatMap(customKindsOf)]
    const lists = kinds.map(async kind => {
      try {
        const { items } = await api.list({ ...kind, namespace })
        return items.map(item => ({ ...item, ...kind }))
      } catch (error) {
        // A kind that this server does not have holds nothing.
        if (isApiError(error, 'NotFound')) return []
        throw error
      }
    })
    return (await Promise.all(lists)).flat()
  }

  async function reconcile(name: string): Promise<number | undefined> {
    const namespace = namespaces.get(undefined, name)
    if (!namespace?.metadata.deletionTimestamp) return undefined
    return perform(reconcileNamespace(namespace, await contentOf(name)))
  }

  return {
    name: 'namespace',
    queue,
    ready: () => Promise.all([namespaces.synced, definitions.synced]),
    reconcile,
    log,
  }
}
