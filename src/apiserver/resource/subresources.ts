/**
 * What stands under an object in its URL. Most change the object itself in a way that a plain update may not (its status, the node of a
 * pod); some answer with an object of another kind (Scale, a token). A table by name; `status` of any kind is one row.
 */
import type { Namespace } from '../../kube/core.ts'
import type { LabelSelector, UnknownObject } from '../../kube/object.ts'
import { formatLabelSelector, requirementsOf } from '../../kube/selector.ts'
import { invalid, invalidObject } from './field-error.ts'
import { binding, eviction, resize } from './pod-subresources.ts'
import { getObject } from './read.ts'
import { badRequest } from './refusals.ts'
import type { Resource, ScalePaths } from './resource.ts'
import { partNamed, type Subresource } from './subresource.ts'
import { updateObject } from './write.ts'

const status: Subresource = {
  get: ({ store }, target) => getObject(store, target),
  update: (context, target, produce, request) =>
    updateObject(context, target, produce, { ...request, subresource: 'status' }),
}

const scale: Subresource = {
  kind: ['autoscaling/v1', 'Scale'],
  get: ({ store }, target) => toScale(target.resource, getObject(store, target)),
  update: async (context, target, produce, request) => {
    const { resource } = target
    const changed = await updateObject(
      context,
      target,
      old => {
        const wanted = produce(toScale(resource, old))
        const replicas = (wanted.spec as { replicas?: unknown } | undefined)?.replicas ?? 0
        if (typeof replicas !== 'number') throw badRequest('Scale: spec.replicas must be a number')
        // Of a custom resource its own rules say it.
        if (replicas < 0 && !resource.isCustom) throw negative(old.metadata.name ?? '', replicas)
        const { resourceVersion } = wanted.metadata
        const versioned = { ...old, metadata: { ...old.metadata, ...(resourceVersion && { resourceVersion }) } }
        return setAt(versioned, scalePaths(resource).specReplicas, replicas)
      },
      // The manager is recorded under the subresource, but the write is one to the spec.
      request,
    )
    return toScale(resource, changed)
  },
}

const negative = (name: string, replicas: number) =>
  invalidObject({ group: 'autoscaling', kind: 'Scale' }, name, [
    invalid('spec.replicas', replicas, 'must be greater than or equal to 0'),
  ])

const scalePaths = ({ scale: paths }: Resource): ScalePaths => paths ?? { specReplicas: [], statusReplicas: [] }

const getAt = (value: unknown, path: readonly string[]): unknown =>
  path.reduce<unknown>((node, step) => (node as Record<string, unknown> | undefined)?.[step], value)

function setAt<T>(value: T, [step, ...rest]: readonly string[], leaf: unknown): T {
  if (step === undefined) return leaf as T
  const record = (value ?? {}) as Record<string, unknown>
  return { ...record, [step]: setAt(record[step], rest, leaf) } as T
}

function toScale(resource: Resource, object: UnknownObject): UnknownObject {
  const { specReplicas, statusReplicas, selector } = scalePaths(resource)
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata
  const found = selector && getAt(object, selector)
  const text =
    typeof found === 'string' ? found : formatLabelSelector(requirementsOf(found as LabelSelector | undefined) ?? [])
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    spec: { replicas: getAt(object, specReplicas) ?? 0 },
    status: { replicas: getAt(object, statusReplicas) ?? 0, ...(text && { selector: text }) },
  }
}

/** Only `spec.finalizers` counts; the last one that goes lets the namespace go. */
const finalize: Subresource = {
  update: partNamed('finalize', (old, wanted) => {
    const { spec } = wanted as unknown as Namespace
    return { ...old, spec: { ...(old.spec as object), finalizers: spec?.finalizers ?? [] } }
  }),
}

/** Of a certificate request: who decides changes its conditions and nothing else. */
const approval: Subresource = {
  get: ({ store }, target) => getObject(store, target),
  update: partNamed('approval', (old, wanted) => {
    const { status: decided } = wanted as { readonly status?: { readonly conditions?: unknown } }
    return { ...old, status: { ...(old.status as object), conditions: decided?.conditions ?? [] } }
  }),
}

export const SUBRESOURCES: Readonly<Record<string, Subresource>> = {
  status,
  scale,
  binding,
  eviction,
  resize,
  finalize,
  approval,
}
