/**
 * What stands under an object in its URL. Most change the object itself in a way that a plain update may not (its status, the node of a
 * pod); some answer with an object of another kind (Scale, a token). A table by name; `status` of any kind is one row.
 */
import { formatTime } from '../../base/clock.ts'
import { builtInSchema } from '../../kube/built-in-schema.ts'
import type { Namespace, Pod } from '../../kube/core.ts'
import type { Condition, LabelSelector, UnknownObject } from '../../kube/object.ts'
import { formatLabelSelector, requirementsOf } from '../../kube/selector.ts'
import type { Shape } from './decode.ts'
import { deleteObject } from './delete.ts'
import { getObject, type Target } from './read.ts'
import { badRequest, conflict } from './refusals.ts'
import type { Resource, ScalePaths } from './resource.ts'
import { type Produce, updateObject, type WriteContext, type WriteRequest } from './write.ts'

export interface Subresource {
  /** The kind of body it takes, where that is not the object's own. */
  readonly kind?: readonly [apiVersion: string, kind: string]
  get?(context: WriteContext, target: Target): UnknownObject
  create?(context: WriteContext, target: Target, body: UnknownObject, request: WriteRequest): Promise<UnknownObject>
  update?(context: WriteContext, target: Target, produce: Produce, request: WriteRequest): Promise<UnknownObject>
}

export const shapeOf = (resource: Resource, { kind }: Subresource): Shape =>
  kind
    ? { isCustom: false, schema: () => builtInSchema(...kind), apiVersion: kind[0], info: { kind: kind[1] } }
    : resource

export const SUCCESS: UnknownObject = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 }

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

interface Binding extends UnknownObject {
  readonly target?: { readonly kind?: string; readonly name?: string }
}

const binding: Subresource = {
  kind: ['v1', 'Binding'],
  create: async (context, target, body, request) => {
    const node = (body as Binding).target
    if (!node?.name) throw badRequest('target.name: Required value')
    if (node.kind && node.kind !== 'Node') throw badRequest('target.kind: must be Node')
    const name = node.name
    const time = formatTime(context.clock.now())
    await updateObject(context, target, old => bound(old as unknown as Pod, name, body, time), {
      ...request,
      subresource: 'binding',
      isServerOwn: true,
    })
    return SUCCESS
  },
}

const PODS_BINDING = { group: '', plural: 'pods/binding', kind: 'Binding' }

function bound(pod: Pod, nodeName: string, body: UnknownObject, time: string): UnknownObject {
  const { metadata, spec } = pod
  const name = metadata.name ?? ''
  if (metadata.deletionTimestamp) {
    throw conflict(PODS_BINDING, name, `pod ${name} is being deleted, cannot be assigned to a host`)
  }
  if (spec.nodeName) throw conflict(PODS_BINDING, name, `pod ${name} is already assigned to node "${spec.nodeName}"`)
  if (body.metadata.uid && body.metadata.uid !== metadata.uid) {
    throw conflict(
      PODS_BINDING,
      name,
      `Precondition failed: UID in precondition: ${body.metadata.uid}, UID in object meta: ${metadata.uid}`,
    )
  }
  const scheduled: Condition = { type: 'PodScheduled', status: 'True', lastProbeTime: null, lastTransitionTime: time }
  const others = (pod.status?.conditions ?? []).filter(condition => condition.type !== 'PodScheduled')
  return {
    ...pod,
    metadata: {
      ...metadata,
      ...(body.metadata.annotations && { annotations: { ...metadata.annotations, ...body.metadata.annotations } }),
    },
    spec: { ...spec, nodeName },
    status: { ...pod.status, conditions: [...others, scheduled] },
  } as unknown as UnknownObject
}

/** No disruption budgets yet: an eviction is a graceful delete. */
const eviction: Subresource = {
  kind: ['policy/v1', 'Eviction'],
  create: async (context, target, body, { dryRun = false }) => {
    const options = (body as { deleteOptions?: object }).deleteOptions ?? {}
    await deleteObject(context, target, { ...options, ...(dryRun && { dryRun }) })
    return SUCCESS
  },
}

/** Only `spec.finalizers` counts; the last one that goes lets the namespace go. */
const finalize: Subresource = {
  update: (context, target, produce, request) =>
    updateObject(
      context,
      target,
      old => {
        const { spec } = produce(old) as unknown as Namespace
        return { ...old, spec: { ...(old.spec as object), finalizers: spec?.finalizers ?? [] } }
      },
      { ...request, subresource: 'finalize', isServerOwn: true },
    ),
}

/** Of a certificate request: who decides changes its conditions and nothing else. */
const approval: Subresource = {
  get: ({ store }, target) => getObject(store, target),
  update: (context, target, produce, request) =>
    updateObject(
      context,
      target,
      old => {
        const { status: decided } = produce(old) as { readonly status?: { readonly conditions?: unknown } }
        return { ...old, status: { ...(old.status as object), conditions: decided?.conditions ?? [] } }
      },
      { ...request, subresource: 'approval', isServerOwn: true },
    ),
}

export const SUBRESOURCES: Readonly<Record<string, Subresource>> = {
  status,
  scale,
  binding,
  eviction,
  finalize,
  approval,
}
